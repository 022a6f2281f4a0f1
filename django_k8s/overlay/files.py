"""The project's static files and uploads, at the places from the environment."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django_k8s.environment.env import Env
from django_k8s.settings import buckets
from django_k8s.settings.storages import media_storage, static_storage

Directory = TypeVar("Directory", str, Path)

# Our storage does the same as these.
_STATIC = (
    "",
    "django.contrib.staticfiles.storage.StaticFilesStorage",
    "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    "whitenoise.storage.CompressedManifestStaticFilesStorage",
)
_MEDIA = (
    "",
    "django.core.files.storage.FileSystemStorage",
    "django.core.files.storage.filesystem.FileSystemStorage",
)


def storages(env: Env, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return STORAGES with hashed, compressed static files, and with media in the bucket from the environment.

    ``staticfiles`` becomes this library's manifest storage if the project has Django's default storage, or the manifest
    storage of Django or WhiteNoise. The project's OPTIONS are kept. In debug mode, or if WhiteNoise is not installed, the
    project's storage is kept, or Django's default is used.

    ``default`` changes only if MEDIA_S3_BUCKET, MEDIA_GCS_BUCKET or MEDIA_AZURE_CONTAINER is set. Then Django's storage
    for files and django-storages' own classes are replaced by this bucket. A project that already uses this kind of bucket
    keeps its AWS_*, GS_* or AZURE_* settings and OPTIONS, unless a MEDIA variable overrides them. The project's own
    storage classes and other aliases are kept.
    """
    found = {alias: dict(storage) for alias, storage in project.items()}
    static = found.get("staticfiles", {})
    hashed = not env.debug and importlib.util.find_spec("whitenoise") is not None
    if hashed and static.get("BACKEND", "") in _STATIC:
        found["staticfiles"] = {**static, **static_storage(env)}
    elif not static:
        found["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    media = found.get("default", {})
    found["default"] = media or media_storage(env)
    kind = buckets.named(env)
    theirs = {storage for every in buckets.KINDS for storage in every.theirs}
    if kind and media.get("BACKEND", "") in {*_MEDIA, *theirs}:
        found["default"] = _bucket(env, kind, media)
    return found


def _bucket(env: Env, kind: buckets.Kind, project: Mapping[str, Any]) -> dict[str, Any]:
    if project.get("BACKEND") not in kind.theirs:
        return media_storage(env)  # the project's options are for files, or for another kind of bucket
    decided = {kind.decided[name] for name in filter(env.is_set, kind.decided)}
    ours = media_storage(env)
    # A default of ours would hide a setting of the project, such as AWS_LOCATION.
    chosen = {key: value for key, value in ours["OPTIONS"].items() if key in decided}
    own = {key: value for key, value in project.get("OPTIONS", {}).items() if key not in decided}
    return {**ours, "OPTIONS": {**own, **chosen}}


def static_root(env: Env, project: Directory) -> Directory:
    """Return STATIC_ROOT from the variable with this name, which the image sets, or the project's."""
    return _directory(env, "STATIC_ROOT", project)


def media_root(env: Env, project: Directory) -> Directory:
    """Return MEDIA_ROOT from the variable with this name, which the chart sets for a volume, or the project's."""
    return _directory(env, "MEDIA_ROOT", project)


def static_url(env: Env, project: str) -> str:
    """Return the project's STATIC_URL, with STATIC_CDN_URL before it if that is set."""
    cdn = env.str("STATIC_CDN_URL").rstrip("/")
    return f"{cdn}/{urlsplit(project).path.lstrip('/')}" if cdn else project


def _directory(env: Env, name: str, project: Directory) -> Directory:
    directory = env.str(name, "")
    return type(project)(directory) if directory else project
