"""Images and containers of a real engine; each container is removed by the id that it was given."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.need import need, works
from support.patience import patience
from support.process import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = "python:3.14-slim"  # what the Dockerfiles build on by default
BASES = (PYTHON, "postgres:17", "redis:8")
CONFINED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
NODE = "node:22-slim"
KEY = "k" * 50


def docker(
    *args: str, check: bool = True, timeout: float = 300, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run the client; its output is text."""
    result = subprocess.run(
        ["docker", *args], cwd=cwd, capture_output=True, text=True, timeout=patience(timeout), check=False
    )
    assert not check or result.returncode == 0, f"docker {' '.join(args)}:\n{result.stdout}{result.stderr}"
    return result


def engine() -> None:
    """Skip, or fail in CI, where no engine or no base image is."""
    found = works("docker", "image", "inspect", *BASES)
    need("a container engine with the base images", found, f"start Docker and pull {' '.join(BASES)}")


def node() -> None:
    """The same for the image in which front ends are built."""
    engine()
    found = works("docker", "image", "inspect", NODE)
    need(f"the image {NODE}", found, f"pull {NODE}")


def wheel(folder: Path) -> Path:
    """A folder with a wheel of this tree."""
    import sys

    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder


def build(
    context: Path, library: Path | None, *args: str, tag: str | None = None, plain: bool = False
) -> str:
    """Build docker/Dockerfile; returns the tag, or the whole plain log when it is asked for."""
    tag = tag or f"django-k8s-test:{uuid.uuid4().hex[:8]}"
    options = [
        "--network",
        "host",
        "-f",
        "docker/Dockerfile",
        *(("--build-context", f"library={library}") if library else ()),
        "-t",
        tag,
        *args,
    ]
    result = docker("build", "--progress", "plain", *options, str(context), timeout=900)
    return result.stderr if plain else tag


def layers(image: str) -> Iterator[tuple[str, bytes]]:
    """Every file of every layer, with its bytes when it is small."""
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))
        base = set(
            docker("image", "inspect", "-f", "{{range .RootFS.Layers}}{{.}} {{end}}", PYTHON).stdout.split()
        )
        own = docker("image", "inspect", "-f", "{{range .RootFS.Layers}}{{.}} {{end}}", image).stdout.split()
        for name, digest in zip(manifest[0]["Layers"], own, strict=True):
            if digest in base:
                continue
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                for member in layer:
                    small = member.isfile() and member.size < 100_000
                    yield member.name, layer.extractfile(member).read() if small else b""


@dataclass
class Container:
    """A running container."""

    id: str

    def logs(self) -> str:
        result = docker("logs", self.id)
        return result.stdout + result.stderr

    def exec(self, *command: str, check: bool = True) -> str:
        return docker("exec", self.id, *command, check=check).stdout

    def python(self, code: str) -> str:
        return self.exec("python", "-c", code)

    def inspect(self, template: str) -> str:
        return docker("inspect", "-f", template, self.id).stdout.strip()

    def stop(self, grace: int) -> tuple[int, float]:
        """`docker stop -t GRACE`: the exit status and the seconds it took."""
        began = time.monotonic()
        docker("stop", "-t", str(grace), self.id, timeout=grace + 30)
        return int(self.inspect("{{.State.ExitCode}}")), time.monotonic() - began

    def status(self, port: int, path: str) -> int:
        """The status of an HTTP request from inside, 0 when there is no answer."""
        code = f"import http.client as h; c = h.HTTPConnection('127.0.0.1', {port}, timeout=5); c.request('GET', '{path}'); print(c.getresponse().status)"
        text = self.exec("python", "-c", code, check=False).strip()
        return int(text) if text.isdigit() else 0

    def wait_for(self, port: int, path: str, status: int = 200, seconds: float = 60) -> None:
        def there() -> bool:
            assert self.inspect("{{.State.Running}}") == "true", self.logs()
            return self.status(port, path) == status

        wait_until(there, seconds, f"{status} from {port}{path} of {self.logs()[-2000:]}", every=0.3)

    def processes(self) -> list[tuple[int, int, str, str]]:
        """(pid, parent, state, command line) of every process, but those of this look."""
        code = (
            "import glob, json\n"
            "for p in glob.glob('/proc/[0-9]*'):\n"
            "  try:\n"
            "    f = open(p + '/stat').read().rpartition(')')[2].split()\n"
            "    c = open(p + '/cmdline').read().replace(chr(0), ' ').strip()\n"
            "    print(json.dumps([int(p[6:]), int(f[1]), f[0], c]))\n"
            "  except OSError: pass\n"
        )
        rows = [json.loads(line) for line in self.python(code).splitlines()]
        return [
            (pid, parent, state, command)
            for pid, parent, state, command in rows
            if "import glob" not in command
        ]


@contextlib.contextmanager
def container(
    image: str, *command: str, options: Sequence[str] = (), **variables: str
) -> Iterator[Container]:
    """A container in the background, removed at the end."""
    env = [item for name, value in variables.items() for item in ("-e", f"{name}={value}")]
    started = Container(docker("run", "-d", *options, *env, image, *command).stdout.strip())
    try:
        yield started
    finally:
        docker("rm", "-f", "-v", started.id, check=False)


@contextlib.contextmanager
def web_alone(image: str) -> Iterator[Container]:
    """web, confined, with no other server beside it; alive when the block begins."""
    settings = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "*", "HTTPS": "false", "CELERY_BROKER_URL": "memory://"}
    with container(image, options=CONFINED, **settings, DATABASE_URL="sqlite:////tmp/db.sqlite3") as started:
        started.wait_for(8000, "/livez")
        yield started


@contextlib.contextmanager
def network() -> Iterator[str]:
    """A network of its own for containers that find each other by name."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    docker("network", "create", name)
    try:
        yield name
    finally:
        docker("network", "rm", name, check=False)
