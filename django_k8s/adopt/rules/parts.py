"""Static files, uploads, the front end, translations, and the first administrator."""

from __future__ import annotations

import ast
import json
import re
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import dockerfiles
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.rules.locks import upwards
from django_k8s.adopt.rules.settings_module import folders
from django_k8s.adopt.tree import Tree, called, dotted, line, literal, words

_MANAGERS = {"package-lock.json": "npm", "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn"}
_CLASS = re.compile(r"\w+(\.\w+)+")
_FIELDS = ("models.FileField", "models.ImageField", "FileField", "ImageField")
_MEDIA_APPS = ("wagtail.images", "wagtail.documents", "filer", "easy_thumbnails", "photologue")
BUCKETS = ("s3", "S3", "gcloud", "GoogleCloud", "azure", "Azure", "boto", "dropbox", "digitalocean")
_SCRIPTS = ("build", "build:prod", "build:production", "production", "prod")
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


def static_files(settings: Defined, packages: dict[str, str]) -> Fact:
    """Return what serves static files, their storage, and whether STATIC_ROOT is set."""
    middleware = settings.words("MIDDLEWARE")
    named = [*settings.words("STORAGES"), *settings.words("STATICFILES_STORAGE")]
    found = [
        word
        for word in named
        if _CLASS.fullmatch(word) and ("static" in word.lower() or "whitenoise" in word)
    ]
    static = next(reversed([*_backends(settings, "staticfiles"), *found]), "")
    value: dict[str, Any] = {
        "served_by": "whitenoise" if any("whitenoise" in word.lower() for word in middleware) else "",
        "storage": static,
        "root": "STATIC_ROOT" in settings.places,
    }
    place = (
        settings.places.get("STORAGES")
        or settings.places.get("STATIC_ROOT")
        or settings.places.get("STATIC_URL", "")
    )
    return Fact("static_files", value, place or "nothing says anything", "read" if place else "assumed")


def media(tree: Tree, project: str, settings: Defined) -> Fact:
    """Return where uploads go: ``bucket``, ``volume`` or ``none``."""
    fields = ""
    for file in tree.containing(("FileField(", "ImageField("), project):
        module = tree.parsed(file)
        for node in ast.walk(module) if module else ():
            if isinstance(node, ast.Assign) and called(node.value) in _FIELDS and not _is_form(file):
                fields = fields or line(file, node)
    apps = settings.words("INSTALLED_APPS")
    app = next(
        (app for app in _MEDIA_APPS if any(word == app or word.startswith(app + ".") for word in apps)), ""
    )
    if not fields and not app:
        return Fact("media", "none", "no model has a file field", "likely")
    named = [*settings.words("STORAGES"), *settings.words("DEFAULT_FILE_STORAGE")]
    words = [
        word
        for word in named
        if _CLASS.fullmatch(word) and "static" not in word.lower() and "whitenoise" not in word
    ]
    if (named := _backends(settings, "default")) and "STORAGES" not in settings.conditional:
        words = named[-1:]  # this replaces what an earlier file has
    bucket = [word for word in words if any(kind in word + _class(tree, project, word) for kind in BUCKETS)]
    files = [word for word in words if word.endswith("FileSystemStorage")]
    source = fields or settings.places.get("INSTALLED_APPS", "")
    if bucket and not files and _unconditional(settings):
        return Fact("media", "bucket", settings.places.get("STORAGES", source), "likely")
    return Fact("media", "volume", source, "likely")


def front_end(tree: Tree, project: str) -> Fact:
    """Return the directory, package manager and script of the front end that the pages need, or None."""
    found = []
    for file in tree.files:
        path = PurePosixPath(file)
        if path.name != "package.json" or tree.aside(file) or len(path.parts) > 4:
            continue
        read = _json(tree.text(file))
        scripts = read.get("scripts", {})
        script = next((name for name in _SCRIPTS if name in scripts), "")
        folder = path.parent.as_posix()
        if not any(str(path.with_name(lock)) in tree for lock in _MANAGERS):
            continue  # without a lock file, it is unknown what would be installed
        evidence = _built_in_dockerfile(tree, folder, scripts)
        beside = folder in (project, *(start.rstrip("/") or "." for start in upwards(project)))
        inside = (
            project != "."
            and folder.startswith(f"{project}/")
            and len(path.parts) <= len(PurePosixPath(project).parts) + 2
        )
        if evidence:
            found.append((0, folder, evidence[0] or script, evidence[1], read))
        elif (
            script
            and (beside or inside or (project == "." and len(path.parts) == 2))
            and not _workspace(tree, folder, read)
        ):
            found.append((1 if beside else 2, folder, script, f"{file}:1", read))
    if not found:
        return Fact("front_end", None, "no package.json builds anything for these pages", "likely")
    _, folder, script, source, _ = min(found, key=lambda one: (one[0], not one[2], len(one[1]), one[1]))
    start = "" if folder == "." else f"{folder}/"
    manager = next(manager for lock, manager in _MANAGERS.items() if start + lock in tree)
    value = {"dir": folder, "manager": manager, "script": script}
    return Fact("front_end", value, source, "likely")


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


