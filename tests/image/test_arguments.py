"""docker/Dockerfile builds any project by its arguments; the same by bake and by Compose."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import example
from support.docker import ROOT, build, docker, engine, node, web_alone, wheel
from support.patience import patience

# One process makes what all of these tests use.
# Never beside test_development.py: both use the Compose file, which has fixed ports.
pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("image-development")]

DOCKERFILES = ("docker/Dockerfile", "docker/Dockerfile.dev")
# Small ones, which the base has not: the programs `envsubst` and `bc`.
PACKAGES, BUILD_PACKAGES = "gettext-base", "bc"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    node()
    return wheel(tmp_path_factory.mktemp("library"))


def front_end(folder: Path, **scripts: str) -> None:
    """A package without dependencies, whose scripts write static files."""
    names = {"name": "shop", "version": "1.0.0"}
    lock = {**names, "lockfileVersion": 3, "requires": True, "packages": {"": names}}
    (folder / "package.json").write_text(json.dumps({**names, "private": True, "scripts": scripts}))
    (folder / "package-lock.json").write_text(json.dumps(lock))


@contextmanager
def index(folder: Path) -> Iterator[str]:
    """The wheel of a folder on the loopback address: what pip is told to install."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (file,) = folder.glob("*.whl")
        yield f"django-k8s-toolkit @ http://127.0.0.1:{server.server_port}/{file.name}"
        server.shutdown()


def run(image: str, *command: str, check: bool = True) -> str:
    return docker("run", "--rm", image, *command, check=check).stdout.strip()


def test_every_argument(library: Path, tmp_path: Path) -> None:
    """A front end, another requirements file, packages for run time and for building, the library from an index."""
    context = example.copy(tmp_path / "site")
    (context / "requirements").mkdir()
    (context / "requirements.txt").rename(context / "requirements" / "production.txt")
    (context / "config").rename(context / "shop")
    for path in [*context.glob("shop/*.py"), context / "manage.py"]:
        path.write_text(path.read_text().replace("config.", "shop.").replace('"config"', '"shop"'))
    built = "board/static/board/built.css"
    front_end(
        context,
        build=f"echo 'body {{ margin: 0 }} /* by npm */' | cat - words.css > {built} && mkdir -p node_modules/x",
    )
    (context / "build.sh").write_text("exit 1  # the project's own, which nobody has asked for\n")
    with index(library) as source:
        arguments = {
            "FRONTEND_DIR": ".", "FRONTEND_BEFORE": "echo '/* by python */' > words.css", "LOCK": "requirements/production.txt", "SETTINGS": "shop.settings", "LIBRARY": source,
            "PACKAGES": PACKAGES, "BUILD_PACKAGES": BUILD_PACKAGES, "RELEASE": "2.0", "REVISION": "abc", "CREATED": "2026-01-01",
        }  # fmt: skip
        options = [item for name, value in arguments.items() for item in ("--build-arg", f"{name}={value}")]
        tag = f"django-k8s-test:{uuid.uuid4().hex[:8]}"
        log = build(context, None, *options, tag=tag, plain=True)
        dependencies = build(context, None, *options, "--target", "dependencies")
    try:
        assert not re.search(r"^.*(WARN: |\d+ warnings? found).*", log, re.MULTILINE), (
            "what the builder finds odd"
        )
        # PACKAGES are in the image, BUILD_PACKAGES just where the project is installed and built.
        programs = ("sh", "-c", "for name in bc envsubst; do command -v $name; done; true")
        assert run(dependencies, *programs).split() == ["/usr/bin/bc", "/usr/bin/envsubst"]
        assert run(tag, *programs) == "/usr/bin/envsubst"
        # LIBRARY: pip notes where it had it from.
        code = "from importlib.metadata import distribution as d; print(d('django-k8s-toolkit').read_text('direct_url.json'))"
        assert json.loads(run(tag, "python", "-c", code))["url"] == source.partition(" @ ")[2]
        assert run(tag, "python", "-c", "import os; print(os.path.exists('/app/node_modules'))") == "False"
        labels = json.loads(docker("image", "inspect", "-f", "{{json .Config.Labels}}", tag).stdout)
        assert [
            labels[f"org.opencontainers.image.{name}"] for name in ("version", "revision", "created")
        ] == [
            "2.0",
            "abc",
            "2026-01-01",
        ]
        # FRONTEND: what npm made is hashed and served, by the project with its settings of another name.
        code = (
            "import json; print(json.load(open('/opt/static/staticfiles.json'))['paths']['board/built.css'])"
        )
        hashed = run(tag, "python", "-c", code)
        with web_alone(tag) as web:
            code = f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/static/{hashed}').read().decode())"
            served = web.python(code)
            assert "by npm" in served
            assert "by python" in served
    finally:
        docker("rmi", "-f", tag, dependencies, check=False)


