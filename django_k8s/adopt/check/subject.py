"""What the rules look at: a project and the files of its deployment, existing or as ``init`` would write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from django_k8s.adopt.check.assigned import Values
from django_k8s.adopt.check.finding import Finding
from django_k8s.adopt.facts import Facts
from django_k8s.adopt.record import Record
from django_k8s.adopt.rules import dependencies, locks
from django_k8s.adopt.rules.defined import defined
from django_k8s.adopt.tree import Tree

_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)


@dataclass(frozen=True)
class Subject:
    """A project. ``deployment`` has the text of each file that ``init`` writes; ``record`` is None before ``init``."""

    tree: Tree
    facts: Facts
    deployment: Mapping[str, str]
    record: Record | None = None

    @property
    def project(self) -> str:
        """The directory of manage.py."""
        return self.facts.text("project_dir")

    @cached_property
    def files(self) -> list[str]:
        """The settings files, starting with the settings module of production."""
        return defined(self.tree, self.project, self.facts.text("settings_module")).files

    @cached_property
    def values(self) -> Values:
        """The settings in production."""
        return Values(self.tree, self.files)

    @cached_property
    def packages(self) -> dict[str, str]:
        """The packages that production installs, with their versions."""
        locked, facts = self.facts.text("lock"), self.facts
        return dependencies.installed(
            self.tree,
            self.project,
            locked,
            facts.list("groups"),
            facts.list("extras"),
            facts.list("lock_more"),
        )

    @property
    def lock_file(self) -> str:
        """The pyproject.toml of the project."""
        return locks.project_file(self.tree, self.project, self.facts.text("lock"))

    @cached_property
    def deployed(self) -> str:
        """The values and the keys of the Secret in production, without comments."""
        kept = ("values.yaml", "values-production.yaml", "secret.env.example")
        return "\n".join(self.uncommented(f"deploy/{name}") for name in kept)

    def uncommented(self, name: str) -> str:
        """Return the text of a deployment file without comments."""
        return _COMMENT.sub("", self.deployment.get(name, ""))

    def set(self, variable: str) -> bool:
        """Return whether the values or the Secret of production name a variable."""
        return bool(re.search(rf"(?<![A-Z0-9_]){re.escape(variable)}(?![A-Z0-9_])", self.deployed))

    def runs(self, word: str) -> bool:
        """Return whether the deployment's values mention a command, as a job, a daemon or something else."""
        texts = self.deployment
        values = "\n".join(self.uncommented(name) for name in texts if "values" in name)
        return bool(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", values))

    @cached_property
    def code(self) -> tuple[str, ...]:
        """The project's Python files, without tests, migrations, settings and hidden directories."""
        return tuple(
            name
            for name in self.tree.code(self.project)
            if name not in self.files
            and not any(part.startswith(".") for part in PurePosixPath(name).parts)
            and not re.search(r"(^|/)(settings|config/settings)/", name)
        )

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Return the lines of a file with their numbers."""
        return enumerate(self.tree.text(name).splitlines(), 1)


Rule = Callable[[Subject], Iterator[Finding]]
