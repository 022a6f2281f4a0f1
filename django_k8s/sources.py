"""Where the values of variables come from: environment, files, folders, .env."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong with one variable, and what to do about it. Never holds a value."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


class Found(NamedTuple):
    """A value and where it came from, such as "environment" or the path of a file."""

    value: str
    source: str


class Sources:
    """Looks raw values up, in this order: environment, NAME_FILE, the folders of ENV_DIR, .env.

    What cannot be read is noted in ``problems``, by the name of the variable.
    """

    def __init__(self, dotenv: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> None:
        self.problems: dict[str, Problem] = {}
        self._environ = environ
        self._seen: dict[str, Found | None] = {}
        self._dotenv_path = Path(dotenv) if dotenv else None
        self._dotenv: Mapping[str, str] = {}
        if self._dotenv_path and self._dotenv_path.is_file():
            self._dotenv = self._read_dotenv(self._dotenv_path)
        self._folders = [Path(folder) for folder in items(environ.get("ENV_DIR", ""))]
        for folder in self._folders:
            if not folder.is_dir():
                self.problem(
                    "ENV_DIR", f"the folder {folder} does not exist. Mount it or take it off the list."
                )

    def problem(self, name: str, text: str) -> None:
        """Note what is wrong with ``name`` and what to do; the first word on a variable stands."""
        self.problems.setdefault(name, Problem(name, text))

    def find(self, name: str) -> Found | None:
        """The value of ``name`` and its source, or None when it is not set or empty."""
        if name not in self._seen:
            found = self._search(name)
            self._seen[name] = found if found and found.value.strip() else None
        return self._seen[name]

    def names(self) -> Iterator[str]:
        """Every name that the environment or .env sets."""
        yield from {**self._dotenv, **self._environ}

    def _search(self, name: str) -> Found | None:
        if name in self._environ:
            return Found(self._environ[name], "environment")
        pointer = self._environ.get(f"{name}_FILE", "")
        if pointer:
            return self._read_file(name, Path(pointer), f"the file that {name}_FILE names")
        for folder in self._folders:
            if (folder / name).is_file():
                return self._read_file(name, folder / name, f"the file {folder / name}")
        if name in self._dotenv:
            return Found(self._dotenv[name], str(self._dotenv_path))
        return None

    def _read_file(self, name: str, path: Path, what: str) -> Found | None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            self.problem(name, f"{what} cannot be read as text. Check that it is mounted and readable.")
            return None
        # Editors and `kubectl create secret --from-file` add one line end that nobody meant.
        return Found(text.removesuffix("\n").removesuffix("\r"), str(path))

    def _read_dotenv(self, path: Path) -> Mapping[str, str]:
        # These take their time to import (environ brings Django): only where a .env file is.
        import logging

        from environ import Env as DotEnv

        class Reader(DotEnv):  # type: ignore[misc]
            ENVIRON: dict[str, str] = {}  # its own, so that os.environ stays as it is

        def refuse(record: logging.LogRecord) -> bool:
            # environ logs the whole line, which may hold a secret.
            if record.levelno >= logging.WARNING:
                self.problem(
                    ".env", f"{path} has a line that is not NAME=value, a comment or empty. Correct it."
                )
            return False

        log = logging.getLogger("environ.environ")
        log.addFilter(refuse)
        try:
            Reader.read_env(path)
        except (OSError, ValueError):
            self.problem(".env", f"{path} cannot be read as text. Save it as UTF-8.")
        finally:
            log.removeFilter(refuse)
        return Reader.ENVIRON


def items(text: str) -> list[str]:
    """The items of a list between commas or line ends, without blanks around them."""
    return [item.strip() for item in text.replace("\n", ",").split(",") if item.strip()]
