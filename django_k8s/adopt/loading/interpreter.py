"""The interpreter with the project's packages: an existing one, or one that uv creates from the lock file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django_k8s.adopt.facts import Facts
from django_k8s.adopt.loading.rounds import can_import
from django_k8s.adopt.rules import dependencies, locks, pythons
from django_k8s.adopt.tree import Tree

_MINUTES = 15
_DECORATION = " \u00d7\u2570\u2500\u25b6\u2502\u251c"  # around what uv prints
_VERSIONS = ("3.14", "3.13", "3.12", "3.11")
_ATTEMPTS = 8
# The failure depends on the version of Python, and another version may work.
_OTHER_PYTHON = re.compile(
    r"[Nn]o interpreter found|[Pp]ython requirement|request for Python|incompatible with|download|does not satisfy Python"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python with the project's packages; ``path`` is empty if there is none, and ``reason`` says why."""

    path: str = ""
    reason: str = ""


def present(root: Path, project: str, named: str = "") -> Interpreter:
    """Return the interpreter of an existing environment that has Django."""
    if named:
        path = shutil.which(named) or ""
        if not path:
            return Interpreter(reason=f"{named} is not a program")
        return (
            Interpreter(path) if can_import(path, "django") else Interpreter(reason=f"{named} has no Django")
        )
    folders = [Path(os.environ["VIRTUAL_ENV"])] if os.environ.get("VIRTUAL_ENV") else []
    for base in dict.fromkeys((root / project, root)):
        folders += [base / name for name in (".venv", "venv", "env", ".env")]
    for folder in folders:
        python = folder / "bin" / "python"
        if (
            folder.resolve() != Path(sys.prefix).resolve()
            and python.is_file()
            and can_import(str(python), "django")
        ):
            return Interpreter(str(python), str(folder))
    return Interpreter(reason="no environment with Django was found")


