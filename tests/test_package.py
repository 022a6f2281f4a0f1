"""The wheel carries what it promises, and nothing that lay about in the working tree."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import django_k8s

# One process makes what all of these tests use.
pytestmark = pytest.mark.xdist_group("package")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The files of a wheel built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    assert wheel.name.startswith(f"django_k8s_toolkit-{django_k8s.__version__}-")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.mark.parametrize(
    "name",
    [
        "django_k8s/py.typed",
        "django_k8s/_assets/docker/Dockerfile",
        "django_k8s/_assets/docker/Dockerfile.dev",
        "django_k8s/_assets/docker/compose.yaml",
        "django_k8s/_assets/entrypoints/entrypoint",
        "django_k8s/_assets/charts/django/Chart.yaml",
        "django_k8s/_assets/charts/django/templates/_pod.tpl",
        "django_k8s/_assets/charts/django/.helmignore",
        "django_k8s/_assets/manifests/base/kustomization.yaml",
        "django_k8s/_assets/manifests/staging/kustomization.yaml",
        "django_k8s/_assets/entrypoints/web",
        "django_k8s/_assets/example_project/manage.py",
        "django_k8s/migrations/0001_initial.py",
    ],
)
def test_carries(names: list[str], name: str) -> None:
    """What `django-k8s copy` brings out, and what makes the package whole."""
    assert name in names


@pytest.mark.parametrize("lock", ["tools", "toolkit"])
def test_images_get_what_is_tested(lock: str) -> None:
    """What Dockerfiles install has the versions of these tests; `make lock` takes them from requirements/dev.txt."""
    tested = pins(ROOT / "requirements" / "dev.txt")
    found = pins(ROOT / "requirements" / "image" / f"{lock}.txt")

    assert len(found) > 2
    assert {
        name: versions for name, versions in found.items() if not versions <= tested.get(name, set())
    } == {}


def pins(lock: Path) -> dict[str, set[str]]:
    """The versions of each package in a lock file: several where they depend on the version of Python."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)(?:\[.*?\])?==([^ ;\\]+)", lock.read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def test_carries_nothing_else(names: list[str]) -> None:
    """No database, upload, bytecode or environment file of whoever built it."""
    stray = (".pyc", ".sqlite3", ".env", "-wal", "-shm", ".log")
    folders = ("/media/", "/staticfiles/", "/.state/", "/node_modules/", "/__pycache__/")

    assert [
        name for name in names if name.endswith(stray) or any(folder in f"/{name}" for folder in folders)
    ] == []
