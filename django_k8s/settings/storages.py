"""The storages of media and static files."""

from __future__ import annotations

import importlib.util
from typing import Any

from django_k8s.environment.connection_urls import malformed
from django_k8s.environment.env import Env


def media_storage(env: Env, **options: Any) -> dict[str, Any]:
    """Return the storage of uploads, ``STORAGES["default"]``: files below MEDIA_ROOT, or a bucket on S3.

    MEDIA_S3_BUCKET moves uploads to S3. Credentials come from the pod's identity: no key is read here, and
    django_k8s.W013 warns of keys in the environment. Keyword arguments are options of the storage, and win.
    """
    if not env.str("MEDIA_S3_BUCKET"):
        storage: dict[str, Any] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
        return {**storage, "OPTIONS": options} if options else storage
    if importlib.util.find_spec("storages") is None or importlib.util.find_spec("boto3") is None:
        env.add_problem(
            "MEDIA_S3_BUCKET",
            "needs django-storages and boto3, which are not installed. Add the extra: django-k8s-toolkit[s3].",
        )
    found = _s3(env)
    return {**found, "OPTIONS": {**found["OPTIONS"], **options}}


def media_serve(env: Env) -> bool:
    """Whether web serves what is in MEDIA_ROOT, as MEDIA_SERVE says; by default if uploads are on a volume."""
    bucket = env.str("MEDIA_S3_BUCKET")
    if not env.is_set("MEDIA_SERVE"):
        # On a disk without a name of its own, such as this machine's, the project serves them while it debugs.
        return env.is_set("MEDIA_ROOT") and not bucket
    on = env.bool("MEDIA_SERVE")
    if on and bucket:
        env.add_problem(
            "MEDIA_SERVE",
            "serves uploads on a volume, but MEDIA_S3_BUCKET names a bucket, which has URLs of its own. Remove one.",
        )
    return on


def static_storage(env: Env) -> dict[str, Any]:
    """Return the storage of static files, ``STORAGES["staticfiles"]``.

    In production the collected files have hashed names and compressed copies, so that browsers may keep them
    for ever. In debug mode they have neither. WhiteNoise, which serves them in both modes, has to be installed.
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


def _s3(env: Env) -> dict[str, Any]:
    public = env.str("MEDIA_S3_ACCESS") == "public"
    domain = env.str("MEDIA_CDN_DOMAIN")
    if (domain and malformed(f"https://{domain}")) or "/" in domain:
        env.add_problem(
            "MEDIA_CDN_DOMAIN", "is a domain, such as media.example.com, without scheme and path."
        )
    if domain and not public:
        env.add_problem(
            "MEDIA_CDN_DOMAIN",
            "serves unsigned links. Set MEDIA_S3_ACCESS to public, or remove the domain.",
        )
    options: dict[str, Any] = {
        "bucket_name": env.str("MEDIA_S3_BUCKET"),
        "location": env.str("MEDIA_S3_PREFIX"),
        "querystring_auth": not public,
        "querystring_expire": env.int("MEDIA_S3_LINK_SECONDS"),
        "file_overwrite": False,
    }
    optional = {
        "region_name": env.str("MEDIA_S3_REGION"),
        "endpoint_url": env.str("MEDIA_S3_ENDPOINT_URL"),
        "custom_domain": domain,
    }
    return {
        "BACKEND": "django_k8s.media_storage.s3.S3Media",
        "OPTIONS": {**options, **{key: value for key, value in optional.items() if value}},
    }
