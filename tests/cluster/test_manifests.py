"""The plain manifests of a throw-away environment: applied once, they come up and work."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from support import example
from support.chart import ROOT
from support.cluster import APPLICATION, Images, Space, eventually, space

pytestmark = pytest.mark.cluster


def overlay(folder: Path, made: Space, image: str) -> Path:
    """manifests/staging with the name of its namespace and image, and a port on the node."""
    shutil.copytree(ROOT / "manifests", folder)
    path = folder / "staging" / "kustomization.yaml"
    content = yaml.safe_load(path.read_text())
    name, _, tag = image.partition(":")
    content["namespace"] = made.name
    content["images"] = [{"name": "django-project", "newName": name, "newTag": tag}]
    port = [{"op": "replace", "path": "/spec/type", "value": "NodePort"}]
    variables = [{"op": "add", "path": f"/data/{key}", "value": value} for key, value in APPLICATION.items()]
    content["patches"] = [
        {"target": {"kind": "Service", "name": "django"}, "patch": yaml.safe_dump(port)},
        {"target": {"kind": "ConfigMap", "name": "django-config"}, "patch": yaml.safe_dump(variables)},
    ]
    path.write_text(yaml.safe_dump(content))
    return path.parent


def test_staging(images: Images, tmp_path: Path) -> None:
    """`kubectl apply -k` converges at the first attempt: board, thumbnail, ticks; a second one changes nothing."""
    with space("manifests") as made:
        folder = overlay(tmp_path / "manifests", made, images.first)
        began = time.monotonic()
        done = subprocess.run(
            ["kubectl", "apply", "-k", str(folder)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "violate" not in done.stderr, done.stderr
        for role in ("web", "worker-default", "scheduler"):
            made.kubectl("rollout", "status", f"deployment/django-{role}", "--timeout=120s")
        print(f"apply -k: {time.monotonic() - began:.1f} s")

        reader = example.Reader(made.port("django"))
        reader.get("/board/")
        reader.post("/board/notes", {"title": "Applied", "text": ""}, image=("a.png", example.picture()))
        thumbnail = "from board.models import Note; print(bool(Note.objects.get(title='Applied').thumbnail))"
        tick = "from board.models import TaskRun; print(TaskRun.objects.filter(name='board.tasks.tick').exists())"
        for code, what in ((thumbnail, "the thumbnail"), (tick, "a tick")):
            eventually(lambda code=code: made.python(code, "django") == "True", 30, what)  # type: ignore[misc]
        assert not any(made.restarts().values()), made.restarts()

        again = made.kubectl("apply", "-k", str(folder)).splitlines()
        assert [line for line in again if not line.endswith("unchanged")] == []
