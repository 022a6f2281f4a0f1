"""The files that ``init`` writes, as text."""

from __future__ import annotations

import re
from pathlib import Path

from django_k8s.adopt.facts import Facts
from django_k8s.adopt.render import compose, docker, environment, settings, values, workflow

FOLDER = "deploy"
_DEVCONTAINER = ".devcontainer/devcontainer.json"


def name_of(facts: Facts) -> str:
    """Return the project's name: that of the git root's directory, as a valid Kubernetes label."""
    name = re.sub(r"[^a-z0-9]+", "-", Path(facts.text("git_root")).name.lower()).strip("-")[:40].strip("-")
    return name if name[:1].isalpha() else f"site-{name}".strip("-")


def render(facts: Facts, *, name: str = "", version: str = "") -> dict[str, str]:
    """Return the text of each file, by its path relative to the git root.

    Raise LookupError if a file of this package lacks a part that has to be replaced. That is a bug in this package.
    """
    name = name or name_of(facts)
    devcontainer = _DEVCONTAINER
    if facts.value("devcontainer"):
        devcontainer = ".devcontainer/django-k8s/devcontainer.json"
    up = "../" * devcontainer.count("/")
    return {
        settings.module(facts).path: settings.render(facts),
        f"{FOLDER}/Dockerfile": docker.dockerfile(facts),
        f"{FOLDER}/Dockerfile.dockerignore": docker.ignored("Dockerfile", facts.list("left_out")),
        f"{FOLDER}/Dockerfile.dev": docker.development(facts),
        f"{FOLDER}/Dockerfile.dev.dockerignore": docker.ignored("Dockerfile.dev"),
        f"{FOLDER}/compose.yaml": compose.compose(facts, name),
        f"{FOLDER}/build.env": environment.build(facts),
        f"{FOLDER}/values.yaml": values.values(facts),
        f"{FOLDER}/values-staging.yaml": values.staging(facts),
        f"{FOLDER}/values-production.yaml": values.production(facts, name),
        f"{FOLDER}/secret.env.example": environment.secret(facts, name),
        f"{FOLDER}/.gitignore": "# It has secrets.\n/secret.env\n",
        f"{FOLDER}/github-actions.yaml": workflow.workflow(facts, name, version),
        devcontainer: compose.devcontainer(facts, name, up),
    }
