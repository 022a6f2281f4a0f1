"""The chart, rendered."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import django_k8s
from support.need import need
from support.patience import patience

ROOT = Path(__file__).resolve().parent.parent.parent
# The installed one, which `make broken` can break.
CHART = Path(django_k8s.__file__).parent / "_assets" / "charts" / "django"
HELMS = ("helm", "helm3")
OLDEST, NEWEST = "1.30.0", "1.37.0"

Object = dict[str, Any]


def helm(program: str = "helm") -> str:
    """Helm 4 or 3: from HELM or HELM3, else from PATH."""
    path = shutil.which(os.environ.get(program.upper(), program))
    need(program, path, "install Helm 4 as helm and Helm 3 as helm3, or name them in HELM and HELM3")
    assert path
    return path


def merged(one: Object, *others: Object) -> Object:
    """``one`` with what the others say over it, as Helm merges values."""
    result = copy.deepcopy(one)
    for other in others:
        for key, value in other.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


def preset(name: str) -> Object:
    """The values of a preset file."""
    found: Object = yaml.safe_load((CHART / f"values-{name}.yaml").read_text())
    return found


def template(
    values: Object, program: str = "helm", version: str = NEWEST, name: str = "shop"
) -> subprocess.CompletedProcess[str]:
    """What `helm template` says."""
    return subprocess.run(
        [helm(program), "template", name, str(CHART), "-n", "space", "--kube-version", version, "-f", "-"],
        input=yaml.safe_dump(values),
        capture_output=True,
        text=True,
        check=False,
        timeout=patience(60),
    )


def render(values: Object, program: str = "helm", version: str = NEWEST) -> list[Object]:
    """The objects that the chart makes."""
    done = template(values, program, version)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.load_all(done.stdout, yaml.CSafeLoader) if found]


def named(objects: list[Object]) -> dict[tuple[str, str], Object]:
    """Objects by kind and name."""
    return {(found["kind"], found["metadata"]["name"]): found for found in objects}


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """(name, template) of every pod that the objects make."""
    for found in objects:
        name, spec = f"{found['kind']}/{found['metadata']['name']}", found.get("spec", {})
        if found["kind"] == "Pod":
            yield name, found
        elif found["kind"] == "CronJob":
            yield name, spec["jobTemplate"]["spec"]["template"]
        elif "template" in spec and found["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield name, spec["template"]


def containers(template: Object) -> list[Object]:
    """Every container of a pod, the initial ones first."""
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]
