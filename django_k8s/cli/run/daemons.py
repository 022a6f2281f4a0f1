"""The daemons that ``django-k8s run`` starts: those on its command line, and those that ``init`` recorded.

The chart's values have them too, but Python cannot read YAML without a library.
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
    """The record or an option is malformed. The message says what to do."""


def recorded(directory: Path) -> Daemons:
    """Return the daemons in the record in ``directory`` or above it, up to the root of its git repository.

    Raise Unreadable if the record is malformed.
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
    """Return the daemons from the option --daemon, each of which is COMMAND or NAME=COMMAND.

    Raise Unreadable if there is no command.
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
