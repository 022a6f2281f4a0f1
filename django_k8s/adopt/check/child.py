"""Run Django's system checks and look for missing migrations, in the project's interpreter; write JSON.

The text of this module is passed to the interpreter, so it may import only the standard library and the
project's own packages.
"""

from __future__ import annotations

import json
import os
import socket
import sys

PARAMETERS = json.loads(sys.argv[1])


def refuse(*_: object, **__: object) -> None:
    """Refuse a connection."""
    raise OSError("connections are not allowed while the project is checked")


def label(checked: object) -> str:
    """Return what a message is about: the label of a model, or the text of another object."""
    meta = getattr(checked, "_meta", None)
    return str(meta.label) if meta is not None else str(checked or "")


def checks() -> list[dict[str, object]]:
    """Return the messages of all checks that need no database."""
    from django.core.checks import run_checks

    found = []
    for one in run_checks(include_deployment_checks=True):
        silenced = one.is_silenced() if hasattr(one, "is_silenced") else False
        if not silenced:
            found.append(
                {
                    "id": str(one.id or ""),
                    "level": int(one.level),
                    "message": str(one.msg),
                    "hint": str(one.hint or ""),
                    "object": label(one.obj),
                }
            )
    return found


def migrations() -> dict[str, object]:
    """Return the project's own apps whose models lack a migration, and those with conflicting migrations."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.questioner import MigrationQuestioner
    from django.db.migrations.state import ProjectState

    own = {
        one.label
        for one in apps.get_app_configs()
        if os.path.realpath(one.path).startswith(PARAMETERS["root"])
    }
    loader = MigrationLoader(None, ignore_no_migrations=True)
    conflicts = {label: sorted(names) for label, names in loader.detect_conflicts().items() if label in own}
    if conflicts:
        return {"conflicts": conflicts, "missing": {}}
    detector = MigrationAutodetector(
        loader.project_state(),
        ProjectState.from_apps(apps),
        MigrationQuestioner(specified_apps=None, dry_run=True),  # other questioners ask, or exit
    )
    missing = {}
    for label, found in detector.changes(graph=loader.graph).items():
        if label in own:
            missing[label] = [operation.describe() for one in found for operation in one.operations][:3]
    return {"conflicts": {}, "missing": missing}


def error_of(error: BaseException) -> str:
    """Return an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def main() -> None:
    """Set Django up, run the checks, and write the result."""
    for owner, attribute in (
        (socket.socket, "connect"),
        (socket.socket, "connect_ex"),
        (socket, "getaddrinfo"),
    ):
        setattr(owner, attribute, refuse)
    sys.dont_write_bytecode = True
    sys.path[:] = [*PARAMETERS["before"], *(one for one in sys.path if one), *PARAMETERS["after"]]
    result: dict[str, object] = {}
    try:
        import django

        django.setup()
        for name, look in (("checks", checks), ("migrations", migrations)):
            try:
                result[name] = look()
            except Exception as error:
                result[f"{name}_failed"] = error_of(error)
    except BaseException as error:
        result["failed"] = error_of(error)
    with open(PARAMETERS["answer"], "w") as file:  # noqa: PTH123
        json.dump(result, file)
    sys.stdout.flush()
    os._exit(0)  # do not wait for the project's threads


main()
