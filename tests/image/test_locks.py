"""What is installed in an image is what the project's own tool installs from the same lock file, and our part over it."""

from __future__ import annotations

import json
import re
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import lock_kinds as kinds
from support.docker import build, docker, engine, wheel

# One process makes what all of these tests use.
pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("image-locks")]

# What the image has beside the project's packages: those of the library that the project does not have.
OURS = {"django-environ", "django-k8s-toolkit", "whitenoise"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    engine()
    return wheel(tmp_path_factory.mktemp("library"))


@contextmanager
def built(context: Path, library: Path, *options: str, **arguments: str) -> Iterator[tuple[str, str]]:
    """Build; the values are the image and what the build printed."""
    tag = f"django-k8s-test:{uuid.uuid4().hex[:8]}"
    given = [item for name, value in arguments.items() for item in ("--build-arg", f"{name}={value}")]
    try:
        yield tag, build(context, library, *given, *options, tag=tag, plain=True)
    finally:
        docker("rmi", "-f", tag, check=False)


def in_image(image: str, code: str) -> str:
    return docker("run", "--rm", "--entrypoint", "python", image, "-c", code).stdout.strip()


def of_project(image: str) -> set[str]:
    """Return the packages of an image without ours; gunicorn is ours."""
    code = "import importlib.metadata as m, json; print(json.dumps([{'name': d.name, 'version': d.version} for d in m.distributions(path=[p for p in __import__('sys').path if 'site-packages' in p])]))"
    found = kinds.packages(in_image(image, code))
    names = {entry.partition("==")[0] for entry in found}
    assert names >= {*OURS, "gunicorn"}
    return {entry for entry in found if entry.partition("==")[0] not in {*OURS, "gunicorn"}}


def listed(venv: Path) -> set[str]:
    """Return the packages of an environment on this machine, without gunicorn."""
    found = kinds.packages(kinds.uv("pip", "list", "--format", "json", "--python", venv, cwd=venv))
    assert "gunicorn==23.0.0" in found
    return found - {"gunicorn==23.0.0"}


def test_uv_lock(library: Path, tmp_path: Path) -> None:
    """The project is a package: it is installed with its command, and its settings load with the dummies of a file."""
    context = kinds.uv_package(tmp_path / "site")
    venv = tmp_path / "venv"
    chosen = ("--no-dev", "--group", "prod", "--extra", "cache")
    kinds.uv("sync", "--frozen", *chosen, cwd=context, UV_PROJECT_ENVIRONMENT=str(venv))
    arguments = {**kinds.CHOSEN, "SETTINGS": "shop.settings", "BUILD_ENV": "build.env"}
    # The step that installs is to run, since what it prints is looked at.
    with built(context, library, "--no-cache-filter", "dependencies", **arguments) as (image, log):
        assert of_project(image) == listed(venv)
        assert {"shop==1.0", "common==2.0", "idna==3.10"} <= of_project(image)
        assert docker("run", "--rm", image, "shopctl").stdout == "the shop\n"
        assert "site-packages/shop" in in_image(image, "import shop; print(shop.__file__)")
        files = docker(
            "run", "--rm", "--entrypoint", "find", image, "/app", "/opt/static", "/build", check=False
        )
        assert "/opt/static/shop/a.css" in files.stdout
        assert "build.env" not in files.stdout
        assert "/build" not in files.stdout
        # Nothing but uv's own cache has it: not the image.
        assert in_image(image, "import shutil; print(shutil.which('uv'))") == "None"
    assert re.search(r"replaced, in the image only: gunicorn 23\.0\.0 by 27", log)
    assert re.search(r"added: .*django-k8s-toolkit", log)


def test_uv_workspace(library: Path, tmp_path: Path) -> None:
    """The lock is above the project; of the other members just those that it needs are installed; so is a group that is
    called dev, if production needs it."""
    context = kinds.uv_workspace(tmp_path / "site")
    venv = tmp_path / "venv"
    chosen = ("--group", "dev", "--group", "prod", "--extra", "cache", "--package", "shop")
    kinds.uv("sync", "--frozen", *chosen, cwd=context, UV_PROJECT_ENVIRONMENT=str(venv))
    options = ("--target", "dependencies")
    with built(
        context, library, *options, **kinds.CHOSEN | {"GROUPS": "prod dev"}, PROJECT_DIR="backend"
    ) as (image, _):
        assert of_project(image) == listed(venv)
        assert "iniconfig==2.0.0" in of_project(image)
        assert "toml==0.10.2" not in of_project(image)


def test_pylock(library: Path, tmp_path: Path) -> None:
    context = kinds.pylock(tmp_path / "site")
    venv = tmp_path / "venv"
    kinds.uv("venv", venv, cwd=context)
    kinds.uv("pip", "sync", "--python", venv, "pylock.toml", cwd=context)
    with built(context, library, "--target", "dependencies", LOCK="pylock.toml") as (image, _):
        assert of_project(image) == listed(venv)


def test_poetry_lock(library: Path, tmp_path: Path) -> None:
    """The main group, a further one and an extra; the stored lock has what `poetry install` installs of it."""
    context = kinds.stored(tmp_path / "site", "poetry")
    arguments = {**kinds.CHOSEN, "LOCK": "poetry.lock"}
    lock = tomllib.loads((context / "poetry.lock").read_text())["package"]
    left_out = {"colorama", "gunicorn", "iniconfig", "six", "tzdata"}
    expected = {f"{entry['name']}=={entry['version']}" for entry in lock if entry["name"] not in left_out}
    with built(context, library, "--target", "dependencies", **arguments) as (image, _):
        assert of_project(image) == expected
        assert "certifi==2025.1.31" in expected


def test_pipfile_lock(library: Path, tmp_path: Path) -> None:
    """The packages and those of a further category; the stored lock has what `pipenv sync` installs of it."""
    context = kinds.stored(tmp_path / "site", "pipenv")
    lock = json.loads((context / "Pipfile.lock").read_text())
    versions = {
        name: entry.get("version", "==2.0") for name, entry in {**lock["default"], **lock["prod"]}.items()
    }
    expected = {
        f"{name}{version}"
        for name, version in versions.items()
        if name not in ("colorama", "gunicorn", "tzdata")
    }
    with built(context, library, "--target", "dependencies", LOCK="Pipfile.lock", GROUPS="prod") as (
        image,
        _,
    ):
        assert of_project(image) == expected
        assert any(entry.startswith("psycopg-binary==") for entry in expected)


def test_requirements(library: Path, tmp_path: Path) -> None:
    """Included files, constraints, a directory, a git repository and the project itself: what pip installs."""
    with kinds.repository(tmp_path) as address:
        context = kinds.requirements(tmp_path / "site", address)
        venv = tmp_path / "venv"
        kinds.uv("venv", "--seed", venv, cwd=context)
        python = venv / "bin" / "python"
        kinds.run(python, "-m", "pip", "install", "-q", "-r", "requirements/production.txt", cwd=context)
        arguments = {
            "LOCK": "requirements/production.txt",
            "SETTINGS": "shop.settings",
            "BUILD_ENV": "build.env",
        }
        with built(context, library, **arguments) as (image, _):
            assert of_project(image) == listed(venv)
            assert {"sqlparse==0.5.3", "greeting==3.0", "shop==1.0", "idna==3.10"} <= of_project(image)


def test_one_sentence(library: Path, tmp_path: Path) -> None:
    """A lock for another Python stops the build with what to do, before anything is installed."""
    context = kinds.write(
        tmp_path / "site", **{"pyproject.toml": '[project]\nname = "x"\nrequires-python = "<3.12"\n'}
    )
    options = (
        "-f",
        "docker/Dockerfile",
        "--progress",
        "plain",
        "--target",
        "dependencies",
        "--network",
        "host",
    )
    done = docker(
        "build", *options, "--build-context", f"library={library}", "--build-arg", "LOCK=pyproject.toml", str(context),
        check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode
    assert "requires Python <3.12, and PYTHON_IMAGE has 3.14" in done.stderr
    assert "--build-arg PYTHON_IMAGE=python:3.11-slim" in done.stderr
    assert "Traceback" not in done.stderr
