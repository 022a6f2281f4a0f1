"""The daemons that ``django-k8s run`` starts: those of the command line, and those that ``django-k8s init`` recorded.

The chart's values name them too, but they are YAML, which Python cannot read without a library.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path

Daemons = dict[str, list[str]]  # name -> command

RECORD = Path("deploy") / "django-k8s.toml"


class Unreadable(Exception):
    """What is wrong with the record, or with an option; the message says what to do."""


def recorded(directory: Path) -> Daemons:
    """Return the daemons of the record in ``directory`` or above it, up to the root of its git repository.

    Raises Unreadable if the record is malformed.
    """
    for folder in (directory, *directory.parents):
        if (folder / RECORD).is_file():
            return _read(folder / RECORD)
        if (folder / ".git").exists():
            break
    return {}


def _read(path: Path) -> Daemons:
    try:
        found = tomllib.loads(path.read_text()).get("daemons", {})
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read: {error}. Correct it.") from None
    good = isinstance(found, dict) and all(
        command and isinstance(command, list) and all(isinstance(word, str) for word in command)
        for command in found.values()
    )
    if not good:
        raise Unreadable(
            f'{path}: each line of [daemons] is a name and a command, such as alerts = ["sendalerts"]. Correct it.'
        )
    return {str(name): command for name, command in found.items()}


def given(options: Sequence[str]) -> Daemons:
    """Return the daemons of the option --daemon: a command, or a name and a command, as NAME=COMMAND.

    Raises Unreadable if there is no command.
    """
    daemons: Daemons = {}
    for option in options:
        match = re.match(r"([a-z][a-z0-9-]*)=", option)
        try:
            command = shlex.split(option[match.end() :] if match else option)
        except ValueError:
            command = []
        if not command:
            raise Unreadable(
                f"--daemon {option!r} names no command. Write it as --daemon 'sendalerts --loop'."
            )
        program = next((word for word in command if word not in ("python", "-m")), "python")
        daemons[match[1] if match else Path(program).name] = command
    return daemons
