"""What a check finds, and the kinds of findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
ORDER: tuple[Severity, ...] = ("error", "warning", "note")
# The titles of the pages that explain findings. Most users have only the wheel, not the files of the documentation.
PAGE = "django-k8s check"
SYSTEM_CHECKS_PAGE = "System checks"


@dataclass(frozen=True)
class Kind:
    """One kind of finding. ``what`` may contain ``{detail}``; ``why`` and ``fix`` are fixed texts."""

    id: str
    severity: Severity
    what: str
    why: str
    fix: str


@dataclass(frozen=True)
class Finding:
    """One finding. ``where`` is ``file:line``, a file, or empty."""

    id: str
    severity: Severity
    where: str
    what: str
    why: str
    fix: str

    @property
    def page(self) -> str:
        """The title of the page that explains it. It is empty for checks of Django and other packages."""
        if self.id.startswith("django_k8s."):
            return SYSTEM_CHECKS_PAGE
        return PAGE if "." not in self.id else ""


def found(kind: Kind, where: str = "", detail: str = "", *, severity: Severity | None = None) -> Finding:
    """Return a finding of this kind, with the kind's severity unless another is given."""
    what = kind.what.replace("{detail}", detail)
    return Finding(kind.id, severity or kind.severity, where, what, kind.why, kind.fix)
