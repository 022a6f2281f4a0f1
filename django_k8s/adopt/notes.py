"""Notes for the user who adopts a project: what to know, and what to do by hand."""

from __future__ import annotations

from collections.abc import Mapping

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import locks
from django_k8s.adopt.tree import Tree


def is_too_old(django: str) -> bool:
    """Return whether this release of Django is older than django-k8s supports; False if it is unknown."""
    release = tuple(int(part) for part in django.split(".")[:2] if part.isdigit())
    return bool(release) and release < (5, 2)


def told(tree: Tree, found: Mapping[str, Fact]) -> list[str]:
    """Return the notes that follow from the facts."""
    notes = []
    version = str(found["django_version"].value or "")
    if is_too_old(version):
        notes.append(f"Django {version} is older than 5.2, which django-k8s needs: update Django first.")
    front_end = found["front_end"]
    if front_end.value and not front_end.value["script"]:
        notes.append(
            f"{front_end.value['dir']}/package.json has no script that builds it ({front_end.source} builds it in another way):"
            " write the commands that build it into FRONTEND_BUILD of deploy/Dockerfile."
        )
    if not found["lock"].value:
        pipfile = "Pipfile" in tree or f"{found['project_dir'].value}/Pipfile" in tree
        write = "`pipenv lock`" if pipfile else "`python -m pip freeze >requirements.txt` in its environment"
        notes.append(
            "Nothing says which packages the project needs, so no image can be built. There is no lock and no"
            f" requirements file. Run {write}, and commit the file."
        )
    elif found["lock_kind"].value == "pyproject":
        read = locks.toml(tree, str(found["lock"].value))
        tool = "uv" if "project" in read or "poetry" not in read.get("tool", {}) else "poetry"
        notes.append(
            "There is no lock, so each build installs the newest releases that pyproject.toml allows: run"
            f" `{tool} lock`."
        )
    return notes
