"""Record a release that is on a cluster for the tests: ``python -P tests/release/record.py NAMESPACE RELEASE NAME``.

It writes ``tests/release/recorded/NAME.json`` with what the diagnosis looks at, and with nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from django_k8s.release.diagnosis.snapshot import KINDS

FOLDER = Path(__file__).parent / "recorded"
STATUS = (
    "phase", "reason", "message", "conditions", "containerStatuses", "initContainerStatuses", "observedGeneration", "replicas",
    "readyReplicas", "updatedReplicas", "availableReplicas", "currentRevision", "updateRevision",
)  # fmt: skip
COMPONENT, REVISION = "app.kubernetes.io/component", "deployment.kubernetes.io/revision"


def trimmed(found: dict[str, Any]) -> dict[str, Any]:
    """An object with what the diagnosis looks at."""
    metadata, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    kept: dict[str, Any] = {
        "name": metadata["name"],
        "labels": {COMPONENT: (metadata.get("labels") or {}).get(COMPONENT)},
        "creationTimestamp": metadata["creationTimestamp"],
        "generation": metadata.get("generation", 0),
        "ownerReferences": [
            {"kind": owner["kind"], "name": owner["name"]} for owner in metadata.get("ownerReferences") or []
        ],
    }
    if revision := (metadata.get("annotations") or {}).get(REVISION):
        kept["annotations"] = {REVISION: revision}
    if "deletionTimestamp" in metadata:
        kept["deletionTimestamp"] = metadata["deletionTimestamp"]
    keys = ("replicas", "storageClassName")
    return {
        "kind": found["kind"],
        "metadata": kept,
        "spec": {
            **{key: spec[key] for key in keys if key in spec},
            **{
                key: [
                    {"name": one["name"], "resources": {"limits": one["resources"].get("limits", {})}}
                    for one in spec[key]
                ]
                for key in ("containers", "initContainers")
                if key in spec
            },
        },
        "status": {key: _status(key, value) for key, value in status.items() if key in STATUS},
    }


def _status(key: str, value: Any) -> Any:
    if key.endswith("Statuses"):
        return [
            {
                name: one[name]
                for name in ("name", "image", "ready", "restartCount", "started", "state", "lastState")
                if name in one
            }
            for one in value
        ]
    if key == "conditions":
        names = ("type", "status", "reason", "message")
        return [{name: one[name] for name in names if name in one} for one in value]
    return value


def event(found: dict[str, Any]) -> dict[str, Any]:
    """An event with what the diagnosis looks at."""
    about = found["involvedObject"]
    return {
        "involvedObject": {"kind": about["kind"], "name": about["name"]},
        "type": found.get("type"),
        "reason": found.get("reason"),
        "message": found.get("message", ""),
    }


def write(
    name: str, objects: list[dict[str, Any]], events: list[dict[str, Any]], logs: dict[str, str]
) -> None:
    """Write a recording, an object a line. Events of objects that are gone are left out, and those of health."""
    names = {found["metadata"]["name"] for found in objects}
    recording: dict[str, Any] = {
        "objects": [trimmed(found) for found in objects],
        "events": [
            event(found)
            for found in events
            if found["involvedObject"]["name"] in names and found.get("type") != "Normal"
        ],
    }
    FOLDER.mkdir(exist_ok=True)
    lines = [
        f"{json.dumps(key)}: [\n"
        + ",\n".join(json.dumps(one, sort_keys=True) for one in recording[key])
        + "\n]"
        for key in ("objects", "events")
    ]
    text = ",\n".join([*lines, f'"logs": {json.dumps(logs, indent=1)}'])
    (FOLDER / f"{name}.json").write_text(f"{{\n{text}\n}}\n")


def main() -> None:
    """Record what runs in a namespace now."""
    namespace, release, name = sys.argv[1:]

    def kubectl(*args: str) -> str:
        return subprocess.run(
            ["kubectl", "-n", namespace, *args], check=True, capture_output=True, text=True
        ).stdout

    selector = f"app.kubernetes.io/instance={release}"
    objects = json.loads(kubectl("get", KINDS, "-l", selector, "-o", "json"))["items"]
    events = json.loads(kubectl("get", "events", "-o", "json"))["items"]
    logs = {
        f"{found['metadata']['name']}/{status['name']}": kubectl(
            "logs", found["metadata"]["name"], "-c", status["name"], "--tail=30"
        )
        for found in objects
        if found["kind"] == "Pod"
        for status in [
            *found["status"].get("initContainerStatuses", []),
            *found["status"].get("containerStatuses", []),
        ]
        if not status["ready"] and ("waiting" not in status["state"] or status.get("lastState"))
    }
    write(name, objects, events, logs)


if __name__ == "__main__":
    main()
