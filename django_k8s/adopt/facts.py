"""What is known about a project: each fact with its value, its source and its confidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

# loaded: from the project's loaded settings. read: a file says it explicitly. likely: a rule concludes it.
# assumed: nothing says otherwise. answered: an option or a person said so.
Confidence = Literal["loaded", "read", "likely", "assumed", "answered"]

# The facts that every detection has, in the order in which they are shown, and their titles.
NAMES = {
    "git_root": "git root",
    "project_dir": "project directory",
    "settings_module": "settings module",
    "settings_shape": "shape of the settings",
    "interface": "interface",
    "application": "application",
    "django_version": "Django",
    "python_version": "Python",
    "lock": "lock",
    "lock_kind": "kind of lock",
    "lock_more": "installed beside the lock",
    "groups": "groups",
    "extras": "extras",
    "database_engine": "database",
    "redis_needed": "Redis is needed for",
    "celery_application": "Celery application",
    "broker": "Celery's broker",
    "queues": "queues",
    "beat_scheduler": "beat",
    "daemons": "daemons",
    "static_files": "static files",
    "media": "uploads",
    "front_end": "front end",
    "node_version": "Node",
    "frontend_before": "before the front end",
    "packages": "Debian packages",
    "build_packages": "Debian packages for the build",
    "required_variables": "required variables",
    "debug_variable": "debug mode is off by",
    "engine_variable": "PostgreSQL is chosen by",
    "superuser_fields": "first administrator",
    "readiness_page": "readiness page",
    "translations": "translations to compile",
    "after_static": "after collectstatic",
    "after_migrate": "after the migrations",
    "allow_files": "allowed in the image",
    "left_out": "left out of the image",
}


@dataclass(frozen=True)
class Choice:
    """One of several values between which the rules cannot decide."""

    value: Any
    source: str


@dataclass(frozen=True)
class Fact:
    """One fact. ``value`` has a type that JSON has: a string, a number, a boolean, a list, a dict or None.

    ``source`` is a file and line, relative to the git root, or the reason for the value. If the rules disagree, ``choices``
    has their values, the best first, and the person who runs ``init`` is asked.
    """

    name: str
    value: Any
    source: str = ""
    confidence: Confidence = "read"
    choices: tuple[Choice, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether the rules disagree about it."""
        return len(self.choices) > 1


@dataclass(frozen=True)
class Variable:
    """An environment variable that the project's settings read."""

    name: str
    source: str
    default: bool  # whether the settings have a value without it
    secret: bool = False
    branch: bool = False  # whether that is in a branch of the code, which may not run
    dummy: str = ""  # a value with which the settings load


@dataclass(frozen=True)
class Facts(Mapping[str, Fact]):
    """All facts about a project, by name.

    ``variables`` are those that its settings read; ``settings`` the names that they define, with the place of the
    last assignment. ``loaded`` says whether the project's interpreter has loaded the settings, and ``notes``
    are for the person who adopts the project.
    """

    facts: tuple[Fact, ...]
    variables: tuple[Variable, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    none: tuple[str, ...] = ()  # settings that are None
    hidden: tuple[str, ...] = ()  # settings that `import *` does not import, because of __all__
    fields: Mapping[str, str] = field(default_factory=dict)  # the variables of fields of settings classes
    public: tuple[str, ...] = ()  # other public names of the settings module
    loaded: bool = False
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Fact:
        for fact in self.facts:
            if fact.name == name:
                return fact
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (fact.name for fact in self.facts)

    def __len__(self) -> int:
        return len(self.facts)

    def value(self, name: str) -> Any:
        """Return the value of a fact, or None if there is no such fact."""
        return self[name].value if name in self else None

    def text(self, name: str) -> str:
        """Return the value of a fact as a string, or an empty string for None."""
        value = self.value(name)
        return "" if value is None else str(value)

    def list(self, name: str) -> list[Any]:
        """Return the value of a fact that is a list, or an empty list for None."""
        return list(self.value(name) or [])

    def without(self, name: str) -> Facts:
        """Return the same facts with one of them emptied, unless the user gave its value."""
        return replace(
            self,
            facts=tuple(
                replace(fact, value=None) if fact.name == name and fact.confidence != "answered" else fact
                for fact in self.facts
            ),
        )

    @property
    def questions(self) -> tuple[Fact, ...]:
        """The facts about which the rules disagree."""
        return tuple(fact for fact in self.facts if fact.asked)


def chosen(name: str, choices: Iterable[Choice], *, none: Any = None) -> Fact:
    """Return the fact that follows from ``choices``, the best first. If they disagree, it is a question."""
    found: list[Choice] = []
    for choice in choices:
        if all(choice.value != other.value for other in found):
            found.append(choice)
    if not found:
        return Fact(name, none, "nothing names it", "assumed")
    best = found[0]
    if len(found) == 1:
        return Fact(name, best.value, best.source)
    return Fact(name, best.value, best.source, "likely", tuple(found))
