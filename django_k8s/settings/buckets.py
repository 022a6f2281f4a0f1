"""Buckets for uploads: on S3, on Google Cloud and on Azure."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django_k8s.environment.connection_urls import malformed
from django_k8s.environment.env import Env

Options = dict[str, Any]


class Kind(NamedTuple):
    """A kind of bucket, with its variables, packages and storage classes."""

    variable: str  # it has the name of the bucket
    extra: str
    packages: tuple[str, ...]  # what the extra installs, as names to import
    names: str  # the same, for messages
    storage: str  # this library's class
    theirs: tuple[str, ...]  # django-storages' own classes, which ours replaces
    options: Callable[[Env], Options]
    decided: Mapping[str, str]  # variables that override an option of the project's storage if they are set


def named(env: Env) -> Kind | None:
    """Return the kind of bucket in the environment, or None if uploads are on a disk."""
    found = [kind for kind in KINDS if env.str(kind.variable)]
    if len(found) > 1:
        first, second = (kind.variable for kind in found[:2])
        env.add_problem(second, f"names a bucket, and so does {first}. Remove one of them.")
    return found[0] if found else None


def storage(env: Env, kind: Kind) -> dict[str, Any]:
    """Return the storage of a bucket as an entry of STORAGES. Record a problem if a library is not installed."""
    if not all(map(_installed, ("storages", *kind.packages))):
        env.add_problem(
            kind.variable,
            f"needs django-storages and {kind.names}, which are not installed. "
            f"Add the extra: django-k8s-toolkit[{kind.extra}].",
        )
    return {"BACKEND": kind.storage, "OPTIONS": kind.options(env)}


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # a package above it
        return False


def _cdn(env: Env, access: str) -> str:
    """Return MEDIA_CDN_DOMAIN. Record a problem if it is malformed, or if the bucket is private."""
    domain = env.str("MEDIA_CDN_DOMAIN")
    if (domain and malformed(f"https://{domain}")) or "/" in domain:
        env.add_problem(
            "MEDIA_CDN_DOMAIN", "must be a domain without scheme and path, such as media.example.com."
        )
    if domain and env.str(access) != "public":
        env.add_problem(
            "MEDIA_CDN_DOMAIN", f"serves unsigned links. Set {access} to public, or remove the domain."
        )
    return domain


def _given(options: Options) -> Options:
    return {key: value for key, value in options.items() if value}


def _s3(env: Env) -> Options:
    domain = _cdn(env, "MEDIA_S3_ACCESS")
    options = {
        "bucket_name": env.str("MEDIA_S3_BUCKET"),
        "location": env.str("MEDIA_S3_PREFIX"),
        "querystring_auth": env.str("MEDIA_S3_ACCESS") != "public",
        "querystring_expire": env.int("MEDIA_S3_LINK_SECONDS"),
        "file_overwrite": False,
    }
    optional = {
        "region_name": env.str("MEDIA_S3_REGION"),
        "endpoint_url": env.str("MEDIA_S3_ENDPOINT_URL"),
        "custom_domain": domain,
    }
    return {**options, **_given(optional)}


def _gcs(env: Env) -> Options:
    domain = _cdn(env, "MEDIA_GCS_ACCESS")
    options = {
        "bucket_name": env.str("MEDIA_GCS_BUCKET"),
        "location": env.str("MEDIA_GCS_PREFIX"),
        "querystring_auth": env.str("MEDIA_GCS_ACCESS") != "public",
        "expiration": timedelta(seconds=env.int("MEDIA_GCS_LINK_SECONDS")),
        "file_overwrite": False,
    }
    return {**options, **({"custom_endpoint": f"https://{domain}"} if domain else {})}


def _azure(env: Env) -> Options:
    domain = _cdn(env, "MEDIA_AZURE_ACCESS")
    private = env.str("MEDIA_AZURE_ACCESS") != "public"
    account = env.str("MEDIA_AZURE_ACCOUNT")
    if not account:
        env.add_problem(
            "MEDIA_AZURE_ACCOUNT", "is missing: the name of the storage account of MEDIA_AZURE_CONTAINER."
        )
    options = {
        "account_name": account,
        "azure_container": env.str("MEDIA_AZURE_CONTAINER"),
        "location": env.str("MEDIA_AZURE_PREFIX"),
        "expiration_secs": env.int("MEDIA_AZURE_LINK_SECONDS") if private else None,
        "overwrite_files": False,
    }
    return {
        **options,
        **_given({"account_url": env.str("MEDIA_AZURE_ENDPOINT_URL"), "custom_domain": domain}),
    }


KINDS = (
    Kind(
        "MEDIA_S3_BUCKET",
        "s3",
        ("boto3",),
        "boto3",
        "django_k8s.media_storage.s3.S3Media",
        ("storages.backends.s3.S3Storage", "storages.backends.s3boto3.S3Boto3Storage"),
        _s3,
        {
            "MEDIA_S3_BUCKET": "bucket_name",
            "MEDIA_S3_PREFIX": "location",
            "MEDIA_S3_ACCESS": "querystring_auth",
            "MEDIA_S3_LINK_SECONDS": "querystring_expire",
            "MEDIA_S3_REGION": "region_name",
            "MEDIA_S3_ENDPOINT_URL": "endpoint_url",
            "MEDIA_CDN_DOMAIN": "custom_domain",
        },
    ),
    Kind(
        "MEDIA_GCS_BUCKET",
        "gcs",
        ("google.cloud.storage",),
        "google-cloud-storage",
        "django_k8s.media_storage.gcs.GCSMedia",
        ("storages.backends.gcloud.GoogleCloudStorage",),
        _gcs,
        {
            "MEDIA_GCS_BUCKET": "bucket_name",
            "MEDIA_GCS_PREFIX": "location",
            "MEDIA_GCS_ACCESS": "querystring_auth",
            "MEDIA_GCS_LINK_SECONDS": "expiration",
            "MEDIA_CDN_DOMAIN": "custom_endpoint",
        },
    ),
    Kind(
        "MEDIA_AZURE_CONTAINER",
        "azure",
        ("azure.storage.blob", "azure.identity"),
        "azure-storage-blob and azure-identity",
        "django_k8s.media_storage.azure.AzureMedia",
        ("storages.backends.azure_storage.AzureStorage",),
        _azure,
        {
            "MEDIA_AZURE_CONTAINER": "azure_container",
            "MEDIA_AZURE_ACCOUNT": "account_name",
            "MEDIA_AZURE_PREFIX": "location",
            "MEDIA_AZURE_ACCESS": "expiration_secs",
            "MEDIA_AZURE_LINK_SECONDS": "expiration_secs",
            "MEDIA_AZURE_ENDPOINT_URL": "account_url",
            "MEDIA_CDN_DOMAIN": "custom_domain",
        },
    ),
)
