"""The plain manifests are the chart's."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from support.chart import NEWEST, ROOT, helm
from support.need import need

MANIFESTS = ROOT / "manifests"
GENERATE = runpy.run_path(str(MANIFESTS / "generate.py"))


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}


def test_up_to_date(tmp_path: Path) -> None:
    """They are what `make manifests` writes."""
    helm()
    GENERATE["generate"](tmp_path)

    for name in ("base", "components"):
        assert files(MANIFESTS / name) == files(tmp_path / name), "run `make manifests`"


def kustomize(folder: Path) -> list[dict[str, Any]]:
    """What kustomize builds."""
    kubectl = shutil.which("kubectl")
    need("kubectl", kubectl, "install kubectl")
    assert kubectl
    done = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


@pytest.mark.parametrize("component", GENERATE["COMPONENTS"])
def test_same_as_the_chart(tmp_path: Path, component: str) -> None:
    """Base with a component is, object for object, the chart with the same values."""
    helm()
    shutil.copytree(MANIFESTS, tmp_path / "manifests")
    (tmp_path / "manifests" / "overlay").mkdir()
    (tmp_path / "manifests" / "overlay" / "kustomization.yaml").write_text(
        yaml.safe_dump({"resources": ["../base"], "components": [f"../components/{component}"]})
    )
    built = {
        (found["kind"], found["metadata"]["name"]): found
        for found in kustomize(tmp_path / "manifests" / "overlay")
    }
    values = GENERATE["merged"](GENERATE["BASE"], GENERATE["COMPONENTS"][component])
    chart = {
        (found["kind"], found["metadata"]["name"]): found for found in GENERATE["render"](values).values()
    }

    assert built == chart
    for found in built.values():
        kubernetes_validate.validate(found, NEWEST.rpartition(".")[0], strict=True)


def test_staging_overlay() -> None:
    """The overlay of a whole throw-away environment builds, with its image in every container of the project."""
    images = {
        container["image"]
        for found in kustomize(MANIFESTS / "staging")
        if found["kind"] in ("Deployment", "StatefulSet")
        for container in found["spec"]["template"]["spec"]["containers"]
    }
    assert images == {"django-k8s-example:dev", "postgres:17", "redis:8"}
