"""Writes base/ and components/ from the chart: one source, two forms.

``base`` is the chart with migrations in the scheduler's init container, for kustomize changes an image and not the
name of a Job. A component is the difference that some values make: new objects, and patches of those that changed.
``python manifests/generate.py [FOLDER]`` writes beside this file, or into FOLDER; it needs helm.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
CHART = HERE.parent / "charts" / "django"
IMAGE = "django-project:unset"  # kustomize's `images` names the real one
HEADER = (
    "# Generated from charts/django by manifests/generate.py: change the chart, then run `make manifests`.\n"
)
SEED = "c27e50b94d8f13a6e09b6d724f158c3a"  # known to everybody, as manifests/staging/kustomization.yaml says

BASE: dict[str, Any] = {"image": IMAGE, "migrate": {"mode": "scheduler"}}
COMPONENTS: dict[str, dict[str, Any]] = {
    "staging": {
        "environment": "staging",
        "staging": {"enabled": True, "secretSeed": SEED},
        "media": {"enabled": True, "accessMode": "ReadWriteOnce", "size": "1Gi"},
    },
    "daemon": {"daemons": {"example": {"command": ["example"]}}},
    "autoscaling": {"web": {"autoscaling": {"enabled": True}}},
    "network-policy": {"networkPolicy": {"enabled": True}},
    "ingress": {
        "hosts": ["django.example.com"],
        "trustedProxies": ["10.0.0.0/8"],
        "ingress": {"enabled": True},
    },
}
Object = dict[str, Any]


def render(values: dict[str, Any]) -> dict[str, Object]:
    """The chart's objects by file name, without what is Helm's."""
    helm = shutil.which(os.environ.get("HELM", "helm"))
    if not helm:
        raise SystemExit("helm is not on PATH. Install Helm, or name it: HELM=/path/to/helm make manifests")
    done = subprocess.run(  # noqa: S603 - our own chart
        [helm, "template", "django", str(CHART), "--values", "-"],
        input=yaml.safe_dump(values),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    objects = {}
    for found in yaml.safe_load_all(done.stdout):
        if found:
            clean(found)
            name = found["metadata"]["name"].removeprefix("django-")
            objects[f"{found['kind'].lower()}-{name}.yaml"] = found
    return objects


def clean(value: Any) -> None:
    """Take away namespaces, Helm's labels, and versions, which kustomize sets by other means."""
    if isinstance(value, dict):
        for labels in (value.get("labels"), value.get("matchLabels")):
            if isinstance(labels, dict):
                for name in ("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"):
                    labels.pop(name, None)
        if "name" in value and value.get("namespace") == "default":
            del value["namespace"]
        for inner in value.values():
            clean(inner)
    elif isinstance(value, list):
        for inner in value:
            clean(inner)


def difference(old: Any, new: Any, path: str = "") -> list[dict[str, Any]]:
    """The JSON patch (RFC 6902) that makes ``new`` of ``old``; lists are replaced whole."""
    if old == new:
        return []
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [{"op": "replace", "path": path, "value": new}]
    steps: list[dict[str, Any]] = []
    for key in sorted(old.keys() | new.keys()):
        here = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in new:
            steps.append({"op": "remove", "path": here})
        elif key not in old:
            steps.append({"op": "add", "path": here, "value": new[key]})
        else:
            steps += difference(old[key], new[key], here)
    return steps


def write(path: Path, content: Any) -> None:
    """One file, with the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + yaml.safe_dump(content, sort_keys=False, width=110))


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """``one``, with what ``other`` says over it."""
    result = json.loads(json.dumps(one))
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def generate(folder: Path) -> None:
    """Write base and components into ``folder``."""
    base = render(BASE)
    for name in ("base", "components"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name, found in base.items():
        write(folder / "base" / name, found)
    write(
        folder / "base" / "kustomization.yaml",
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": sorted(base)},
    )
    for component, values in COMPONENTS.items():
        there = render(merged(BASE, values))
        target = folder / "components" / component
        new = sorted(there.keys() - base.keys())
        for name in new:
            write(target / name, there[name])
        patches: list[dict[str, Any]] = []
        for name, found in base.items():
            if name not in there:
                gone = {key: found[key] for key in ("apiVersion", "kind")}
                write(
                    target / f"remove-{name}",
                    {**gone, "metadata": {"name": found["metadata"]["name"]}, "$patch": "delete"},
                )
                patches.append({"path": f"remove-{name}"})
            elif steps := difference(found, there[name]):
                write(target / f"patch-{name}", steps)
                patches.append(
                    {
                        "path": f"patch-{name}",
                        "target": {"kind": found["kind"], "name": found["metadata"]["name"]},
                    }
                )
        kustomization: dict[str, Any] = {
            "apiVersion": "kustomize.config.k8s.io/v1alpha1",
            "kind": "Component",
        }
        if new:
            kustomization["resources"] = new
        if patches:
            kustomization["patches"] = patches
        write(target / "kustomization.yaml", kustomization)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