def bake(*args: str, **variables: str) -> str:
    result = subprocess.run(
        ["docker", "buildx", "bake", "-f", "docker/docker-bake.hcl", *args],
        cwd=ROOT,
        env={**os.environ, "BUILDX_GIT_INFO": "false", **variables},
        capture_output=True,
        text=True,
        timeout=patience(600),
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def arguments_of(file: str) -> set[str]:
    return set(re.findall(r"^ARG (\w+)=", (ROOT / file).read_text(), re.MULTILINE))


def test_compose_takes_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each argument of the development image is a variable of the Compose file, with the same default."""
    engine()
    file = (ROOT / "docker" / "Dockerfile.dev").read_text()
    defaults = {name: value.strip('"') for name, value in re.findall(r"^ARG (\w+)=(.*)$", file, re.MULTILINE)}
    names = {name: "DJANGO_SETTINGS_MODULE" if name == "SETTINGS" else name for name in defaults}
    for name in names.values():
        monkeypatch.delenv(name, raising=False)
    # bash has a meaning of its own for one of the names, so they come from a file.
    (tmp_path / "values").write_text("".join(f"{name}=of-{name}\n" for name in names.values()))
    (tmp_path / "none").write_text("")
    for given, expected in (
        ("values", {name: f"of-{variable}" for name, variable in names.items()}),
        ("none", defaults),
    ):
        options = ("-f", "docker/compose.yaml", "--env-file", str(tmp_path / given))
        services = json.loads(docker("compose", *options, "config", "--format", "json").stdout)["services"]
        assert services["web"]["build"]["args"] == expected


def test_bake_takes_variables(library: Path) -> None:
    """Each argument of the Dockerfiles is a variable of the bake file, and is given to both that have it."""
    arguments = {file: arguments_of(file) for file in DOCKERFILES}
    images = {"PYTHON_IMAGE": "python:3.13-slim", "PREVIOUS_IMAGE": "shop:3.0"}
    values = {name: f"of-{name}" for name in arguments["docker/Dockerfile"] - {"CREATED"}} | images
    places = {"NAME": "shop", "PROJECT": "site", "DOCKERFILES": "site/docker", "LIBRARY_DIR": str(library)}
    plan = json.loads(bake("--print", **values, **places))

    assert plan["group"]["default"]["targets"] == ["production", "development"]
    production, development = plan["target"]["production"], plan["target"]["development"]
    assert production["args"] == values
    assert development["args"] == {name: values[name] for name in arguments["docker/Dockerfile.dev"]}
    assert (production["dockerfile"], production["tags"]) == ("site/docker/Dockerfile", ["shop:of-RELEASE"])
    assert (development["dockerfile"], development["tags"]) == (
        "site/docker/Dockerfile.dev",
        ["shop-development"],
    )
    for target in (production, development):
        assert (target["context"], target["contexts"]) == ("site", {"library": str(library)})


def test_bake_describes_what_it_pushes() -> None:
    """The image that is pushed has an SBOM and its provenance, and the times of its files are those of the commit."""
    target = json.loads(bake("--print", "release", SOURCE_DATE_EPOCH="1700000000"))["target"]["release"]

    assert sorted(target["attest"]) == ["type=provenance,mode=max", "type=sbom"]
    assert target["args"]["SOURCE_DATE_EPOCH"] == "1700000000"
    assert target["output"] == ["type=image,push=true,rewrite-timestamp=true"]
    assert target["dockerfile"].endswith("/Dockerfile")


def test_bake_builds(library: Path, tmp_path: Path) -> None:
    """The production target is built and says its release."""
    network = tmp_path / "network.json"  # the host's, as everywhere in these tests
    network.write_text(json.dumps({"target": {"production": {"network": "host"}}}))
    name = f"django-k8s-test-{uuid.uuid4().hex[:8]}"
    folders = {"PROJECT": ROOT / "example_project", "DOCKERFILES": ROOT / "docker", "LIBRARY_DIR": library}
    try:
        bake(
            "-f",
            str(network),
            "production",
            NAME=name,
            RELEASE="4.0",
            **{k: str(v) for k, v in folders.items()},
        )
        assert (
            run(f"{name}:4.0", "sh", "-c", "echo $RELEASE $DJANGO_SETTINGS_MODULE") == "4.0 config.settings"
        )
    finally:
        docker("rmi", "-f", f"{name}:4.0", check=False)


def test_assets_of_compose(library: Path, tmp_path: Path) -> None:
    """`--profile assets`: Node installs what the project names, then runs its script `watch`, as the same user."""
    site = example.copy(tmp_path / "site")
    front_end(site, watch="id -u > board/static/board/watched.txt")
    environment = {
        **os.environ, "COMPOSE_PROJECT_NAME": f"test{uuid.uuid4().hex[:8]}", "PROJECT": str(site), "USER_ID": str(os.getuid()),
    }  # fmt: skip

    def compose(*args: str) -> str:
        command = ["docker", "compose", "-f", "docker/compose.yaml", "--profile", "assets", *args]
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=patience(200),
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    services = json.loads(compose("config", "--format", "json"))["services"]
    assert {"web", "worker", "beat", "db", "redis", "s3", "assets"} <= services.keys()
    try:
        compose("run", "--rm", "--no-deps", "-T", "assets")
    finally:
        compose("down", "-v")
    assert (site / "board" / "static" / "board" / "watched.txt").read_text() == f"{os.getuid()}\n"


@pytest.mark.parametrize("file", DOCKERFILES)
def test_checks_of_the_builder(file: str, library: Path) -> None:
    """BuildKit's own lint, where the client has it (buildx 0.15): `make lint` runs hadolint everywhere."""
    if "--call" in docker("buildx", "build", "--help").stdout:
        result = docker("buildx", "build", "--call=check", "-f", file, "example_project")
        assert "no warnings found" in result.stdout + result.stderr
        return
    # Older builders warn while they read the file, which they do whatever is built of it.
    first = re.search(r"^FROM .* AS (\w+)$", (ROOT / file).read_text(), re.MULTILINE)
    assert first
    options = ("--progress", "plain", "-f", file, "--target", first[1], "--output", "type=cacheonly")
    log = docker("buildx", "build", *options, "example_project", timeout=300).stderr
    assert not re.search(r"(?i)\bwarn(ing)?s?\b", log), log
