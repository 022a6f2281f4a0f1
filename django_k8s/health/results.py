"""Health checks and their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal

from django_k8s import conf
from django_k8s.environment.masking import mask

# Sent with ``result`` after each run of a check.
checked = Signal()

# A check is called in a separate thread, with the number of seconds that it has. It returns anything if the
# dependency works, and raises an error if not.
Check = Callable[[float], object]


class Unhealthy(Exception):
    """Raise this in a health check to say what is wrong. Its text is shown to holders of the token."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one check: ``message`` is for the report, ``detail`` for the log."""

    name: str
    ok: bool
    message: str
    detail: str
    seconds: float
    required: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """The results of all checks."""

    results: tuple[Result, ...]

    @property
    def ready(self) -> bool:
        """Return whether every required check passed."""
        return all(result.ok for result in self.results if result.required)

    @property
    def status(self) -> str:
        """Return ok, degraded (only checks that are not required fail) or failed."""
        if not self.ready:
            return "failed"
        return "ok" if all(result.ok for result in self.results) else "degraded"

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        checks = {
            result.name: {
                "ok": result.ok,
                "required": result.required,
                "message": result.message,
                "seconds": round(result.seconds, 4),
            }
            for result in self.results
        }
        return {"status": self.status, "release": conf.current().release, "checks": checks}


def public_text(error: BaseException) -> str:
    """Return what people with the token may read about ``error``: the message of a check, else only its kind."""
    return str(error) if isinstance(error, Unhealthy) else type(error).__name__


def log_text(error: BaseException) -> str:
    """Return ``error`` on one line for the log, without the secrets of the configuration."""
    # Mask the whole text before it is cut: otherwise a part of a secret could remain.
    text = " ".join(mask(str(error)).split())[:500]
    kind = "" if isinstance(error, Unhealthy) else f"{type(error).__name__}: "
    return f"{kind}{text}".strip(": ")
