"""The class of findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
# (pod, container, previous) -> the last lines of a log.
Logs = Callable[[str, str, bool], str]

# The order in which findings are reported. The likely cause of the others comes first.
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
    "start",  # not ready, for an unknown reason
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, the component that has it, and after how many seconds it is final.

    ``details`` are lines of a log. ``seconds`` is 0 if waiting cannot help.
    """

    kind: str
    component: str
    text: str
    details: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def rank(self) -> int:
        """The rank among findings. The finding with the lowest rank is reported."""
        return RANKS.index(self.kind)

    @property
    def key(self) -> tuple[str, str]:
        """The key by which the finding is recognized when it is seen again."""
        return (self.kind, self.component)


def component_of(found: Object) -> str:
    """Return the component to which an object belongs."""
    labels = found["metadata"].get("labels") or {}
    return str(labels.get("app.kubernetes.io/component") or found["metadata"]["name"])
