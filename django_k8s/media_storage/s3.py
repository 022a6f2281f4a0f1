"""Media on S3 or a compatible server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3File, S3Storage

from django_k8s.media_storage.bucket import Bucket, BucketFile
from django_k8s.media_storage.unavailable import MediaUnavailable

__all__ = ["MediaUnavailable", "S3Media"]

_MEBIBYTE = 1024 * 1024

# What to do about each error code of an S3 server. Codes: Amazon S3 API reference, "Error responses".
_REMEDIES = {
    "NoSuchBucket": "the bucket does not exist: check MEDIA_S3_BUCKET and MEDIA_S3_ENDPOINT_URL",
    "NoSuchKey": "the object does not exist any more",
    "404": "the bucket or the object does not exist: check MEDIA_S3_BUCKET and MEDIA_S3_ENDPOINT_URL",
    "InvalidAccessKeyId": "the access key is not known: check the pod's identity",
    "XAdminUserNotFound": "the access key is not known: check the pod's identity",  # versitygw, as in compose.yaml
    "SignatureDoesNotMatch": "the secret key is wrong: check the pod's identity",
    "ExpiredToken": "the credentials have expired: check the pod's identity",
    "AccessDenied": "access is denied: check what the pod's identity may do in the bucket",
    "403": "access is denied: check the pod's identity, its keys and what it may do in the bucket",
}


_CLIENT = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"max_attempts": 3, "mode": "standard"},
    signature_version="s3v4",
    # Since 1.36, boto3 adds checksums, which many S3-compatible servers refuse.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)

# Options of django-storages for a web process. Options in STORAGES override them.
_OPTIONS: dict[str, Any] = {
    "client_config": _CLIENT,
    # 5 MiB is the smallest part that S3 accepts. Each part is in memory, more than once.
    "transfer_config": TransferConfig(
        use_threads=False, multipart_threshold=5 * _MEBIBYTE, multipart_chunksize=5 * _MEBIBYTE
    ),
    "max_memory_size": 2 * _MEBIBYTE,
}

_making = threading.RLock()
os.register_at_fork(before=_making.acquire, after_in_parent=_making.release, after_in_child=_making.release)


class S3Media(Bucket, S3Storage):  # type: ignore[misc]
    """django-storages' S3 storage, configured for a web process.

    All threads share one connection. Uploads and downloads use one thread, and have one part of 5 MiB in memory
    (boto3's own transfer needs more than 100 MiB for a file of 100 MiB). No call waits for long. The checksums that
    boto3 adds since 1.36 are sent only if a server asks for them. Every failure is a :class:`MediaUnavailable`, which
    a view can show.
    """

    def __init__(self, **options: Any) -> None:
        if options.get("endpoint_url"):
            # Servers other than Amazon's seldom have a host name for each bucket.
            options.setdefault("client_config", _CLIENT.merge(Config(s3={"addressing_style": "path"})))
        self._options = _OPTIONS | options
        self._shared: dict[tuple[int, str], Any] = {}
        super().__init__(**self._options)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_shared": {}}  # connections cannot be copied

    @property
    def connection(self) -> Any:
        """Return boto3's connection, the same for all threads of a process."""
        return self._once("connection")

    @property
    def unsigned_connection(self) -> Any:
        """Return the connection without signatures, for plain links."""
        return self._once("unsigned_connection")

    def _once(self, name: str) -> Any:
        """Return a connection of django-storages, which is created once for each process.

        django-storages creates one for each thread, and each needs 16 MiB, most of it for boto3's description of S3.
        The shared objects are a client, which is thread-safe according to boto3, and its wrapper, which
        django-storages shares in its bucket anyway. A forked process creates its own.
        """
        key = (os.getpid(), name)
        with _making:  # the first threads wait for the one that creates it
            if key not in self._shared:
                self._shared[key] = getattr(S3Storage(**self._options), name)
            return self._shared[key]

    @staticmethod
    @contextmanager
    def explained(name: str = "") -> Iterator[None]:
        """Turn errors of boto3 into a :class:`MediaUnavailable`."""
        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError) as error:
            # boto3 wraps the server's answer to an upload in an exception of its own.
            cause = error if isinstance(error, ClientError) else error.__context__
            code = (
                str(cause.response.get("Error", {}).get("Code", "")) if isinstance(cause, ClientError) else ""
            )
            if code:
                reason = _REMEDIES.get(
                    code, f"the server answered {code}: check the pod's identity and the MEDIA_S3_ variables"
                )
            else:
                reason = f"the server cannot be reached ({type(error).__name__}): check MEDIA_S3_ENDPOINT_URL and the network"
            raise MediaUnavailable(f"Media storage: {reason}.") from error

    def _open(self, name: str, mode: str = "rb") -> _MediaFile:
        with self.explained():
            found: _MediaFile = super()._open(name, mode)
        found.__class__ = _MediaFile  # django-storages does not let us choose the class
        return found

    def url(
        self,
        name: str,
        parameters: dict[str, Any] | None = None,
        expire: int | None = None,
        http_method: str | None = None,
    ) -> str:
        """Return the URL of the object ``name``. If media is private, it is signed for ``expire`` seconds."""
        with self.explained():
            url: str = super().url(name, parameters, expire, http_method)
        return url


class _MediaFile(BucketFile, S3File):  # type: ignore[misc]
    """django-storages' file, whose later failures are explained as well."""
