"""`django-k8s up`, `list` and `down` from a project's directory: what works, what is said if it does not, what is left."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import docker, example
from support.cluster import CHART, FAILING, Space, eventually, ready
from support.patience import patience

from django_k8s.cli.copy import copy_out

pytestmark = pytest.mark.cluster
PORT = ["--set", "web.service.type=NodePort"]


@dataclass
class Shop:
    """A project with deploy/, in a git repository."""

    root: Path
    name: str
    library: Path

    def run(self, *args: str, status: int = 0, **variables: str) -> str:
        """Run the command in the project; its output, with the problems at the end."""
        done = subprocess.run(
            [sys.executable, "-m", "django_k8s.cli", *args],
            cwd=self.root, capture_output=True, text=True, check=False, timeout=patience(600),
            env={
                **os.environ,
                "DJANGO_K8S_LIBRARY": str(self.library),
                "DJANGO_K8S_BUILD_OPTIONS": "--network=host",
                **variables,
            },
        )  # fmt: skip
        assert done.returncode == status, f"{done.stdout}{done.stderr}"
        assert "Traceback (most recent call last)" not in done.stderr
        return done.stdout + done.stderr

    def space(self, environment: str) -> Space:
        return Space(f"{self.name}-{environment}")

    def listed(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in json.loads(self.run("list", "--json"))}

    def git(self, *args: str) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", *identity, *args], cwd=self.root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The example, as if init had been there, with the environment staging running."""
    ready()
    folder = tmp_path_factory.mktemp("up")
    name = f"shop{uuid.uuid4().hex[:5]}"
    made = Shop(example.copy(folder / name), name, docker.wheel(folder / "library"))
    assert copy_out("docker", made.root / "deploy") == 0
    (made.root / "deploy" / "values.yaml").write_text(
        "superuser: {username: chief, email: chief@example.com}\n"
    )
    (made.root / "deploy" / "values-staging.yaml").write_text("staging: {persistent: true, size: 1Gi}\n")
    (made.root / "deploy" / "secret.env.example").write_text(
        "# Read in config/settings.py.\nPAYMENT_KEY=\nMAIL_KEY=\n"
    )
    (made.root / "deploy" / ".gitignore").write_text("secret.env\n")
    (made.root / "deploy" / "secret.env").write_text("PAYMENT_KEY=given-payment-key\n")
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-qm", "first")
    try:
        yield made
    finally:
        for environment in made.listed():
            made.run("down", environment, f"--timeout={patience(300):.0f}")
        images = docker.docker("images", "-q", name, check=False).stdout.split()
        docker.docker("rmi", "-f", *images, check=False)


@pytest.fixture(scope="module")
def first(shop: Shop) -> str:
    """What the first `up` prints."""
    began = time.monotonic()
    said = shop.run("up", *PORT, "--show-password")
    print(f"the first up took {time.monotonic() - began:.0f} s\n{said}")
    return said


def test_up(shop: Shop, first: str) -> None:
    """The site is open, its first administrator may log in, and the project's variables are in a Secret."""
    made = shop.space("staging")
    for phase in (
        "cluster",
        "build",
        "image",
        "install",
        "database",
        "migrate",
        "web",
        "worker-default",
        "scheduler",
    ):
        assert re.search(rf"^{phase} ", first, re.MULTILINE), first
    assert f"http://localhost:{made.port(shop.name)}/" in first
    found = re.search(r"The administrator is chief, with the password (\S+)", first)
    assert found, first
    code = f"from django.contrib.auth import authenticate as a; print(a(username='chief', password='{found[1]}').is_superuser)"
    assert made.python(code, release=shop.name) == "True"
    read = "import os; print(os.environ['PAYMENT_KEY'], len(os.environ['MAIL_KEY']))"
    assert made.python(read, release=shop.name) == "given-payment-key 32"
    assert "PAYMENT_KEY from deploy/secret.env" in first
    assert "made up: MAIL_KEY" in first
    assert example.Reader(made.port(shop.name)).get("/").status == 200
    # The password is in one Secret only, and in nothing that Helm keeps or a container logs.
    kept = made.helm("get", "all", shop.name).stdout
    assert found[1] not in kept
    assert base64.b64encode(found[1].encode()).decode() not in kept
    assert found[1] not in made.state()


