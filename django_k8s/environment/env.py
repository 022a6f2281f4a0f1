"""Read the environment strictly.

A value is looked up in this order: the process environment, the file whose path is in ``NAME_FILE``, the
directories in ``ENV_DIR``, the .env file, the default in :mod:`django_k8s.environment.variables`. An empty value
counts as not set and ends the search.

Start-up variables are an exception. They are needed before Django is loaded, so a value outside of the process
environment would reach only some of a role's programs. They are therefore read from the process environment only.
Whatever starts a role (the entrypoint, ``django-k8s run``, compose) resolves them once, with :meth:`Env.resolve`,
and exports them.

A reader never raises an exception for a bad value. It records the problem and returns the default, so that
``k8s.config(env)`` can report every mistake in one message. No message contains a value, because any value may be
a secret in the wrong place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

from django_k8s.environment import masking, parsing, problems
from django_k8s.environment.sources import PROCESS, Found, Problem, Sources, items
from django_k8s.environment.variables import VARIABLES, Kind, Variable

# The readers of Env have the names of the types that they return, so the types need other names in the class.
_str = str
_bool = bool
_int = int
_float = float
_list = list

T = TypeVar("T")

UNSET = object()  # None can be a default


class Env:
    """Read environment variables as values of the right type.

    ``base_dir`` is the directory of the project, by default the working directory. If ``base_dir/.env`` exists, it is
    read. The variable ENV_FILE sets another path, relative to ``base_dir``. ``environ`` replaces ``os.environ``. If it
    is given without ``base_dir``, no .env file is read.

    Variables in the table take their type, default and bounds from it. A project reads its own variables with the same
    methods, and with ``default`` and ``secret``.
    """

    def __init__(
        self,
        base_dir: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        dotenv = environ is None or base_dir is not None
        self.base_dir = Path(base_dir or "").absolute()
        self._sources = Sources(self.base_dir if dotenv else None, os.environ if environ is None else environ)
        self._variables: dict[str, Variable] = dict(VARIABLES)
        self._embedded: dict[str, None] = {}
        self.of_process = environ is None  # whether this reads the process environment
        if self.of_process:
            problems.follow(self)

    def find(self, name: str) -> Found | None:
        """Return the raw value of ``name`` and its source, or None if it is not set.

        Also return None for a start-up variable that is not set in the process environment.
        """
        found = self._sources.find(name)
        known = self._variables.get(name)
        if found and known and known.scope == "startup" and found.source != PROCESS:
            return None
        return found

    def resolve(self, name: str) -> Found | None:
        """Return the raw value of ``name`` from any source. For programs that start a role."""
        return self._sources.find(name)

    def is_set(self, name: str) -> _bool:
        """Return whether ``name`` has a value other than its default."""
        return self.find(name) is not None

    def mask_secrets(self) -> None:
        """Mask every secret in the table that is set, in everything that is logged from now on."""
        for variable in self._variables.values():
            if found := self.resolve(variable.name):
                self._mask(variable, found.value)

    # Readers

    @overload
    def str(self, name: _str, *, secret: _bool = False) -> _str: ...
    @overload
    def str(self, name: _str, default: T, *, secret: _bool = False) -> _str | T: ...
    def str(self, name: _str, default: object = UNSET, *, secret: _bool = False) -> object:
        """Return the value as a string. The trailing newline of a file is removed."""
        variable = self._variable(name, "str", default, secret=secret)
        found = self.find(name)
        if found is None:
            return self._fallback(variable, default, "")
        if variable.choices and found.value not in variable.choices:
            if not variable.shared:
                self.add_problem(name, f"has an unknown value. Write one of {', '.join(variable.choices)}.")
            return self._fallback(variable, default, "")
        self._mask(variable, found.value)
        if variable.kind in ("url", "backend"):
            return self._parsed(variable, default, "", lambda text: parsing.url(text, variable))
        return found.value

    def url(self, name: _str, default: _str = "", *, secret: _bool = False) -> _str:
        """Return a URL as a string. Record a problem if it is not a URL, or if its host or port is malformed."""
        variable = self._variable(name, "url", default, secret=secret)
        self._variables[name] = variable._replace(kind="url")  # it may have been read as a string before
        return self.str(name, default, secret=secret)

    @overload
    def bool(self, name: _str) -> _bool: ...
    @overload
    def bool(self, name: _str, default: T) -> _bool | T: ...
    def bool(self, name: _str, default: object = UNSET) -> object:
        """Return True or False. Record a problem unless the value is 1/0, true/false, yes/no or on/off."""
        return self._parsed(self._variable(name, "bool", default), default, False, parsing.truth)

    @overload
    def int(self, name: _str) -> _int: ...
    @overload
    def int(self, name: _str, default: T) -> _int | T: ...
    def int(self, name: _str, default: object = UNSET) -> object:
        """Return a whole number within the bounds of the table."""
        return self._number(self._variable(name, "int", default), default, _int)

    @overload
    def float(self, name: _str) -> _float: ...
    @overload
    def float(self, name: _str, default: T) -> _float | T: ...
    def float(self, name: _str, default: object = UNSET) -> object:
        """Return a number within the bounds of the table."""
        return self._number(self._variable(name, "float", default), default, _float)

    @overload
    def list(self, name: _str, *, secret: _bool = False) -> _list[_str]: ...
    @overload
    def list(self, name: _str, default: T, *, secret: _bool = False) -> _list[_str] | T: ...
    def list(self, name: _str, default: object = UNSET, *, secret: _bool = False) -> object:
        """Return the items between commas or line ends, without surrounding spaces and without empty items."""
        variable = self._variable(name, "list", default, secret=secret)
        found = self.find(name)
        if found is None:
            fallback = self._fallback(variable, default, ())
            return _list(fallback) if isinstance(fallback, tuple) else fallback
        self._mask(variable, found.value)
        return items(found.value)

    # What the process is

    @property
    def build(self) -> _bool:
        """Whether this is the build phase, in which an image is built."""
        return self.bool("BUILD_PHASE")

    @property
    def debug(self) -> _bool:
        """Whether debug mode is on."""
        return self.bool("DEBUG")

    @property
    def production(self) -> _bool:
        """Whether required variables must be set, which is so outside of debug mode and the build phase."""
        return not self.debug and not self.build

    @property
    def names(self) -> set[_str]:
        """The names of all variables that are set, known or not."""
        return self._sources.names()

    @property
    def table(self) -> Mapping[_str, Variable]:
        """All known variables: those in the table, and the project's own that have been read so far."""
        return self._variables

    # Problems

    def add_problem(self, name: _str, text: _str) -> None:
        """Record what is wrong with ``name`` and what to do. Only the first problem of each variable is kept."""
        self._sources.add_problem(name, text)

    def require(self, name: _str, remedy: _str = "") -> _bool:
        """Record a problem if ``name`` is missing in production. Return whether it is set."""
        if self.is_set(name):
            return True
        if self.production:
            variable = self._variables.get(name)
            help_text = remedy or (variable.help if variable else "Set it.")
            example = f" Example: {variable.example}" if variable and variable.example else ""
            self.add_problem(name, f"is missing. {help_text}{example}")
        return False

    @property
    def problems(self) -> _list[Problem]:
        """All problems so far, in the order in which they were found.

        Known variables that have not been read yet are read here, so that one report has every malformed variable,
        whichever role it concerns. If a similar variable is set, the problem of a missing variable mentions it.
        """
        for variable in _list(self._variables.values()):
            self.read(variable)
        misspelt = {intended: seen for seen, intended in self._misspelt()}
        return [
            Problem(p.name, f"{p.text} {misspelt[p.name]} is set: is it a misspelling?")
            if p.name in misspelt
            else p
            for p in self._sources.problems.values()
        ]

    @property
    def warnings(self) -> _list[Problem]:
        """Start-up variables that have no effect here, and names that look like misspellings."""
        ineffective = [
            Problem(
                name,
                f"is set in {found.source}, but not in this process, so it has no effect here. Start the role with "
                "its entrypoint or with `django-k8s run`, or export the variable.",
            )
            for name, variable in self._variables.items()
            if variable.scope == "startup" and not self.find(name) and (found := self.resolve(name))
        ]
        return ineffective + [
            Problem(seen, f"looks like a misspelling of {intended}, which is not set.")
            for seen, intended in self._misspelt()
            if intended not in self._sources.problems
        ]

    def embed(self, what: _str) -> None:
        """Record that a default for debug mode is used, such as "SQLite in db.sqlite3"."""
        if self.debug:
            self._embedded[what] = None

    @property
    def embedded(self) -> _list[_str]:
        """The defaults for debug mode that have been used so far."""
        return _list(self._embedded)

    def read(self, variable: Variable) -> object:
        """Return the value of a variable in the table, read according to its kind."""
        readers: dict[_str, Callable[[_str], object]] = {
            "bool": self.bool,
            "int": self.int,
            "float": self.float,
            "list": self.list,
        }
        return readers.get(variable.kind, self.str)(variable.name)

    # Helpers

    @staticmethod
    def _mask(variable: Variable, value: _str) -> None:
        for secret in parsing.secrets(value, variable):
            masking.add(secret)

    def _variable(self, name: _str, kind: Kind, default: Any, *, secret: _bool = False) -> Variable:
        known = self._variables.get(name)
        if known is None:
            known = Variable(
                name, kind, None if default is UNSET else default, "", "Project", secret, default is UNSET
            )
            self._variables[name] = known
            if default is UNSET and not self.build and not self.is_set(name):
                self.add_problem(name, "is missing. This project needs it.")
        return known

    @staticmethod
    def _fallback(variable: Variable, default: object, empty: object) -> object:
        if default is not UNSET:
            return default
        return empty if variable.default is None else variable.default

    def _number(self, variable: Variable, default: object, kind: type[_int] | type[_float]) -> object:
        # "Project" is the group of the variables that are not in the table.
        largest = parsing.LARGEST_OWN if variable.group == "Project" else parsing.LARGEST
        low, high = variable.minimum, variable.maximum
        return self._parsed(variable, default, 0, lambda text: parsing.number(text, kind, low, high, largest))

    def _parsed(
        self, variable: Variable, default: object, empty: object, parse: Callable[[_str], object]
    ) -> object:
        found = self.find(variable.name)
        if found is None:
            return self._fallback(variable, default, empty)
        try:
            return parse(found.value)
        except ValueError as error:
            self.add_problem(variable.name, _str(error))
            return self._fallback(variable, default, empty)

    def _misspelt(self) -> _list[tuple[_str, _str]]:
        unset = [name for name in self._variables if self.resolve(name) is None]
        return problems.misspelt(self.names, self._variables, unset)
