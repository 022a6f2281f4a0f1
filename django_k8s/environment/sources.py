"""Where the values of variables come from: environment, files, directories, .env."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PROCESS = "environment"  # the source of a value of the process environment

_LARGEST_FILE = 2**20  # bytes

_SCHEME = "[A-Za-z][A-Za-z0-9+.-]*"


class Problem(NamedTuple):
    """What is wrong with one variable, and what to do about it. It never contains a value."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


class Found(NamedTuple):
    """A value and where it came from, such as "environment" or the path of a file."""

    value: str
    source: str


class Sources:
    """Look up raw values: in the environment, NAME_FILE, the directories of ENV_DIR, .env.

    ``base_dir`` is the directory of the .env file; with None, no such file is read. ENV_DIR and NAME_FILE may also be
    set in .env; such a NAME_FILE has the precedence of .env. Values that cannot be read are recorded in ``problems``,
    by the name of the variable.
    """

    def __init__(self, base_dir: Path | None, environ: Mapping[str, str]) -> None:
        self.problems: dict[str, Problem] = {}
        self._environ = {name: value for name, value in environ.items() if not _service_link(name, value)}
        self._seen: dict[str, Found | None] = {}
        self._dotenv_path: Path | None = None
        self._dotenv: Mapping[str, str] = {}
        if base_dir is not None:
            named = self._environ.get("ENV_FILE", "")
            self._dotenv_path = base_dir / (named or ".env")
            if _is_file(self._dotenv_path):
                self._dotenv = self._read_dotenv(self._dotenv_path)
            elif named:
                self.add_problem(
                    "ENV_FILE", "names no file that exists. Correct the path or remove the variable."
                )
        self._mounted: dict[str, Path] = {}
        directories = self.find("ENV_DIR")
        for number, directory in enumerate(items(directories.value) if directories else (), 1):
            if os.access(directory, os.R_OK | os.X_OK) and Path(directory).is_dir():
                for path in filter(_is_file, Path(directory).iterdir()):
                    self._mounted.setdefault(path.name, path)
            else:
                self.add_problem(
                    "ENV_DIR",
                    f"directory {number} of it does not exist or cannot be read. Mount it or remove it from the list.",
                )

    def add_problem(self, name: str, text: str) -> None:
        """Record what is wrong with ``name`` and what to do. Keep only the first problem of each variable."""
        self.problems.setdefault(name, Problem(name, text))

    def find(self, name: str) -> Found | None:
        """Return the value of ``name`` and its source, or None if it is not set or empty."""
        if name not in self._seen:
            found = self._search(name)
            self._seen[name] = found if found and found.value.strip() else None
        return self._seen[name]

    def names(self) -> set[str]:
        """Return every name that is set in the environment, in a directory of ENV_DIR or in .env."""
        return {*self._environ, *self._mounted, *self._dotenv}

    def _search(self, name: str) -> Found | None:
        if name in self._environ:
            if not is_text(self._environ[name]):
                self.add_problem(name, "is not text. Write it in UTF-8.")
                return None
            return Found(self._environ[name], PROCESS)
        if pointer := self._environ.get(f"{name}_FILE", ""):
            return self._read_file(name, Path(pointer), f"the file that {name}_FILE names")
        if name in self._mounted:
            return self._read_file(name, self._mounted[name], f"the file {_shown(self._mounted[name])}")
        if name in self._dotenv:
            return Found(self._dotenv[name], str(self._dotenv_path))
        if pointer := self._dotenv.get(f"{name}_FILE", ""):
            return self._read_file(name, Path(pointer), f"the file that {name}_FILE names")
        return None

    def _read_file(self, name: str, path: Path, what: str) -> Found | None:
        try:
            text = _text(path)
        except (OSError, ValueError):
            self.add_problem(
                name, f"{what} cannot be read as text. Check that it is mounted, readable and at most 1 MiB."
            )
            return None
        # Editors and `kubectl create secret --from-file` add an unwanted line end.
        return Found(text.removesuffix("\n").removesuffix("\r"), _shown(path))

    def _read_dotenv(self, path: Path) -> Mapping[str, str]:
        try:
            text = _text(path)
        except (OSError, ValueError):
            self.add_problem(".env", f"{path} cannot be read as text. Save it as UTF-8, with at most 1 MiB.")
            return {}
        values = {}
        for line in text.splitlines():
            if match := _DOTENV_LINE.fullmatch(line):
                values[match[1]] = _unquoted(match[2])
            elif line and not line.startswith("#"):
                self.add_problem(
                    ".env", f"{path} has a line that is not NAME=value, a comment or empty. Correct it."
                )
        return values


# Like django-environ (a test compares the two), but without importing Django: probes and the entrypoint read this
# file too.
_DOTENV_LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=(.*)")


def _unquoted(value: str) -> str:
    if single := re.fullmatch(r"'(.*)'", value):
        value = single[1]
    if double := re.fullmatch(r'"(.*)"', value):
        value = re.sub(r"\\([^rnt])", r"\1", double[1])
    return value


def _text(path: Path) -> str:
    # Reading a pipe would block, and a device may have no end.
    if not path.is_file():
        raise ValueError("not a regular file")
    with path.open("rb") as file:
        content = file.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE or b"\0" in content:
        raise ValueError("too large, or no text")
    return io.IncrementalNewlineDecoder(None, translate=True).decode(content.decode(), final=True)


def is_text(value: str) -> bool:
    """Return whether ``value`` can be written in UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes of the process environment that are not UTF-8
        return False
    return True


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "backslashreplace").decode()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a directory on the path is not accessible, or the name is too long
        return False


def _service_link(name: str, value: str) -> bool:
    """Return whether Kubernetes set it for a Service, as DATABASE_PORT=tcp://… for a Service "database"."""
    return name.endswith("_PORT") and value.startswith(("tcp://", "udp://", "sctp://"))


def items(text: str) -> list[str]:
    """Return the items between commas or line ends, without surrounding blanks."""
    return [item.strip() for item in text.replace("\n", ",").split(",") if item.strip()]


def split_urls(text: str) -> list[str]:
    """Return the URLs of a list such as ``amqp://one;amqp://two``, each with the separator that follows it."""
    return re.split(rf"(?<=[;,])(?={_SCHEME}://)", text)


def is_url(value: str) -> bool:
    """Return whether ``value`` looks like ``scheme://…``. Its reader checks the rest."""
    return bool(re.match(rf"{_SCHEME}://", value))