def superuser(tree: Tree, project: str, settings: Defined) -> Fact:
    """Return the fields that ``createsuperuser`` asks for, starting with the one that identifies a user."""
    model = settings.value("AUTH_USER_MODEL")
    if not isinstance(model, str) or model == "auth.User":
        return Fact("superuser_fields", ["username", "email"], "Django's own user model")
    name = model.rpartition(".")[2]
    for file in tree.containing(f"class {name}(", project):
        module = tree.parsed(file)
        for node in module.body if module else ():
            if module and isinstance(node, ast.ClassDef) and node.name == name:
                return Fact("superuser_fields", _user_fields(module, node), line(file, node), "likely")
    return Fact("superuser_fields", ["username", "email"], f"the model {model} was not found", "assumed")


def _user_fields(module: ast.Module, node: ast.ClassDef) -> list[str]:
    names = [dotted(base) for base in node.bases]
    above = [one for one in module.body if isinstance(one, ast.ClassDef) and one.name in names]
    assigned = {
        dotted(one.targets[0]): one.value
        for each in (*above, node)
        for one in each.body
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    }
    named = assigned.get("USERNAME_FIELD")
    username = literal(named.orelse if isinstance(named, ast.IfExp) else named)
    required = literal(assigned.get("REQUIRED_FIELDS"))
    bases = [dotted(base).rpartition(".")[2] for each in (*above, node) for base in each.bases]
    default = ["email"] if "AbstractBaseUser" not in bases else []
    others = list(required) if isinstance(required, list | tuple) else default
    first = username if isinstance(username, str) else "username"
    return [first, *(str(one) for one in others if one != first)]


def _backends(settings: Defined, alias: str) -> list[str]:
    """Return the classes for an alias in the literal STORAGES."""
    found = []
    for node in settings.nodes.get("STORAGES", []):
        for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
            if literal(key) == alias:
                found += [word for word in words(value) if _CLASS.fullmatch(word)]
    return found


def _class(tree: Tree, project: str, name: str) -> str:
    """Return the text of the module of a class if it belongs to the project, or an empty string."""
    module = name.rpartition(".")[0]
    return tree.text(file) if (file := tree.module_file(module, folders(project))) else ""


def _is_form(file: str) -> bool:
    return "forms" in PurePosixPath(file).name or "serializer" in file


def _unconditional(settings: Defined) -> bool:
    return not {"STORAGES", "DEFAULT_FILE_STORAGE"} & settings.conditional


def _workspace(tree: Tree, folder: str, read: dict[str, Any]) -> bool:
    """Return whether a package is the root of a workspace. The packages in it are usually separate sites."""
    return (
        "workspaces" in read
        or ("pnpm-workspace.yaml" if folder == "." else f"{folder}/pnpm-workspace.yaml") in tree
    )


def _built_in_dockerfile(tree: Tree, folder: str, scripts: dict[str, Any]) -> tuple[str, str] | None:
    """Return the script with which a Dockerfile that uses Python builds a front end, and the place.

    The script is empty if the Dockerfile copies the package.json of this directory but builds in another way.
    """
    for file in dockerfiles.files(tree):
        text = tree.text(file)
        if not (folder == "." or re.search(rf"\b{re.escape(folder)}\b", text)):
            continue
        for number, one in enumerate(text.splitlines(), 1):
            match = re.search(r"\b(?:npm run|yarn(?: run)?|pnpm(?: run)?)\s+([\w:.-]+)", one)
            if (
                match
                and match[1] in scripts
                and not one.lstrip().startswith(("#", "CMD"))
                and not re.search("dev|watch|serve|start|test|lint", match[1])
            ):
                return match[1], f"{file}:{number}"
        for number, one in enumerate(text.splitlines(), 1):
            taken = "package.json" if folder == "." else f"{folder}/package.json"
            if not scripts and re.search(rf"^COPY .*(?<![\w/]){re.escape(taken)}", one):
                return "", f"{file}:{number}"
    return None


def _json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
