"""What a health check is, and what it may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal

from django_k8s import conf
from django_k8s.environment.masking import mask

# Sent with ``result`` after each run of a check.
checked = Signal()

# A check is called with the seconds that it has, in a thread of its own. It returns when the
# dependency is well, whatever it returns, and raises when it is not.
Check = Callable[[float], object]


class Unhealthy(Exception):
    """Raise this in a health check to say what is wrong. Its text is shown to holders of the token."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check: ``message`` is for the report, ``detail`` for the log."""

    name: str
    ok: bool
    message: str
    detail: str
    seconds: float
    required: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all of them."""

    results: tuple[Result, ...]

    @property
    def ready(self) -> bool:
        """Every check that is required passed."""
        return all(result.ok for result in self.results if result.required)

    @property
    def status(self) -> str:
        """ok, degraded (only what is not required fails) or failed."""
        if not self.ready:
            return "failed"
        return "ok" if all(result.ok for result in self.results) else "degraded"

    def as_dict(self) -> dict[str, Any]:
        """The report in plain values, for JSON."""
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
    """What people with the token may read about ``error``: a check's own words, else only its kind."""
    return str(error) if isinstance(error, Unhealthy) else type(error).__name__


def log_text(error: BaseException) -> str:
    """``error`` on one line for the log, without any secret that the configuration holds."""
    # The whole text first: of a secret that is cut, a part would be left.
    text = " ".join(mask(str(error)).split())[:500]
    kind = "" if isinstance(error, Unhealthy) else f"{type(error).__name__}: "
    return f"{kind}{text}".strip(": ")
