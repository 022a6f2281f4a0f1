"""The management commands that the build of the image runs, and whether it compiles translations."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import dockerfiles
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.tree import Tree

BUILD_COMMANDS = re.compile(
    r"(?:manage\.py|django-admin|python -m django)\s+([a-z]\w+)((?:\s+(?:--?[a-z][\w-]*(?:[ =][\w./*:\"'-]+)?))*)"
)
NOT_BUILD = frozenset(
    [
        "migrate",
        "runserver",
        "collectstatic",
        "check",
        "shell",
        "test",
        "createsuperuser",
        "loaddata",
        "makemigrations",
        "makemessages",
        "dbshell",
        "flush",
        "createcachetable",
        "clearsessions",
        "dumpdata",
        "runserver_plus",
        "wait_for_db",
        "waitfordb",
    ]
)


def translations(tree: Tree, project: str) -> Fact:
    """Return whether messages must be compiled, because a .po file has no .mo file in git."""
    for name in tree.below(project):
        if (
            name.endswith(".po")
            and "LC_MESSAGES" in name
            and name[:-3] + ".mo" not in tree
            and not tree.aside(name)
        ):
            return Fact("translations", True, name)
    return Fact("translations", False, "every message file is compiled, or there is none")


def build_commands(tree: Tree, project: str, settings: Defined) -> tuple[list[str], list[str], str]:
    """Return the management commands that the Dockerfile runs before and after collectstatic, and the first place."""
    before: dict[str, None] = {}
    after: dict[str, None] = {}
    place = ""
    own = {PurePosixPath(file).stem for file in tree.code(project) if "/management/commands/" in file}
    for file in dockerfiles.files(tree):
        lines = list(dockerfiles.lines(tree, file))
        collected = next((number for number, text in lines if "collectstatic" in text), None)
        for number, text in lines:
            if text.lstrip().startswith(("CMD", "ENTRYPOINT")):
                continue
            for match in BUILD_COMMANDS.finditer(text):
                name = match[1]
                if name in NOT_BUILD or not (
                    name in own or name in ("compilemessages", "compress", "compilescss")
                ):
                    continue
                command = f"python manage.py {name}{match[2]}".replace('"', "'").strip()
                if name == "compilemessages":
                    continue  # covered by the fact `translations`
                target = (
                    after if (collected is not None and number > collected) or name == "compress" else before
                )
                if not any(f" {name}" in one for one in (*before, *after)):
                    target[command] = None
                    place = place or f"{file}:{number}"
    if settings.value("COMPRESS_OFFLINE") is True and not any(" compress" in one for one in after):
        after["python manage.py compress"] = None
        place = place or settings.places["COMPRESS_OFFLINE"]
    return list(before), list(after), place
