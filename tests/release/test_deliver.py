"""How an image gets to a cluster. The commands of kind, k3d and minikube are recorded, since none of them runs here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from django_k8s.release.deliver import Way, qualified
from django_k8s.release.kube import Kubectl
from django_k8s.release.kubeconfig import Context
from django_k8s.release.outcome import Stopped

POSTGRES, REDIS, SHOP = "postgres:17", "redis:8", "shop:1"
NODE = {
    "kind": "Node",
    "metadata": {"name": "one"},
    "status": {"images": [{"names": ["docker.io/library/redis:8", "docker.io/library/shop:1"]}]},
}


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs of these names that write down how they were called. The Docker daemon has the images, with one ID."""
    log = tmp_path / "calls"
    log.touch()
    objects(tmp_path, NODE)
    for name in ("kind", "k3d", "minikube", "load", "push-fails"):
        _program(tmp_path / name, f'echo {name} "$@" >>{log}')
    _program(tmp_path / "docker", f'case $1 in image) echo sha256:1;; *) echo docker "$@" >>{log};; esac')
    _program(tmp_path / "kubectl", f"cat {tmp_path / 'objects.json'}")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return log


def objects(folder: Path, *items: dict[str, Any]) -> None:
    """What kubectl prints."""
    (folder / "objects.json").write_text(json.dumps({"items": items}))


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def context(provider: str, cluster: str = "dev") -> Context:
    return Context("some", "https://203.0.113.7", provider, cluster, local=bool(provider))


def bring(way: Way, former_id: str = "") -> str:
    return way.bring(SHOP, [POSTGRES, REDIS], Kubectl("some", "space"), former_id)


@pytest.mark.parametrize(
    ("way", "called"),
    [
        (Way(context("kind")), "kind load docker-image --name dev shop:1 postgres:17"),
        (Way(context("k3d")), "k3d image import -c dev shop:1 postgres:17"),
        (Way(context("minikube")), "minikube -p dev image load shop:1 postgres:17"),
        (Way(context("kind"), command="load --now"), "load --now shop:1 postgres:17"),
        (Way(context(""), registry="registry.example.com/shop"), "docker push -q shop:1"),
        (Way(context("docker")), ""),
    ],
)
def test_command(calls: Path, way: Way, called: str) -> None:
    """Each provider has its command. Images of the stores come along if the nodes lack them, but not to a registry."""
    bring(way)

    assert calls.read_text().strip() == called


def test_what_the_nodes_have(calls: Path) -> None:
    """The image of the last time is not brought again; an image that was built anew under its name is."""
    assert "shop:1" not in bring(Way(context("kind")), former_id="sha256:1")
    assert "shop:1" in bring(Way(context("kind")), former_id="sha256:0")
    assert calls.read_text().splitlines() == [
        "kind load docker-image --name dev postgres:17",
        "kind load docker-image --name dev shop:1 postgres:17",
    ]


def test_a_node_that_lacks_it(calls: Path) -> None:
    """A node that was added meanwhile gets the image."""
    objects(calls.parent, NODE, {"kind": "Node", "metadata": {"name": "two"}, "status": {}})

    assert "shop:1" in bring(Way(context("kind")), former_id="sha256:1")


@pytest.mark.parametrize(("image_id", "brought"), [("sha256:1", False), ("", True)])
def test_a_node_that_does_not_report_it_yet(calls: Path, image_id: str, brought: bool) -> None:
    """A node that has started a container of the image has it, which its own list shows up to 40 seconds later."""
    node = {"kind": "Node", "metadata": {"name": "one"}, "status": {}}
    pod = {
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"nodeName": "one", "containers": [{"name": "web", "image": "shop:1"}]},
        "status": {"containerStatuses": [{"name": "web", "imageID": image_id}]},
    }
    objects(calls.parent, node, pod)

    assert ("shop:1" in bring(Way(context("kind")), former_id="sha256:1")) == brought


def test_an_image_of_the_same_name_elsewhere() -> None:
    """What was brought is never pulled: the name may belong to somebody else in a public registry."""
    assert Way(context("kind")).pull_policy == "Never"
    assert Way(context(""), registry="registry.example.com/shop").pull_policy == "IfNotPresent"


def test_no_way() -> None:
    """A cluster elsewhere needs a registry."""
    with pytest.raises(Stopped, match="--registry HOST/NAME"):
        Way(context(""))


def test_two_ways() -> None:
    """A command and a registry exclude each other."""
    with pytest.raises(Stopped, match="Use only one of them"):
        Way(context("kind"), command="load", registry="registry.example.com/shop")


def test_not_logged_in(calls: Path) -> None:
    """A registry that refuses says so."""
    _program(calls.parent / "docker", "echo 'denied: requested access to the resource is denied' >&2; exit 1")

    with pytest.raises(Stopped, match="`docker login`"):
        bring(Way(context(""), registry="registry.example.com/shop"))


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("shop:1", "docker.io/library/shop:1"),
        ("team/shop:1", "docker.io/team/shop:1"),
        ("registry.example.com/shop:1", "registry.example.com/shop:1"),
        ("localhost:5000/shop:1", "localhost:5000/shop:1"),
        ("localhost/shop:1", "localhost/shop:1"),
    ],
)
def test_full_name(image: str, full: str) -> None:
    """As the nodes list it."""
    assert qualified(image) == full
