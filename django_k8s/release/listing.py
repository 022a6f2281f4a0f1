"""``django-k8s list``: the environments of a project on a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django_k8s.release import kubeconfig, project, record
from django_k8s.release.diagnosis.snapshot import Snapshot
from django_k8s.release.kube import Kubectl, Object
from django_k8s.release.record import Record
from django_k8s.release.report import Report

_KINDS = "deployments,statefulsets,jobs"
_CHART = "app.kubernetes.io/name=django"  # a label of every object of the chart
_HEADER = ("NAME", "AGE", "EXPIRES", "RELEASE", "STATE", "ADDRESS")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line."""

    directory: Path = Path()
    context: str = ""
    everything: bool = False
    expired: bool = False
    as_json: bool = False


def environments(chosen: Options, report: Report) -> None:
    """Print the environments of the project, or of all projects. Raise Stopped if the cluster does not answer."""
    name = "" if chosen.everything else project.find(chosen.directory).name
    context = kubeconfig.read(chosen.context)
    kubectl = Kubectl(context.name, "default")
    kubectl.check()
    moment = record.now()
    held = record.read_all(kubectl, name)
    if chosen.expired:
        held = [one for one in held if one.is_expired(moment)]
    objects = kubectl.list(_KINDS, _CHART, everywhere=True) if held else []
    rows = [_row(one, moment, state_of(_own(objects, one))) for one in held]
    if chosen.as_json:
        report.text(json.dumps(rows, indent=2))
        return
    if not rows:
        of = f" of {name}" if name else ""
        report.text(
            f"There is no {'expired ' if chosen.expired else ''}environment{of} in the context {context.name}."
        )
        return
    header = ("PROJECT", *_HEADER) if chosen.everything else _HEADER
    lines = [[_cell(row, column) for column in header] for row in rows]
    widths = [max(len(line[column]) for line in [list(header), *lines]) for column in range(len(header))]
    for line in [list(header), *lines]:
        report.text("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def state_of(objects: Iterable[Object]) -> str:
    """Return the state of an environment with these objects: `ready`, `empty`, or what is not ready."""
    parts = Snapshot(list(objects)).parts()
    if not parts:
        return "empty"
    missing = [part.component for part in parts if not part.is_done]
    return f"not ready: {','.join(missing)}" if missing else "ready"


def _row(held: Record, moment: datetime, state: str) -> dict[str, Any]:
    expires = ""
    if held.expires:
        left = held.expires - moment
        expires = f"in {_short(left)}" if left > timedelta() else "expired"
    return {
        "project": held.project,
        "name": held.environment,
        "namespace": held.namespace,
        "created": held.created.isoformat(),
        "age": _short(moment - held.created),
        "expires_at": held.expires.isoformat() if held.expires else None,
        "expires": expires,
        "expired": held.is_expired(moment),
        "release": held.image.rpartition("/")[2].rpartition(":")[2],
        "image": held.image,
        "state": state,
        "address": held.address.partition("    #")[0],
    }


def _own(objects: Iterable[Object], held: Record) -> list[Object]:
    """Return those of ``objects`` that belong to an environment."""
    return [
        found
        for found in objects
        if found["metadata"]["namespace"] == held.namespace
        and found["metadata"]["labels"].get("app.kubernetes.io/instance") == held.project
    ]


def _cell(row: dict[str, Any], column: str) -> str:
    text = str(row[column.lower()])
    # The command is too long for the table. `up` and --json print it.
    return "(port-forward)" if text.startswith("kubectl ") else text or "-"


def _short(time: timedelta) -> str:
    """Return a duration in one unit, as kubectl prints it."""
    seconds = max(0, int(time.total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size or (unit == "d" and seconds >= size):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