def made(tree: Tree, copy: Path, facts: Facts, say: Callable[[str], None]) -> Interpreter:
    """Return the interpreter of an environment that uv creates from the lock file, and keep it for the next time."""
    uv = shutil.which("uv")
    if not uv:
        return Interpreter(reason="no environment with Django was found, and uv is not installed to make one")
    locked = facts.text("lock")
    project = facts.text("project_dir")
    if not locked and not dependencies.installed(tree, project, locked, [], []):
        return Interpreter(reason="no environment with Django was found, and no file says what to install")
    key = json.dumps(
        [
            *(tree.text(name) for name in (locked, *facts.list("lock_more"))),
            tree.text(locks.project_file(tree, project, locked)),
            facts.list("groups"),
            facts.list("extras"),
        ]
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "django-k8s" / "environments"
    folder = cache / hashlib.sha256(key.encode()).hexdigest()[:20]
    python = folder / "bin" / "python"
    if (folder / ".complete").exists() and python.exists():
        return Interpreter(str(python), "the environment that uv made earlier")
    say(f"Installing the project's packages into {folder}, to load the settings (--no-load skips this).")
    began = time.monotonic()
    wanted = dict.fromkeys((facts.text("python_version"), *pythons.supported(tree, project, locked)))
    first = ""
    for version in (*wanted, *(other for other in _VERSIONS if other not in wanted)):
        reason = _make(uv, tree, copy, facts, folder, version, pinned=version not in wanted)
        if not reason:
            (folder / ".complete").write_text("")
            say(f"uv installed them for Python {version}, in {time.monotonic() - began:.0f} seconds.")
            return Interpreter(str(python), "an environment that uv made from the lock")
        first = first or reason
        if not _OTHER_PYTHON.search(reason):
            first = reason
            break
    shutil.rmtree(folder, ignore_errors=True)
    return Interpreter(reason=f"uv cannot install the project's packages: {first}")


def _make(uv: str, tree: Tree, copy: Path, facts: Facts, folder: Path, version: str, *, pinned: bool) -> str:
    """Create the environment. Return why that failed, or an empty string.

    With ``pinned``, install the locked versions directly, on a Python that the lock file does not allow.
    """
    locked = facts.text("lock")
    left_out: list[str] = []
    for _ in range(_ATTEMPTS):
        if locks.kind(locked) == "uv" and locked and not pinned:
            reason = _sync(uv, copy, facts, folder, version, left_out)
        else:
            reason = _install(uv, tree, copy, facts, folder, version, left_out)
        if not reason:
            return ""
        # A package may not compile here, for lack of a compiler or a header. Settings rarely need such a package.
        match = re.search(
            r"(?:Failed to (?:build|download(?: and build)?)|Failed to fetch|Git operation failed)[^`]*`([\w.-]+)",
            reason,
        )
        match = match or re.search(r"Failed to resolve dependencies for `([\w.-]+)", reason)
        if not match or match[1] in left_out:
            return _first(reason)
        left_out.append(match[1])
    return _first(reason)


def _sync(uv: str, copy: Path, facts: Facts, folder: Path, version: str, left_out: list[str]) -> str:
    where = copy / PurePosixPath(facts.text("lock")).parent
    command = [
        uv,
        "sync",
        "--frozen",
        *([] if "dev" in facts.list("groups") else ["--no-dev"]),  # which would override --group dev
        "--no-install-project",
        "--no-install-workspace",
        "--python",
        version,
    ]
    for name in facts.list("groups"):
        command += ["--group", name]
    for name in facts.list("extras"):
        command += ["--extra", name]
    for name in left_out:
        command += ["--no-install-package", name]
    return _run(command, where, {"UV_PROJECT_ENVIRONMENT": str(folder)})


def _install(
    uv: str, tree: Tree, copy: Path, facts: Facts, folder: Path, version: str, left_out: list[str]
) -> str:
    locked, kind = facts.text("lock"), facts.text("lock_kind")
    if reason := _run([uv, "venv", "-q", "--clear", "--python", version, str(folder)], copy, {}):
        return reason
    command = [uv, "pip", "install", "-q", "--python", str(folder / "bin" / "python")]
    excluded = folder / "excluded.txt"
    excluded.write_text("\n".join(left_out))
    project = facts.text("project_dir")
    if kind in ("requirements", "pylock", "pyproject"):
        command += ["--excludes", str(excluded)]
        if kind != "pyproject" or "project" in locks.toml(tree, locked):
            command += ["-r", PurePosixPath(locked).name]
        for name in facts.list("lock_more"):
            command += ["-r", str(copy / name)]
        if kind == "pyproject":
            command += [part for extra in facts.list("extras") for part in ("--extra", extra)]
            command += [part for group in facts.list("groups") for part in ("--group", group)]
        return _run(command, copy / PurePosixPath(locked).parent, {})
    found = dependencies.installed(tree, project, locked, facts.list("groups"), facts.list("extras"))
    pinned = folder / "pinned.txt"
    lines = [
        f"{name}=={version}" if version and locked else name
        for name, version in found.items()
        if name not in left_out
    ]
    pinned.write_text("\n".join(lines))
    return _run([*command, *(["--no-deps"] if locked else []), "-r", str(pinned)], copy, {})


def _run(command: list[str], where: Path, more: dict[str, str]) -> str:
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    }
    try:
        ended = subprocess.run(  # noqa: S603
            command, cwd=where, env={**env, **more}, capture_output=True, timeout=_MINUTES * 60, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it took more than {_MINUTES} minutes"
    except OSError as error:
        return f"uv cannot be started: {error.strerror}"
    return ended.stderr.decode(errors="replace") or "uv gave no reason" if ended.returncode else ""


def _first(text: str) -> str:
    lines = [one.strip(_DECORATION) for one in text.splitlines()]
    lines = [
        one
        for one in lines
        if one and not one.startswith(("warning", "Using", "Creating", "Resolved", "hint"))
    ]
    return (" ".join(lines[:2])[:300] or "it gave no reason").rstrip(".")
