"""Environments that share every library of this one and have a copy of ours, which may be broken."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "django_k8s"


def installed() -> Path:
    """The package that this environment has installed. Raise LookupError if it only has the source tree."""
    path = Path(sysconfig.get_path("purelib")) / PACKAGE
    if sys.prefix == sys.base_prefix or not path.is_dir():
        raise LookupError(
            f"{PACKAGE} is not installed in {sys.prefix}. Run `make broken`, which installs it first."
        )
    return path


class Copy:
    """An environment in a directory: links to the libraries of this one, and files of ours."""

    def __init__(self, home: Path) -> None:
        """Make it afresh, whatever a killed run has left there."""
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, symlinks=True)
        self.python = home / "bin" / "python"
        libraries = installed().parent
        self.package = home / libraries.relative_to(sys.prefix) / PACKAGE
        for path in libraries.iterdir():
            if path.name != PACKAGE:
                (self.package.parent / path.name).symlink_to(path)
        shutil.copytree(libraries / PACKAGE, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (Path(sys.prefix) / "bin").iterdir():
            target = home / "bin" / path.name
            if not target.exists() and path.is_file():
                _take(path, target)

    @contextlib.contextmanager
    def broken(self, name: Path, text: str) -> Iterator[None]:
        """Let the file ``name`` of the package read ``text`` while the block runs."""
        path = self.package / name
        whole = path.read_text()
        try:
            _write(path, text)
            # Bytecode is known by its source's time and size: what is compiled now fits no other content.
            os.utime(path, (0, 0))
            yield
        finally:
            _write(path, whole)


def _take(script: Path, target: Path) -> None:
    """Let ``target`` be ``script``, run by the Python beside it."""
    ours, theirs = f"#!{Path(sys.prefix) / 'bin'}/".encode(), f"#!{target.parent}/".encode()
    content = script.read_bytes()
    if content.startswith(ours):
        target.write_bytes(theirs + content.removeprefix(ours))
        shutil.copymode(script, target)
    else:
        target.symlink_to(script)


def _write(path: Path, text: str) -> None:
    """Write a source, and let no bytecode of a former one stand for it."""
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    path.write_text(text)
