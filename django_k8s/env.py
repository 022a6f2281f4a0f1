"""The environment, read once and strictly.

A value is looked for in this order: the process environment, the file that ``NAME_FILE`` names, the
folders of ``ENV_DIR``, the .env file, the default of :mod:`django_k8s.variables`. An empty value
counts as not set and ends the search. Where no .env file is named it is the one in the working
directory: every process of a role is started there, so all of them find the same values.

A reader never raises for a bad value: it notes the problem and returns the default, so that
:meth:`Env.done` can report everything that is wrong in one message. No message ever holds a value,
because any value may be a secret in the wrong place.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

from django_k8s import masking, report
from django_k8s.exits import EX_CONFIG as EX_CONFIG  # others have it from here
from django_k8s.sources import Found, Problem, Sources, is_address, items
from django_k8s.variables import VARIABLES, Kind, Variable

DOTENV = Path(".env")

_TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})
_FALSE = frozenset({"0", "false", "no", "off", "n", "f"})

# Nothing that is counted or waited for needs more, and clocks and drivers take no more. A project's
# own numbers may be anything that a database column holds.
_LARGEST, _LARGEST_OWN = 2**31 - 1, 2**63 - 1

T = TypeVar("T")


UNSET = object()  # None can be a default


class Env:
    """Typed readers over the environment.

    ``dotenv`` is the path of a .env file that may be missing, by default that of the working
    directory. ``environ`` is any mapping in the place of ``os.environ``; with it no .env file is
    looked for. Variables of the table take their type, default and bounds from it; a project's own
    variables are read by the same methods with ``default=`` and ``secret=``.
    """

    def __init__(
        self,
        dotenv: str | os.PathLike[str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        if environ is None:
            dotenv, environ = dotenv or DOTENV, os.environ
        self._sources = Sources(dotenv, environ)
        self._variables: dict[str, Variable] = dict(VARIABLES)

    def find(self, name: str) -> Found | None:
        """The raw value of ``name`` and its source, or None when it is not set."""
        return self._sources.find(name)

    def is_set(self, name: str) -> builtins.bool:
        """Whether ``name`` has a value from anywhere but its default."""
        return self.find(name) is not None

    def mask_secrets(self) -> None:
        """Mask every secret of the table that is set, read or not, in whatever is logged from now on."""
        for variable in self._variables.values():
            if variable.secret and (found := self.find(variable.name)):
                for item in items(found.value) if variable.kind == "list" else [found.value]:
                    masking.add(item)

    # Readers

    @overload
    def str(self, name: builtins.str, *, secret: builtins.bool = False) -> builtins.str: ...
    @overload
    def str(self, name: builtins.str, default: T, *, secret: builtins.bool = False) -> builtins.str | T: ...
    def str(self, name: builtins.str, default: object = UNSET, *, secret: builtins.bool = False) -> object:
        """Text, as it is but for one trailing newline of a file. Also for paths and addresses."""
        variable = self._variable(name, "str", default, secret=secret)
        found = self.find(name)
        if found is None:
            return self._fallback(variable, default, "")
        if variable.choices and found.value not in variable.choices:
            # The entrypoint sets ROLE; another one is a stranger's, and says nothing about this process.
            if name != "ROLE":
                self.problem(name, f"write one of {', '.join(variable.choices)}.")
            return self._fallback(variable, default, "")
        if variable.kind == "url" and not is_address(found.value):
            self.problem(name, f"is not an address. Write it as {variable.example or 'scheme://host/path'}.")
            return self._fallback(variable, default, "")
        if variable.secret:
            masking.add(found.value)
        return found.value

    @overload
    def bool(self, name: builtins.str) -> builtins.bool: ...
    @overload
    def bool(self, name: builtins.str, default: T) -> builtins.bool | T: ...
    def bool(self, name: builtins.str, default: object = UNSET) -> object:
        """True or False; anything but 1/0, true/false, yes/no, on/off is a problem."""
        variable = self._variable(name, "bool", default)
        found = self.find(name)
        if found is None:
            return self._fallback(variable, default, False)
        word = found.value.strip().lower()
        if word not in _TRUE | _FALSE:
            self.problem(name, "is neither true nor false. Write true or false.")
            return self._fallback(variable, default, False)
        return word in _TRUE

    @overload
    def int(self, name: builtins.str) -> builtins.int: ...
    @overload
    def int(self, name: builtins.str, default: T) -> builtins.int | T: ...
    def int(self, name: builtins.str, default: object = UNSET) -> object:
        """A whole number within the bounds of the table."""
        return self._number(name, "int", int, default, "a whole number such as 8")

    @overload
    def float(self, name: builtins.str) -> builtins.float: ...
    @overload
    def float(self, name: builtins.str, default: T) -> builtins.float | T: ...
    def float(self, name: builtins.str, default: object = UNSET) -> object:
        """A number within the bounds of the table."""
        return self._number(name, "float", float, default, "a number such as 2.5")

    @overload
    def list(self, name: builtins.str, *, secret: builtins.bool = False) -> builtins.list[builtins.str]: ...
    @overload
    def list(
        self, name: builtins.str, default: T, *, secret: builtins.bool = False
    ) -> builtins.list[builtins.str] | T: ...
    def list(self, name: builtins.str, default: object = UNSET, *, secret: builtins.bool = False) -> object:
        """Items between commas or line ends, without the blanks around them; empty ones are dropped."""
        variable = self._variable(name, "list", default, secret=secret)
        found = self.find(name)
        if found is None:
            fallback = self._fallback(variable, default, ())
            return builtins.list(fallback) if isinstance(fallback, tuple) else fallback
        if variable.secret:
            for item in items(found.value):
                masking.add(item)
        return items(found.value)

    # What the process is

    @property
    def build(self) -> builtins.bool:
        """The build phase: settings are loaded while an image is built."""
        return self.bool("BUILD_PHASE")

    @property
    def debug(self) -> builtins.bool:
        """Debug mode was asked for."""
        return self.bool("DEBUG")

    @property
    def production(self) -> builtins.bool:
        """Neither debug mode nor the build phase: required variables have to be set."""
        return not self.debug and not self.build

    @property
    def names(self) -> set[builtins.str]:
        """Every name that is set anywhere, known or not."""
        return self._sources.names()

    @property
    def table(self) -> Mapping[builtins.str, Variable]:
        """Every known variable: the table's, and the project's own that were read so far."""
        return self._variables

    # Problems

    def problem(self, name: builtins.str, text: builtins.str) -> None:
        """Note what is wrong with ``name`` and what to do; the first word on a variable stands."""
        self._sources.problem(name, text)

    def require(self, name: builtins.str, remedy: builtins.str = "") -> builtins.bool:
        """Note a problem when ``name`` is missing in production. Returns whether it is set."""
        if self.is_set(name):
            return True
        if self.production:
            variable = self._variables.get(name)
            help_text = remedy or (variable.help if variable else "Set it.")
            example = f" Example: {variable.example}" if variable and variable.example else ""
            self.problem(name, f"is missing. {help_text}{example}")
        return False

    @property
    def problems(self) -> builtins.list[Problem]:
        """Everything that is wrong so far, in the order it was found.

        Known variables that nothing has read yet are read here, so that a malformed one is part of
        the same report whichever role it concerns. A missing variable's problem names what looks
        like its misspelling.
        """
        for variable in builtins.list(self._variables.values()):
            self.read(variable)
        misspelt = {intended: seen for seen, intended in self._misspelt()}
        return [
            Problem(p.name, f"{p.text} {misspelt[p.name]} is set: is it a misspelling?")
            if p.name in misspelt
            else p
            for p in self._sources.problems.values()
        ]

    @property
    def warnings(self) -> builtins.list[Problem]:
        """Names in the environment that look like misspellings of a variable that is not set."""
        return [
            Problem(seen, f"looks like a misspelling of {intended}, which is not set.")
            for seen, intended in self._misspelt()
            if intended not in self._sources.problems
        ]

    def read(self, variable: Variable) -> object:
        """The value of a variable of the table, by its kind."""
        readers: dict[builtins.str, Callable[[builtins.str], object]] = {
            "bool": self.bool,
            "int": self.int,
            "float": self.float,
            "list": self.list,
        }
        return readers.get(variable.kind, self.str)(variable.name)

    def done(self) -> None:
        """Report and end the process when anything is wrong; the last line of a settings module.

        Problems and warnings go to standard error, one line each. Raises SystemExit with status 78
        (sysexits.h, EX_CONFIG) when there is a problem: frameworks catch ordinary exceptions and
        would print a traceback.
        """
        for warning in self.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        problems = self.problems
        if problems:
            print(report.message(problems), file=sys.stderr, flush=True)
            raise SystemExit(EX_CONFIG)

    # Helpers

    def _variable(
        self, name: builtins.str, kind: Kind, default: Any, *, secret: builtins.bool = False
    ) -> Variable:
        known = self._variables.get(name)
        if known is None:
            known = Variable(
                name, kind, None if default is UNSET else default, "", "Project", secret, default is UNSET
            )
            self._variables[name] = known
            if default is UNSET and not self.build and not self.is_set(name):
                self.problem(name, "is missing. This project needs it.")
        return known

    @staticmethod
    def _fallback(variable: Variable, default: object, empty: object) -> object:
        if default is not UNSET:
            return default
        return empty if variable.default is None else variable.default

    def _number(
        self,
        name: builtins.str,
        kind: Kind,
        convert: type[builtins.int] | type[builtins.float],
        default: object,
        wanted: builtins.str,
    ) -> object:
        variable = self._variable(name, kind, default)
        found = self.find(name)
        if found is None:
            return self._fallback(variable, default, 0)
        try:
            number = convert(found.value.strip())
        except ValueError:
            self.problem(name, f"is not a number. Write {wanted}.")
            return self._fallback(variable, default, 0)
        low, high = variable.minimum, variable.maximum
        largest = _LARGEST_OWN if variable.group == "Project" else _LARGEST
        # Not math.isfinite, which cannot take an integer of 400 digits.
        if not ((-largest if low is None else low) <= number <= (largest if high is None else high)):
            bounds = [f"at least {low:g}"] if low is not None else []
            bounds += [f"at most {high:g}"] if high is not None else []
            self.problem(
                name, f"is out of range. Write {wanted}{', ' if bounds else ''}{' and '.join(bounds)}."
            )
            return self._fallback(variable, default, 0)
        return number

    def _misspelt(self) -> builtins.list[tuple[builtins.str, builtins.str]]:
        unset = [name for name in self._variables if not self.is_set(name)]
        return report.misspelt(self.names, self._variables, unset)
