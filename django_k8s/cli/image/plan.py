"""How the image build installs a project: made from its lock file, and carried out by later steps."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from django_k8s.environment.exit_codes import EX_CONFIG

PLAN = "plan.json"


class Refusal(Exception):
    """The image cannot be built. The message says in one sentence what is wrong and what to do."""

    def __init__(self, sentence: str, status: int = EX_CONFIG) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass
class Plan:
    """How to install the packages of a lock file. All paths are relative to the build context."""

    kind: str  # uv, poetry, pylock, pipfile, pyproject or requirements
    lock: str
    groups: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    member: str = ""  # the project's name in a workspace
    own: str | None = None  # the directory of the project, if it is a package
    own_may_fail: bool = False  # it is not certain that it is meant to be installed
    own_requires: str = ""  # the pyproject.toml with its dependencies, if the lock file does not have them
    hashes: bool = False  # each requirement must have a hash

    def write(self, folder: Path) -> None:
        """Write the plan into a directory."""
        (folder / PLAN).write_text(json.dumps(dataclasses.asdict(self), indent=1))

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """Read the plan from a directory."""
        return cls(**json.loads((folder / PLAN).read_text()))
