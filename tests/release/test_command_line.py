"""`django-k8s up`, `down` and `list` where something is missing: one sentence, its status, no traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.need import need
from support.process import environment, run, wait_until

CONFIG = {
    "apiVersion": "v1", "kind": "Config", "current-context": "away",
    "contexts": [{"name": "away", "context": {"cluster": "away", "user": "me"}}],
    "clusters": [{"name": "away", "cluster": {"server": "https://203.0.113.7:6443"}}],
    "users": [{"name": "me", "user": {}}],
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with deploy/ in a git repository."""
    root = tmp_path / "shop"
    (root / "deploy").mkdir(parents=True)
    (root / "deploy" / "Dockerfile").write_text("FROM scratch\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def command(cwd: Path, *args: str, **variables: str) -> tuple[int, str]:
    """The exit status and what was printed."""
    done = run([sys.executable, "-m", "django_k8s.cli", *args], environment(**variables), cwd)
    assert "Traceback" not in done.stderr, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.returncode, done.stderr


def config(folder: Path, **changes: object) -> str:
    """A configuration of kubectl; its path."""
    path = folder / "kubeconfig"
    path.write_text(json.dumps({**CONFIG, **changes}))
    return str(path)


def programs(folder: Path, *names: str) -> str:
    """A PATH with nothing but these programs."""
    path = folder / "bin"
    path.mkdir()
    for name in names:
        found = shutil.which(name)
        need(name, found, f"install {name}")
        (path / name).symlink_to(str(found))
    return str(path)


@pytest.mark.parametrize("name", ["up", "list", "down"])
def test_no_project(tmp_path: Path, name: str) -> None:
    """The sentence names the command that writes deploy/."""
    status, said = command(tmp_path, name, *(["staging"] if name == "down" else []))

    assert status == 66
    assert "Run `django-k8s init` first" in said


@pytest.mark.parametrize("name", ["up", "list", "down"])
def test_no_kubectl(shop: Path, name: str) -> None:
    """A program that is missing is named."""
    status, said = command(shop, name, *(["staging"] if name == "down" else []), PATH="")

    assert status == 69
    assert said.startswith("django-k8s: kubectl is not on PATH. Install it from https://")


@pytest.mark.parametrize("name", ["up", "list", "down"])
def test_no_cluster(shop: Path, tmp_path: Path, name: str) -> None:
    """The cluster is asked before anything is built, with no other program at hand."""
    server = [{"name": "away", "cluster": {"server": "https://127.0.0.1:1"}}]
    arguments = [name, *(["staging"] if name == "down" else [])]
    path = programs(tmp_path, "kubectl")
    status, said = command(shop, *arguments, PATH=path, KUBECONFIG=config(tmp_path, clusters=server))

    assert status == 69
    assert said.startswith("django-k8s: The cluster does not answer")


@pytest.mark.parametrize("name", ["up", "list", "down"])
def test_no_context(shop: Path, tmp_path: Path, name: str) -> None:
    """No cluster is configured."""
    need("kubectl", shutil.which("kubectl"), "install kubectl")
    arguments = [name, *(["staging"] if name == "down" else [])]
    status, said = command(shop, *arguments, KUBECONFIG=str(tmp_path / "none"), PATH=os.environ["PATH"])

    assert status == 69
    assert "kubectl has no cluster to talk to" in said
    status, said = command(
        shop, *arguments, "--context", "nope", KUBECONFIG=config(tmp_path), PATH=os.environ["PATH"]
    )
    assert status == 69
    assert "kubectl has no cluster to talk to" in said


@pytest.mark.parametrize("name", ["up", "down"])
def test_a_cluster_elsewhere_is_confirmed(shop: Path, tmp_path: Path, name: str) -> None:
    """Without a terminal to ask at, nothing is done."""
    need("kubectl", shutil.which("kubectl"), "install kubectl")
    status, said = command(shop, name, "pr-1", KUBECONFIG=config(tmp_path), PATH=os.environ["PATH"])

    assert status == 64
    assert "which is not on this machine. Confirm it with --context away or --yes." in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["up", "PR 1"], "cannot be the name of an environment"),
        (["up", "production"], "refuses production"),
        (["up", "--expires", "soon"], "Write one such as 90m"),
        (["down"], "Name the environment to remove"),
        (["down", "pr-1", "--expired"], "Leave out the name"),
    ],
)
def test_wrong_command_line(shop: Path, arguments: list[str], sentence: str) -> None:
    """Status 64, as for every command line that makes no sense."""
    status, said = command(shop, *arguments)

    assert status == 64
    assert sentence in said


def test_runs_without_django(shop: Path) -> None:
    """Neither Django nor the project is loaded: both may be missing."""
    code = "import sys; sys.modules['django'] = None; from django_k8s.cli.__main__ import main; sys.exit(main(['up', 'A']))"

    assert run([sys.executable, "-c", code], environment(), shop).returncode == 64


def test_interrupted(shop: Path, tmp_path: Path) -> None:
    """Ctrl-C while a program works: status 130 and how to go on."""
    path = tmp_path / "bin"
    path.mkdir()
    (path / "kubectl").write_text(f"#!/bin/sh\ntouch {tmp_path}/called\nexec sleep 60\n")
    (path / "kubectl").chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "django_k8s.cli", "up", "pr-1"],
        cwd=shop, env=environment(PATH=f"{path}:{os.environ['PATH']}"),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_until((tmp_path / "called").exists, 20, "kubectl is called")
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert process.returncode == 130
    assert said == "django-k8s: Interrupted. Run `django-k8s up pr-1` again to continue.\n"
