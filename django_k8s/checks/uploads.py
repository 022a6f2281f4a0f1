"""What the system checks find out about uploads."""

from __future__ import annotations

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


def unserved() -> str:
    """Return why nobody serves the uploads that web is to serve, or an empty string."""
    if not conf.current().media_serve:
        return ""
    try:
        storage = storages["default"]
    except (ImportError, ImproperlyConfigured, InvalidStorageError):
        return ""
    if not isinstance(storage, FileSystemStorage):
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


def _on_this_pod(storage: Storage) -> bool:
    try:
        local = isinstance(storage, FileSystemStorage)
    except (ImportError, ImproperlyConfigured, InvalidStorageError):
        return False  # Django, or the settings function, reports a storage that cannot be made
    if not local:
        return False
    # The nearest mount point: a volume, or the root of the container.
    path = Path(storage.path("")).absolute()
    return next(parent for parent in (path, *path.parents) if parent.is_mount()) == Path("/")
