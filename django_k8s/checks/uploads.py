"""Find problems with uploads, for the system checks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, InvalidStorageError, Storage, storages
from django.db.models import FileField

from django_k8s import conf

MEDIA = "django_k8s.middleware.MediaFilesMiddleware"
_MEDIA_NAMES = {MEDIA, "django_k8s.middleware.media_files.MediaFilesMiddleware"}

_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
# Variables that contain a key, or the path of a key file, by a part of the storage's name.
_KEYS = {
    "S3": ("AWS_ACCESS_KEY_ID",),
    "GCSMedia": (_FILE,),
    "GoogleCloudStorage": (_FILE,),
    "AzureMedia": ("AZURE_CLIENT_SECRET",),
    "AzureStorage": ("AZURE_CLIENT_SECRET",),
}


def storages_are_named() -> bool:
    """Return whether the settings define STORAGES. Django ignores the older settings then, so they do no harm."""
    return bool(settings.is_overridden("STORAGES"))


def unserved() -> str:
    """Return why web does not serve the uploads although it should, or an empty string."""
    if not conf.current().media_serve:
        return ""
    # The project's own class may raise anything. Django's own checks and the log of web report it.
    try:
        storage = storages["default"]
        if not isinstance(storage, FileSystemStorage):
            return ""
    except Exception:
        return ""
    if not _MEDIA_NAMES & set(settings.MIDDLEWARE):
        return "MediaFilesMiddleware is not in MIDDLEWARE"
    return "MEDIA_URL is empty" if urlsplit(storage.base_url or "").path in ("", "/") else ""


def fields_on_this_pod() -> Iterator[str]:
    """Yield the model fields whose files are stored on a disk that belongs to this pod."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, FileField) and _on_this_pod(field.storage):
                yield f"{model._meta.label}.{field.name}"


def key_in_environment() -> str:
    """Return the name of the variable with a key for the uploads' bucket, or an empty string."""
    backend = settings.STORAGES.get("default", {}).get("BACKEND", "")
    names = next((names for word, names in _KEYS.items() if word in backend), ())
    found = next((name for name in names if os.environ.get(name)), "")
    return found if found != _FILE or _is_key(Path(os.environ[found])) else ""


def _is_key(path: Path) -> bool:
    # With Google's identity federation, the file has a configuration without a key.
    try:
        return '"private_key"' in path.read_text()
    except (OSError, ValueError):
        return False


def _on_this_pod(storage: Storage) -> bool:
    try:
        local = isinstance(storage, FileSystemStorage)
    except (ImportError, ImproperlyConfigured, InvalidStorageError):
        return False  # Django, or the settings function, reports a storage that cannot be created
    if not local:
        return False
    # The nearest mount point: a volume, or the root of the container.
    path = Path(storage.path("")).absolute()
    return next(parent for parent in (path, *path.parents) if parent.is_mount()) == Path("/")
