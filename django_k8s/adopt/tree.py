"""The files of a repository that git tracks or would track."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from django_k8s.adopt.failure import CannotAdopt
from django_k8s.environment.exit_codes import EX_UNAVAILABLE

_LARGE = 1_000_000  # bytes; no source file is larger
# Directories whose files are not the project's own code.
_FOREIGN = frozenset(
    [
        "node_modules",
        "site-packages",
        "vendor",
        ".venv",
        "venv",
        "env",
        ".tox",
        ".git",
        "__pycache__",
        "bower_components",
        "third_party",
    ]
)
# Directories of the project whose code does not run in production.
_ASIDE = frozenset(
    [
        "test",
        "tests",
        "testing",
        "docs",
        "doc",
        "documentation",
        "example",
        "examples",
        "fixtures",
        "e2e",
        "benchmarks",
    ]
)


class Tree:
    """The files below ``root``. Their names are paths relative to it, with ``/`` as the separator."""

    def __init__(self, root: Path, without: frozenset[str] = frozenset()) -> None:
        self.root = root
        self._without = without  # what `init` has written must not influence what it detects

    @cached_property
    def files(self) -> tuple[str, ...]:
        """All files, except ignored files and third-party code."""
        names = _listed(self.root) if (self.root / ".git").exists() else _walked(self.root)
        return tuple(
            sorted(
                name
                for name in names
                if name not in self._without and not _FOREIGN & set(PurePosixPath(name).parts)
            )
        )

    @cached_property
    def _set(self) -> frozenset[str]:
        return frozenset(self.files)

    def __contains__(self, name: str) -> bool:
        return name in self._set

    def below(self, folder: str) -> Iterator[str]:
        """Yield the files in ``folder`` and below it. ``.`` is the root."""
        start = "" if folder in ("", ".") else folder.rstrip("/") + "/"
        return (name for name in self.files if name.startswith(start))

    def code(self, folder: str = ".") -> Iterator[str]:
        """Yield the Python files below ``folder``, without tests, documentation, migrations and hidden files."""
        depth = 0 if folder in ("", ".") else len(PurePosixPath(folder).parts)
        for name in self.below(folder):
            path = PurePosixPath(name)
            parts = path.parts[depth:-1]
            hidden = any(part.startswith(".") for part in path.parts)
            if path.suffix != ".py" or hidden or _ASIDE & set(parts) or "migrations" in parts:
                continue
            if not (path.name.startswith("test_") or path.name in ("conftest.py", "tests.py")):
                yield name

    def tracked(self, name: str) -> bool:
        """Return whether git tracks a file. Nobody has decided about a file that is merely not ignored."""
        command = ["git", "-C", str(self.root), "ls-files", "--error-unmatch", "--", f":(top,literal){name}"]
        return (self.root / ".git").exists() and not subprocess.run(command, capture_output=True).returncode  # noqa: S603

    def aside(self, name: str) -> bool:
        """Return whether a file belongs to tests, documentation or examples."""
        return bool(_ASIDE & set(PurePosixPath(name).parts[:-1]))

    @cache  # noqa: B019 - there is one tree for each run
    def text(self, name: str) -> str:
        """Return the text of a file, or an empty string if it is missing, unreadable or very large."""
        path = self.root / name
        try:
            if path.stat().st_size > _LARGE:
                return ""
            return path.read_text(errors="replace")
        except OSError:
            return ""

    @cache  # noqa: B019
    def parsed(self, name: str) -> ast.Module | None:
        """Return the syntax tree of a Python file, or None if it cannot be parsed."""
        try:
            return ast.parse(self.text(name))
        except (SyntaxError, ValueError, RecursionError):
            return None

    def containing(self, words: str | tuple[str, ...], folder: str = ".") -> Iterator[str]:
        """Yield the Python files below ``folder`` that contain one of ``words``."""
        wanted = (words,) if isinstance(words, str) else words
        return (name for name in self.code(folder) if any(word in self.text(name) for word in wanted))

    def module_file(self, module: str, folders: tuple[str, ...]) -> str:
        """Return the file of a dotted module below one of ``folders``, or an empty string if there is none."""
        path = module.replace(".", "/")
        for folder in folders:
            start = "" if folder in ("", ".") else folder + "/"
            for end in (".py", "/__init__.py"):
                if start + path + end in self:
                    return start + path + end
        return ""


def ignored(root: Path, names: Iterable[str], *, tracked: bool = False) -> list[str]:
    """Return the files that git ignores. With ``tracked``, include files that match but are tracked nevertheless."""
    command = ["git", "-C", str(root), "check-ignore", *(["--no-index"] if tracked else []), "--", *names]
    try:
        ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except OSError:
        return []
    return ended.stdout.decode(errors="replace").splitlines() if ended.returncode == 0 else []


def _listed(root: Path) -> list[str]:
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        answer = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    except FileNotFoundError:
        raise CannotAdopt("git is not installed. Install it, and run this again.", EX_UNAVAILABLE) from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().splitlines()
        raise CannotAdopt(
            f"git cannot list the files of {root}: {reason[0] if reason else 'it gave no reason'}."
        ) from None
    names = answer.stdout.decode(errors="surrogateescape").split("\0")
    return [name for name in names if name and (root / name).is_file()]


def _walked(root: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _FOREIGN]
        found += [(Path(folder) / name).relative_to(root).as_posix() for name in names]
    return found


def line(name: str, node: ast.AST) -> str:
    """Return the place of a node, as ``file:line``."""
    return f"{name}:{getattr(node, 'lineno', 1)}"


def called(node: ast.AST) -> str:
    """Return the dotted name of the function that a call calls, or an empty string for anything else."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def dotted(node: ast.AST) -> str:
    """Return a dotted name such as ``os.environ``, or an empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def literal(node: ast.AST | None) -> object:
    """Return the value of a literal, or None."""
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def words(node: ast.AST | None) -> list[str]:
    """Return every string literal in a node, in the order of the text."""
    if node is None:
        return []
    found = [one for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return [str(one.value) for one in sorted(found, key=lambda one: (one.lineno, one.col_offset))]
