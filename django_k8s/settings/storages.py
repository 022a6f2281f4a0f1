"""The storages of media and static files."""

from __future__ import annotations

import importlib.util
from typing import Any

from django_k8s.environment.env import Env
from django_k8s.settings import buckets


def media_storage(env: Env, **options: Any) -> dict[str, Any]:
    """Return the storage of uploads, ``STORAGES["default"]``: files below MEDIA_ROOT, or a bucket.

    MEDIA_S3_BUCKET, MEDIA_GCS_BUCKET and MEDIA_AZURE_CONTAINER move uploads to S3, Google Cloud or Azure. Credentials come
    from the pod's identity: no key is read here, and django_k8s.W013 warns of keys in the environment. Keyword arguments are
    options of the storage, and override the others.
    """
    kind = buckets.named(env)
    if kind is None:
        storage: dict[str, Any] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
        return {**storage, "OPTIONS": options} if options else storage
    found = buckets.storage(env, kind)
    return {**found, "OPTIONS": {**found["OPTIONS"], **options}}


def media_serve(env: Env) -> bool:
    """Return whether web serves MEDIA_ROOT: MEDIA_SERVE, or by default, whether uploads are on a volume."""
    bucket = next((kind.variable for kind in buckets.KINDS if env.str(kind.variable)), "")
    if not env.is_set("MEDIA_SERVE"):
        # If MEDIA_ROOT is not set, as on a developer's machine, the project serves uploads itself in debug mode.
        return env.is_set("MEDIA_ROOT") and not bucket
    on = env.bool("MEDIA_SERVE")
    if on and bucket:
        env.add_problem(
            "MEDIA_SERVE",
            f"serves uploads on a volume, but {bucket} names a bucket, which has URLs of its own. Remove one.",
        )
    return on


def static_storage(env: Env) -> dict[str, Any]:
    """Return the storage of static files, ``STORAGES["staticfiles"]``.

    In production the collected files have hashed names and compressed copies, so that browsers may keep them
    forever. In debug mode they have neither. WhiteNoise, which serves them in both modes, has to be installed.
    """
    if importlib.util.find_spec("whitenoise") is None:
        env.add_problem(
            "STORAGES",
            "the settings call k8s.static_storage(env), but WhiteNoise is not installed."
            " Add the extra django-k8s-toolkit[web], or delete the line.",
        )
    if env.debug:
        return {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return {"BACKEND": "django_k8s.static_files.storage.ManifestStorage"}
