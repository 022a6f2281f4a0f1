"""One thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
# (pod, container, previous) -> the last lines of a log.
Logs = Callable[[str, str, bool], str]

# What is reported first if several things are wrong: what is likely to be the cause of the others.
RANKS = (
    "image",  # cannot be pulled, or is not on the node
    "refused",  # the cluster refuses to create the pod
    "configuration",
    "volume",
    "scheduling",
    "memory",
    "migration",
    "job",
    "crash",
    "page",
    "start",  # not ready, for no reason that is known
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and after how many seconds it is final.

    ``details`` are lines of a log. ``seconds`` is 0 if waiting cannot help.
    """

    kind: str
    component: str
    text: str
    details: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def rank(self) -> int:
        """The place among other findings; the lowest one is reported."""
        return RANKS.index(self.kind)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding when it is seen again."""
        return (self.kind, self.component)


def component_of(found: Object) -> str:
    """Return the component that an object belongs to."""
    labels = found["metadata"].get("labels") or {}
    return str(labels.get("app.kubernetes.io/component") or found["metadata"]["name"])
