"""STORAGES: media on disk or on S3, static files hashed and compressed."""

from __future__ import annotations

from typing import Any

from django_k8s.env import Env


def storages(env: Env) -> dict[str, dict[str, Any]]:
    """Django's STORAGES with the aliases ``default`` (media) and ``staticfiles``.

    Naming MEDIA_S3_BUCKET moves media to S3. Credentials come from the pod's identity: no key is
    read here, and django_k8s.W013 warns of keys in the environment.
    """
    hashed = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    return {
        "default": _s3(env)
        if env.str("MEDIA_S3_BUCKET")
        else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": plain if env.debug else hashed},
    }


def _s3(env: Env) -> dict[str, Any]:
    public = env.str("MEDIA_S3_ACCESS") == "public"
    domain = env.str("MEDIA_CDN_DOMAIN")
    if "://" in domain or "/" in domain:
        env.problem("MEDIA_CDN_DOMAIN", "is a domain, such as media.example.com, without scheme and path.")
    if domain and not public:
        env.problem(
            "MEDIA_CDN_DOMAIN",
            "serves unsigned links. Set MEDIA_S3_ACCESS to public, or take the domain away.",
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
        "BACKEND": "django_k8s.storage.S3Media",
        "OPTIONS": {**options, **{key: value for key, value in optional.items() if value}},
    }