def test_a_second_up_changes_nothing(shop: Shop, first: str) -> None:
    """A second up is quick, replaces no pod, and does not show the password again."""
    made = shop.space("staging")
    before = {pod["metadata"]["name"] for pod in made.items("pods")}
    began = time.monotonic()
    said = shop.run("up", *PORT, "--show-password")

    print(f"the second up took {time.monotonic() - began:.0f} s")
    assert {pod["metadata"]["name"] for pod in made.items("pods")} == before
    assert "the nodes have it" in said
    assert "with the password" not in said


def test_what_is_wrong(shop: Shop, first: str) -> None:
    """A wrong value, a wrong image and a chart that refuses: one sentence each, while the old pods serve."""
    made = shop.space("staging")
    image = shop.listed()["staging"]["image"]
    said = shop.run("up", "--image", image, *PORT, "--set", "env.READINESS_TIMEOUT_SECONDS=soon", status=1)
    assert said.rstrip().endswith(
        "The configuration is wrong. READINESS_TIMEOUT_SECONDS: is not a number. Write a number such as 2.5."
    )
    said = shop.run("up", "--image", f"{shop.name}:none", *PORT, "--set", "imagePullPolicy=Never", status=1)
    assert f"The nodes do not have the image {shop.name}:none." in said
    said = shop.run("up", "--image", image, "--set", "media.size=big", status=78)
    assert "The chart refuses the values" in said
    assert example.Reader(made.port(shop.name)).get("/").status == 200
    shop.run("up", "--image", image, *PORT)
    assert shop.listed()["staging"]["state"] == "ready"


def test_beside_it_a_migration_that_fails(shop: Shop, first: str) -> None:
    """Another environment from the changed tree; the failing migration is named, and the next `up` goes on."""
    broken = shop.root / "board" / "migrations" / "0099_broken.py"
    broken.write_text(FAILING.replace('"proving", ', '"board", '))
    said = shop.run("up", "pr-1", "--expires", "3d", status=1)
    assert "Migration board.0099_broken failed: ProgrammingError" in said.rstrip().splitlines()[-1]
    broken.unlink()
    said = shop.run("up", "pr-1")

    # What is no terminal may be a log, so there is a command instead of the password.
    assert "with the password" not in said
    assert "get secret django-k8s-made" in said
    rows = shop.listed()
    assert set(rows) == {"staging", "pr-1"}
    assert {row["state"] for row in rows.values()} == {"ready"}
    assert rows["pr-1"]["release"] == rows["staging"]["release"]  # the tree is the first one again
    assert (rows["pr-1"]["expires"], rows["staging"]["expires"]) == ("in 2d", "")
    table = shop.run("list")
    assert [line.split()[0] for line in table.splitlines()] == ["NAME", "pr-1", "staging"]
    assert "no expired environment" in shop.run("list", "--expired")


