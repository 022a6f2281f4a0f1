"""What the image build has decided about a project: read from its lock file, carried out by the steps that install."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from django_k8s.environment.exit_codes import EX_CONFIG

PLAN = "plan.json"


class Refusal(Exception):
    """One sentence for a person who builds an image: what is wrong, then what to do."""

    def __init__(self, sentence: str, status: int = EX_CONFIG) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass
class Plan:
    """How to install what a lock file names. All paths are relative to the build context."""

    kind: str  # uv, poetry, pylock, pipfile, pyproject or requirements
    lock: str
    groups: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    member: str = ""  # the project's name in a workspace
    own: str | None = None  # the directory of the project if it is a package itself
    own_may_fail: bool = False  # nothing says for sure that it is meant to be installed
    own_requires: str = ""  # the pyproject.toml that names what it needs, if the lock does not
    hashes: bool = False  # each requirement must have one

    def write(self, folder: Path) -> None:
        """Write the plan into a directory."""
        (folder / PLAN).write_text(json.dumps(dataclasses.asdict(self), indent=1))

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """Read the plan of a directory."""
        return cls(**json.loads((folder / PLAN).read_text()))
