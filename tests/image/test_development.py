"""Development in containers: reload, a debugger, and media on an S3 server."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import subprocess
import threading
import urllib.parse
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import example
from support.dap import attached
from support.docker import ROOT, docker, engine, wheel
from support.need import need, program
from support.patience import patience
from support.ports import free_port
from support.process import wait_until

# One process makes what all of these tests use.
pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("image-development")]

S3_IMAGE = "versity/versitygw:v1.8.0"


@dataclass
class Stack:
    """The services of docker/compose.yaml over a copy of the example."""

    folder: Path
    port: int
    s3_port: int
    env: dict[str, str]

    def compose(self, *args: str, check: bool = True, **more: str) -> str:
        """Run Compose; its output."""
        result = subprocess.run(
            ["docker", "compose", "-f", "docker/compose.yaml", *args],
            cwd=ROOT,
            env={**self.env, **more},
            capture_output=True,
            text=True,
            timeout=patience(300),
            check=False,
        )
        assert not check or result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def logs(self, service: str) -> str:
        return self.compose("logs", "--no-log-prefix", service)

    def page(self, path: str = "/") -> str:
        """The page, empty while nobody answers."""
        try:
            return example.Reader(self.port).get(path).body.decode()
        except (OSError, http.client.HTTPException):
            return ""


def s3_image(folder: Path) -> None:
    """The S3 server's image; where it cannot be pulled, one around the server's program."""
    if docker("image", "inspect", S3_IMAGE, check=False).returncode == 0:
        return
    path = program("versitygw", f"{os.environ.get('HOME', '/root')}/go/bin")
    need("versitygw", path, f"docker pull {S3_IMAGE}")
    assert path
    folder.mkdir()
    shutil.copy(path, folder / "versitygw")
    (folder / "Dockerfile").write_text(
        'FROM python:3.13-slim\nCOPY versitygw /app/versitygw\nENTRYPOINT ["/app/versitygw"]\n'
    )
    docker("build", "-q", "-t", S3_IMAGE, str(folder))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    engine()
    base = tmp_path_factory.mktemp("development")
    s3_image(base / "s3")
    folder = example.copy(base / "site")
    library = wheel(base / "library")
    name = f"test{uuid.uuid4().hex[:8]}"
    stack = Stack(
        folder,
        free_port(),
        free_port(),
        {
            **os.environ,
            "COMPOSE_PROJECT_NAME": name,
            "PROJECT": str(folder),
            "DOCKERFILE": str(ROOT / "docker" / "Dockerfile.dev"),
            "LIBRARY_DIR": str(library),
            "USER_ID": str(os.getuid()),
        },
    )
    stack.env |= {"PORT": str(stack.port), "S3_PORT": str(stack.s3_port)}
    docker(
        *("build", "--network", "host", "-f", "docker/Dockerfile.dev", "-t", f"{name}-development"),
        *("--build-context", f"library={library}", str(folder)),
        timeout=600,
    )
    with contextlib.ExitStack() as stack_end:
        stack_end.callback(docker, "rmi", "-f", f"{name}-development", check=False)
        stack_end.callback(stack.compose, "down", "-v", "-t", "10", check=False)
        stack.compose("up", "-d", "--wait")
        yield stack


def test_each_role_reloads(stack: Stack) -> None:
    """An edited file starts web, worker and beat again with what it says; a broken edit is mended by the next."""
    settings = stack.folder / "config" / "settings.py"
    good = settings.read_text()
    settings.write_text(good + 'print("a broken edit", flush=True)\nraise SystemExit(3)\n')
    for role in ("web", "worker", "beat"):
        wait_until(lambda role=role: "a broken edit" in stack.logs(role), 60, f"{role} with the broken edit")
    settings.write_text(good + 'print("the good edit", flush=True)\n')
    for role, ready in (("web", "Booting worker"), ("worker", " ready."), ("beat", "holds the lock")):
        wait_until(
            lambda role=role, ready=ready: re.search(f"the good edit.*{ready}", stack.logs(role), re.DOTALL),
            60,
            f"{role} with the good edit",
        )
    wait_until(lambda: "<main" in stack.page(), 30, "the board")
    template = stack.folder / "board" / "templates" / "board" / "base.html"
    template.write_text(template.read_text().replace("<body", '<body data-edit="template"'))
    wait_until(lambda: 'data-edit="template"' in stack.page(), 30, "the edited template")


def test_media_in_the_bucket(stack: Stack) -> None:
    """An upload goes to the S3 server, and a signed link that a browser on this machine can open comes back."""
    wait_until(lambda: "<main" in stack.page(), 60, "the board")
    example.Reader(stack.port).post(
        "/notes", {"title": "In a bucket", "text": ""}, image=("picture.png", example.picture(size=(80, 60)))
    )
    code = "from board.models import Note; note = Note.objects.latest('pk'); print(note.image.url if note.image else '')"
    link = stack.compose("run", "--rm", "--no-deps", "manage", "shell", "-v0", "-c", code).split()[-1]
    parts = urllib.parse.urlsplit(link)

    assert parts.netloc == f"s3.localhost:{stack.s3_port}"
    # As a browser does: the name is this machine.
    connection = http.client.HTTPConnection("127.0.0.1", stack.s3_port, timeout=patience(20))
    connection.request("GET", f"{parts.path}?{parts.query}", headers={"Host": parts.netloc})
    answer = connection.getresponse()
    assert (answer.status, answer.read()[:4]) == (200, b"\x89PNG")


def test_debugger(stack: Stack) -> None:
    """DEBUGGER=web: an editor's breakpoint stops a request in gunicorn's worker process; without it nothing listens."""
    views = (stack.folder / "board" / "views.py").read_text().splitlines()
    line = next(number for number, text in enumerate(views, 1) if text.startswith("def board(")) + 2
    stack.compose("up", "-d", "--wait", "--no-deps", "web", DEBUGGER="web")
    with attached(5678) as debugger:
        debugger.send("setBreakpoints", source={"path": "/app/board/views.py"}, breakpoints=[{"line": line}])
        assert debugger.answer("setBreakpoints")["body"]["breakpoints"][0]["verified"]
        debugger.send("configurationDone")
        pages: list[str] = []
        reader = threading.Thread(target=lambda: pages.append(stack.page()))
        reader.start()
        stopped = debugger.event("stopped")["body"]
        assert stopped["reason"] == "breakpoint"
        debugger.send("continue", threadId=stopped["threadId"])
        reader.join(30)
        assert "<main" in pages[0]
    stack.compose("up", "-d", "--wait", "--no-deps", "web")
    assert "debugpy" not in stack.compose(
        "exec", "-T", "web", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
    )
