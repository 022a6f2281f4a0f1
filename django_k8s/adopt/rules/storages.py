"""The storages of static files and uploads."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.rules.settings_module import folders
from django_k8s.adopt.tree import Tree, called, line, literal, words

_CLASS = re.compile(r"\w+(\.\w+)+")
_FIELDS = ("models.FileField", "models.ImageField", "FileField", "ImageField")
_MEDIA_APPS = ("wagtail.images", "wagtail.documents", "filer", "easy_thumbnails", "photologue")
BUCKETS = ("s3", "S3", "gcloud", "GoogleCloud", "azure", "Azure", "boto", "dropbox", "digitalocean")


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
