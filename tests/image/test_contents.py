"""What of a project is in its images, in their layers and in those of the stages before."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import example
from support.docker import build, docker, layers, node, wheel
from support.layouts import LAYOUTS, MANAGE, VARIABLES, Layout, files

from django_k8s.cli.image.selection import select

# One process makes what all of these tests use.
pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("image-production")]

# What a working folder holds, in the example's layout; each text says hunter2.
LOCAL = {
    ".dockerignore": "/certificates\n.gitignore\n",
    ".gitignore": "shop.sqlite\nlocal_settings.py\n",
    ".env": "SECRET_KEY=hunter2\n",
    ".envs/.production/.django": "SECRET_KEY=hunter2\n",
    ".git/config": "hunter2",
    "certificates/server.pem": "hunter2",
    "chart/Chart.yaml": "name: hunter2\n",
    "config/local_settings.py": "SECRET_KEY = 'hunter2'\n",
    "shop.sqlite": "SQLite format 3\0hunter2",
    "values.yaml": "hunter2",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node()
    return wheel(tmp_path_factory.mktemp("library"))


@contextmanager
def built(context: Path, library: Path | None, *options: str) -> Iterator[str]:
    tag = build(context, library, *options)
    try:
        yield tag
    finally:
        docker("rmi", "-f", tag, check=False)


def site(folder: Path) -> Path:
    """The example with all that lies about in a working folder, and a front end that lists what it sees."""
    Layout(LOCAL, set()).write(example.copy(folder))
    names = {"name": "shop", "version": "1.0.0"}
    scripts = {"build": "mkdir -p node_modules && find . -type f > board/static/board/seen.txt"}
    (folder / "package.json").write_text(json.dumps({**names, "private": True, "scripts": scripts}))
    lock = {**names, "lockfileVersion": 3, "requires": True, "packages": {"": names}}
    (folder / "package-lock.json").write_text(json.dumps(lock))
    return folder


def arguments(layout: Layout) -> list[str]:
    return ["--build-arg", f"PROJECT_DIR={layout.folder}", "--build-arg", f"ALLOW_FILES={layout.allow}"]


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name: str, library: Path, tmp_path: Path) -> None:
    """The image has exactly the files that no ignore file of the project excludes."""
    layout = LAYOUTS[name]
    context = layout.write(tmp_path)
    (context / "requirements.txt").write_text((example.EXAMPLE / "requirements.txt").read_text())
    with built(context, library, "--target", "source", *arguments(layout)) as tag:
        find = f"cd /app/{layout.folder} && find . -type f ! -name .gitignore ! -name .dockerignore; grep -r SECRET ."
        found = docker("run", "--rm", tag, "sh", "-c", find, check=False).stdout.split()

    assert {name.removeprefix("./") for name in found} - {"requirements.txt"} == layout.image


@pytest.mark.parametrize("target", ["source", "built-source", "project", "runtime"])
def test_no_secret_in_a_layer(target: str, library: Path, tmp_path: Path) -> None:
    """A cache that is exported holds the layers of all stages, so none of them may have it."""
    options = ("--target", target, "--build-arg", "FRONTEND_DIR=.")
    with built(site(tmp_path / "site"), library, *options) as tag:
        found = dict(layers(tag))
        history = docker("history", "--no-trunc", tag).stdout

    assert [name for name, content in found.items() if b"hunter2" in content] == []
    assert "hunter2" not in history
    names = [name for name in found if name.startswith("app/")]
    assert "app/manage.py" in names
    assert [
        name for name in names if re.search(r"\.env|\.git/|sqlite|local_settings|chart/|values", name)
    ] == []
    if target == "project":  # the front end saw no more
        assert b"./manage.py" in found["app/board/static/board/seen.txt"]
        assert not re.search(rb"\.env|sqlite|local_settings|\.pem", found["app/board/static/board/seen.txt"])


def test_no_file_of_the_toolkit(library: Path, tmp_path: Path) -> None:
    """Of what the package carries to be copied, just the entrypoints: they are what runs."""
    context = example.copy(tmp_path / "site")
    with built(context, library, "--target", "dependencies") as tag:
        find = "ls /opt/venv/lib/python3*/site-packages/django_k8s/_assets"
        assert docker("run", "--rm", tag, "sh", "-c", find).stdout.split() == ["entrypoints"]


def test_a_secret_stops_the_build(library: Path, tmp_path: Path) -> None:
    """One sentence for the file, and the argument that allows it."""
    context = example.copy(tmp_path / "site")
    Layout({"config/prod.env": VARIABLES}, set()).write(context)
    tag = f"django-k8s-test:{uuid.uuid4().hex[:8]}"
    options = (
        *("-f", "docker/Dockerfile", "--network", "host", "--progress", "plain", "-t", tag),
        *("--build-context", f"library={library}", "--target", "source", str(context)),
    )
    refused = docker("build", *options, check=False, timeout=900)
    assert refused.returncode != 0
    assert "config/prod.env sets environment variables, which often are secrets." in refused.stderr
    assert "SECRET" not in refused.stderr

    (allowed,) = set(re.findall(r"--build-arg (ALLOW_FILES=\S+)", refused.stderr))
    docker("build", "--build-arg", allowed, *options, timeout=900)
    docker("rmi", "-f", tag, check=False)


def test_dockers_own_reading(tmp_path: Path, library: Path) -> None:
    """The builder itself, given the same .dockerignore, copies the same files."""
    names = [
        "a",
        "b/a",
        "b/c/a",
        "b/keep",
        "c/x.log",
        "x.log",
        "d/e/f",
        "d/g/f",
        "e/f",
        "src/a",
        "src/b/x.tmp",
        "out/a",
    ]
    lines = [
        "*",
        "!b",
        "b/c",
        "!src",
        "**/*.tmp",
        "!d/*/f",
        "!x.log",
        "./out",
        " !c ",
        "c/*.log",
        "/e",
        "!e/f",
    ]
    context = Layout(dict.fromkeys(names, MANAGE), set()).write(tmp_path / "context")
    (context / ".dockerignore").write_text("\n".join([*lines, "!.dockerignore"]))
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    out = tmp_path / "out"
    docker("build", "-f", str(tmp_path / "Dockerfile"), "-o", f"type=local,dest={out}", str(context))

    assert files(out) == set(select(context, "", []).files) - {".dockerignore"}
    assert 3 < len(files(out)) < len(names)


def steps(context: Path, library: Path, *options: str) -> list[str]:
    """Build, and return the steps that did not come from the cache."""
    tag = f"django-k8s-test:{uuid.uuid4().hex[:8]}"
    log = build(context, library, *options, tag=tag, plain=True)
    docker("rmi", "-f", tag, check=False)
    named = dict(re.findall(r"^#(\d+) \[(\w+ +\d+/\d+\] .*)$", log, re.MULTILINE))
    done = [step for step in named if not re.search(rf"^#{step} CACHED", log, re.MULTILINE)]
    return [named[step] for step in done if " FROM " not in named[step]]


def test_what_is_built_again(library: Path, tmp_path: Path) -> None:
    """A changed line copies the project anew and collects its files; a changed database, nothing.

    The steps that read the context look at it again, and nothing of the dependencies is installed again.
    """
    looks = {"inputs", "source", "package"}
    context = site(tmp_path / "site")
    steps(context, library)
    assert steps(context, library) == []

    (context / "shop.sqlite").write_text(f"another row: {uuid.uuid4()}")
    assert {step.partition(" ")[0] for step in steps(context, library)} == looks

    (context / "config" / "urls.py").open("a").write(f"# changed: {uuid.uuid4()}\n")
    again = steps(context, library)
    assert len(again) <= 7, again
    assert {step.partition(" ")[0] for step in again} == {*looks, "project", "runtime"}


def test_library_in_the_project(library: Path, tmp_path: Path) -> None:
    """The folder of the wheel may be the project, as in the Compose and bake files: just the wheel is read."""
    context = site(tmp_path / "site")
    (wheel_file,) = library.glob("*.whl")
    (context / wheel_file.name).write_bytes(wheel_file.read_bytes())
    steps(context, context, "--target", "source")
    (context / "config" / "urls.py").open("a").write("# changed\n")

    assert [step.partition(" ")[0] for step in steps(context, context, "--target", "source")] == ["source"]


def test_development_image(library: Path, tmp_path: Path) -> None:
    """It copies the lock file alone."""
    context = site(tmp_path / "site")
    (context / "notes.txt").write_text("hunter2")
    tag = f"django-k8s-test:{uuid.uuid4().hex[:8]}"
    options = ("-f", "docker/Dockerfile.dev", "--network", "host", "--build-context", f"library={library}")
    docker("build", *options, "-t", tag, str(context), timeout=900)
    try:
        found = dict(layers(tag))
    finally:
        docker("rmi", "-f", tag, check=False)

    assert [name for name, content in found.items() if b"hunter2" in content] == []
    assert [name for name in found if name.startswith("app/") and name != "app/"] == []
    assert {name for name in found if name.startswith("build/") and not name.endswith("/")} - {
        "build/python"
    } == {"build/packages", "build/python/plan.json", "build/python/requirements.txt"}
