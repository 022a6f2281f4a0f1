"""Load settings repeatedly, each time with a dummy for the variable that the last failure asked for."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django_k8s.adopt.loading import dummies

_ROUNDS = 30
_SECONDS = 20  # of the processor
_PATIENCE = 3  # the limit by the clock is this many times longer, for a busy machine
_CHILD = Path(__file__).with_name("child.py")
_NEAR = 6  # between reading a variable and the failure that it causes


@dataclass
class Loaded:
    """The result of loading: the answer of the last round, the dummies that were needed, and why it failed."""

    answer: dict[str, Any] = field(default_factory=dict)
    dummies: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)
    failure: str = ""
    required: set[str] = field(
        default_factory=set
    )  # the dummies that are needed even if the stores are configured

    @property
    def ok(self) -> bool:
        """Whether the settings were loaded."""
        return bool(self.answer.get("ok"))


@dataclass(frozen=True)
class Place:
    """Where and how the project is loaded."""

    python: str
    root: Path  # of the copy
    folders: tuple[str, ...]  # below the root, from which modules are imported
    after: tuple[str, ...] = ()  # the end of the path
    scratch: Path = Path()
    # The variables of fields of classes: see rules/fields.py.
    fields: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)  # variables that every role has


def load(place: Place, module: str, given: Mapping[str, str] | None = None, *, setup: bool = False) -> Loaded:
    """Load ``module`` with the variables ``given``, adding dummies until it loads or no dummy helps."""
    given = {**place.given, **(given or {})}
    result = Loaded()
    tried: dict[str, int] = {}
    first: dict[str, dict[str, Any]] = {}  # the failure that asked for a variable first
    for _ in range(_ROUNDS):
        answer = once(place, module, {**given, **result.dummies}, setup=setup)
        result.answer = answer
        for name, found, file, line in answer.get("reads", ()):
            result.reads.add(name)
            if not found:
                result.places.setdefault(name, f"{file}:{line}")
        if result.ok or "error" not in answer:
            break
        name = _field(answer["error"], place.fields) or _wanted(answer, result.dummies)
        if not name:
            break
        choices = dummies.values(name)
        tried[name] = tried.get(name, -1) + 1
        first.setdefault(name, answer)
        if tried[name] >= len(choices):
            # No dummy helps, so report the failure without one.
            del result.dummies[name]
            result.answer = first[name]
            break
        result.dummies[name] = choices[tried[name]]
    if not result.ok:
        message = str(result.answer.get("error", {}).get("message", ""))
        for name in [
            name for name, value in result.dummies.items() if f"'{value.partition('.')[0]}" in message
        ]:
            # The dummy itself caused this failure, so report the one before.
            result.answer = first[name]
        result.failure = _sentence(result.answer, module)
    return result


def once(place: Place, module: str, variables: Mapping[str, str], *, setup: bool = False) -> dict[str, Any]:
    """Return what one process found. It gets a clean environment, and at most 20 seconds."""
    file = place.scratch / "answer.json"
    file.unlink(missing_ok=True)
    parameters = {
        "root": f"{place.root}{os.sep}",
        "before": [str(place.root / folder) for folder in place.folders if (place.root / folder).is_dir()],
        "after": list(place.after),
        "module": module,
        "setup": setup,
        "answer": str(file),
        "seconds": _SECONDS,
    }
    command = [place.python, *_bytecode(place), "-s", "-c", _CHILD.read_text(), json.dumps(parameters)]
    try:
        ended = subprocess.run(  # noqa: S603
            command,
            cwd=place.root / place.folders[0],
            env={**clean(place.scratch), "DJANGO_SETTINGS_MODULE": module, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS * _PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"late": True}
    except OSError as error:
        return {"broken": f"{place.python} cannot be started: {error.strerror}"}
    if ended.returncode == -signal.SIGXCPU:
        return {"late": True}
    try:
        answer = json.loads(file.read_text())
    except (OSError, ValueError):
        return {"broken": f"the interpreter ended with status {ended.returncode}"}
    return answer if isinstance(answer, dict) else {}


def _bytecode(place: Place) -> list[str]:
    """Return the options by which Python writes no bytecode into the project or its environment."""
    environment = Path(place.python).parent.parent
    if any(environment.glob("lib/python*/site-packages/django/__pycache__/__init__.*.pyc")):
        return ["-B"]
    # uv does not compile what it installs, so without bytecode beside the copy, each round would compile everything again.
    return ["-X", f"pycache_prefix={place.scratch / 'bytecode'}"]


def can_import(python: str, name: str) -> bool:
    """Return whether an interpreter has a module."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    try:
        command = [python, "-B", "-s", "-c", code]
        return not subprocess.run(  # noqa: S603
            command,
            env=clean(Path("/")),
            capture_output=True,
            timeout=_SECONDS * _PATIENCE,
            check=False,
            cwd="/",
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def clean(home: Path) -> dict[str, str]:
    """Return a clean environment for loading the project. It only has this process's paths of programs and libraries."""
    kept = {
        name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH") if name in os.environ
    }
    return {
        **kept,
        "HOME": str(home),
        "TMPDIR": str(home),
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
    }


def _wanted(answer: Mapping[str, Any], given: Iterable[str]) -> str:
    """Return the variable that a failure asks for, or an empty string."""
    error = answer["error"]
    reads = [one for one in answer.get("reads", ()) if not str(one[0]).startswith("PYTHON")]
    message = str(error["message"])
    if "NoneType" in message:  # a value that was read earlier and is used here
        message += f" {error['source']}"
    for name, found, _, _ in reversed(reads):
        if re.search(rf"(?<![A-Z0-9_]){re.escape(name)}(?![A-Z0-9_])", message) and (
            not found or name in given
        ):
            return str(name)
    if error["import"]:
        return ""
    for name, found, file, line in reversed(reads):
        near = any(
            0 <= at - line <= _NEAR or 0 <= line - at <= _NEAR for at in error["lines"] or [error["line"]]
        )
        if file == error["file"] and near and (not found or name in given):
            return str(name)
    # A setting is often checked far from where it is read. Then the message contains the end of its name.
    for name, found, _, _ in reversed(reads):
        if not found and len(name) > 5 and name.lower() in message.lower():
            return str(name)
    return ""


def _field(error: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    """Return the variable of the first field that pydantic complains about, or an empty string."""
    found = re.match(r"\d+ validation errors? for (\w+)\n([\w.]+)\n", str(error["message"]))
    key = f"{found[1]}.{found[2]}" if found else ""
    # A field that contains fields counts as missing if none of them is set.
    inner = (name for name in fields if key and name.startswith(f"{key}."))
    return fields.get(key) or fields.get(next(inner, ""), "")


def _sentence(answer: Mapping[str, Any], module: str) -> str:
    if answer.get("late"):
        return f"{module} was not loaded within {_SECONDS} seconds"
    if answer.get("broken"):
        return f"{module} was not loaded: {answer['broken']}"
    error = answer.get("error", {})
    where = f"{error.get('file')}:{error.get('line')}" if error.get("file") else module
    if error.get("missing"):
        return f"{where} imports {error['missing']}, which is not installed in the project's environment"
    if error.get("exit"):
        return f"{where} ends the program: {error['message'][:200]}"
    message = " ".join(str(error.get("message", "")).split())
    return f"{where} raises {error.get('type')}: {message[:200]}"