def test_a_killed_helm(shop: Shop, first: str) -> None:
    """A revision that was left half-made does not lock the environment."""
    made = shop.space("staging")
    values = json.loads(made.helm("get", "values", shop.name, "-o", "json").stdout)
    helm = subprocess.Popen(
        ["helm", "-n", made.name, "upgrade", shop.name, str(CHART), "-f", "-", "--set", "web.graceSeconds=50", "--wait"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert helm.stdin
    helm.stdin.write(json.dumps(values))
    helm.stdin.close()

    def status() -> str:
        found = json.loads(made.helm("status", shop.name, "-o", "json").stdout)
        return str(found["info"]["status"])

    eventually(lambda: status() == "pending-upgrade", 30, "an upgrade that is under way")
    helm.kill()
    helm.wait()

    assert status() == "pending-upgrade"
    shop.run("up", "--image", shop.listed()["staging"]["image"], *PORT)
    assert status() == "deployed"


def test_no_rights(shop: Shop, first: str, tmp_path: Path) -> None:
    """An account without permissions is refused before anything is built."""
    made = shop.space("staging")
    made.kubectl("create", "serviceaccount", "visitor")
    token = made.kubectl("create", "token", "visitor").strip()
    config = json.loads(made.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    config["users"][0]["user"] = {"token": token}
    (tmp_path / "config").write_text(json.dumps(config))
    for command in (["up", "pr-2"], ["list"], ["down", "pr-2"]):
        said = shop.run(*command, status=77, KUBECONFIG=str(tmp_path / "config"))
        assert "Your account may not" in said
        assert "build" not in said


def test_down(shop: Shop, first: str) -> None:
    """down leaves no namespace and no volume, and `--expired` keeps environments that have not expired."""
    assert "pr-1" in shop.listed(), "the tests above make it"
    made = shop.space("pr-1")
    assert "has expired" in shop.run("down", "--expired")
    patch = json.dumps({"data": {"expires": "2020-01-01T00:00:00Z"}})
    made.kubectl("patch", "configmap", "django-k8s-environment", "--type=merge", "-p", patch)
    volumes = [claim["spec"]["volumeName"] for claim in made.items("persistentvolumeclaims")]
    assert len(volumes) == 3
    # As a StorageClass that retains its volumes would have it.
    retain = json.dumps({"spec": {"persistentVolumeReclaimPolicy": "Retain"}})
    made.kubectl("patch", "persistentvolume", volumes[0], "--type=merge", "-p", retain)

    assert "pr-1 is gone" in shop.run("down", "--expired")
    assert made.kubectl("get", "namespace", made.name, "--ignore-not-found") == ""
    eventually(
        lambda: not {found["metadata"]["name"] for found in made.items("persistentvolumes")} & set(volumes),
        60,
        "no volume left",
    )
    assert set(shop.listed()) == {"staging"}
    assert "There is no environment pr-1" in shop.run("down", "pr-1")


def test_a_namespace_of_ones_own(shop: Shop, first: str) -> None:
    """A namespace that was there before stays, with what is in it."""
    image = shop.listed()["staging"]["image"]
    made = Space(f"{shop.name}-own")
    made.kubectl("create", "namespace", made.name)
    made.kubectl("create", "configmap", "mine", "--from-literal=a=b")
    try:
        assert "`django-k8s up` did not create it" in shop.run("up", "own", status=64)
        shop.run("up", "own", "-n", made.name, "--image", image, "--set", "celery=false")
        assert "holds the environment own" in shop.run("up", "other", "-n", made.name, status=78)
        shop.run("down", "own")

        kinds = "all,secrets,persistentvolumeclaims,serviceaccounts,configmaps"
        left = {found["metadata"]["name"] for found in made.items(kinds)}
        assert left == {"mine", "default", "kube-root-ca.crt"}
    finally:
        made.kubectl("delete", "namespace", made.name, "--wait=false")


def test_a_build_that_fails(shop: Shop, first: str) -> None:
    """The step's own words; nothing of the environment changes."""
    before = shop.listed()["staging"]["image"]
    settings = shop.root / "config" / "settings.py"
    kept = settings.read_text()
    settings.write_text(f"{kept}\nraise RuntimeError('broken on purpose')\n")
    try:
        said = shop.run("up", status=1)
    finally:
        settings.write_text(kept)

    assert "The image cannot be built: " in said.rstrip().splitlines()[-1]
    assert "do not load in the build phase" in said.rstrip().splitlines()[-1]
    assert "RuntimeError: broken on purpose" in said
    assert shop.listed()["staging"]["image"] == before
    shutil.rmtree(shop.root / "config" / "__pycache__", ignore_errors=True)


def test_down_after_a_cut_off_upgrade(shop: Shop, first: str) -> None:
    """The Jobs of an upgrade that no revision knows hold the volumes that Helm waits for, so they go first."""
    made = shop.space("staging")
    job = json.loads(made.kubectl("get", "jobs", "-l", "app.kubernetes.io/component=migrate", "-o", "json"))[
        "items"
    ][0]
    job["metadata"] = {"name": "left-over", "labels": job["metadata"]["labels"]}
    del job["status"], job["spec"]["selector"], job["spec"]["template"]["metadata"]["labels"]
    made.kubectl("create", "-f", "-", stdin=json.dumps(job))
    made.kubectl("wait", "--for=condition=complete", "job/left-over", "--timeout=120s")

    assert "staging is gone" in shop.run("down", "staging", f"--timeout={patience(60):.0f}")
    assert shop.listed() == {}
