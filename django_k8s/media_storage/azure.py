"""Media on Azure Blob Storage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
from storages.backends.azure_storage import AzureStorage, AzureStorageFile

from django_k8s.media_storage.bucket import Bucket, BucketFile
from django_k8s.media_storage.unavailable import MediaUnavailable

_MEBIBYTE = 1024 * 1024

# Options of the client: no call waits for long, and only one part of a file is in memory.
_CLIENT: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 30,
    "retry_total": 2,
    "initial_backoff": 1,  # seconds; Azure's default is at least 15, for which a request would wait
    "increment_base": 2,
    "random_jitter_range": 1,
    "max_block_size": 4 * _MEBIBYTE,
    "max_single_put_size": 4 * _MEBIBYTE,
    "max_single_get_size": 4 * _MEBIBYTE,
    "max_chunk_get_size": 4 * _MEBIBYTE,
}
# django-storages' options for a web process. Options in STORAGES override them.
_OPTIONS: dict[str, Any] = {"upload_max_conn": 1, "timeout": 30}

# What to do about each error code of Azure. Codes: Blob Storage REST API, "Error codes".
_REMEDIES = {
    "ContainerNotFound": "the container does not exist: check MEDIA_AZURE_CONTAINER and MEDIA_AZURE_ACCOUNT",
    "ContainerBeingDeleted": "the container is being deleted: check MEDIA_AZURE_CONTAINER",
    "AuthenticationFailed": "the credentials are not accepted: check the pod's identity",
    "InvalidAuthenticationInfo": "the credentials are not accepted: check the pod's identity",
    "NoAuthenticationInformation": "no credentials were found. Check the pod's identity",
    "AuthorizationFailure": "access is denied: check what the pod's identity may do, and the firewall of the account",
    "AuthorizationPermissionMismatch": "access is denied: give the pod's identity the role Storage Blob Data Contributor",
}


class AzureMedia(Bucket, AzureStorage):  # type: ignore[misc]
    """django-storages' storage on Azure, configured for a web process.

    The pod's identity gives the credentials and also signs links, so no key is needed. Uploads and downloads use one
    thread and keep one part of 4 MiB in memory. No call waits for long, and every failure is a
    :class:`MediaUnavailable`.

    ``account_url`` is the URL of the account if it is not on Azure's public cloud.
    """

    token_credential: Any

    def __init__(self, **options: Any) -> None:
        self._account_url = options.pop("account_url", "")
        super().__init__(**(_OPTIONS | options))
        self._making = threading.Lock()
        self._shared: BlobServiceClient | None = None
        own = self.account_key or self.sas_token or self.connection_string or self.token_credential
        self._identity = not own

    @property
    def service_client(self) -> BlobServiceClient:
        """Azure's client, which all threads of the process share."""
        with self._making:
            if self._shared is None:
                self._shared = self._new_client()
            return self._shared

    def _new_client(self) -> BlobServiceClient:
        if self.connection_string:
            return BlobServiceClient.from_connection_string(self.connection_string, **_CLIENT)
        url = self._account_url or f"{self.azure_protocol}://{self.account_name}.blob.{self.endpoint_suffix}"
        if self._identity:
            self.token_credential = DefaultAzureCredential()
        key = (
            {"account_name": self.account_name, "account_key": self.account_key} if self.account_key else None
        )
        return BlobServiceClient(url, credential=key or self.sas_token or self.token_credential, **_CLIENT)

    @staticmethod
    @contextmanager
    def explained(name: str = "") -> Iterator[None]:
        """Turn exceptions of Azure's libraries into MediaUnavailable, or FileNotFoundError if the object ``name`` is missing."""
        try:
            yield
        except HttpResponseError as error:
            code = str(getattr(error, "error_code", None) or error.status_code or "")
            if name and code == "BlobNotFound":
                raise FileNotFoundError(f"Media storage: there is no object {name}.") from error
            if isinstance(error, ClientAuthenticationError) and not error.status_code:
                raise MediaUnavailable(
                    "Media storage: no credentials were found. Check the pod's identity."
                ) from error
            reason = _REMEDIES.get(
                code, f"the server answered {code}: check the pod's identity and the MEDIA_AZURE_ variables"
            )
            raise MediaUnavailable(f"Media storage: {reason}.") from error
        except AzureError as error:
            raise MediaUnavailable(
                f"Media storage: the server cannot be reached ({type(error).__name__}): "
                "check MEDIA_AZURE_ACCOUNT and the network."
            ) from error

    def check(self) -> None:
        """Request the container without changing anything. Raise MediaUnavailable if that fails."""
        with self.explained():
            self.client.get_container_properties()

    def get_user_delegation_key(self, expiry: Any) -> Any:
        """Return the key that signs a link on behalf of the pod's identity."""
        _ = self.service_client  # this finds the credentials
        return super().get_user_delegation_key(expiry)

    def _open(self, name: str, mode: str = "rb") -> _MediaFile:
        if "r" in mode and not self.exists(name):  # django-storages would notice that only at the first read
            raise FileNotFoundError(f"Media storage: there is no object {name}.")
        return _MediaFile(name, mode, self)

    def url(self, name: str, *args: Any, **options: Any) -> str:
        """Return the URL of the object ``name``, signed if media are private. The options are those of django-storages."""
        with self.explained():
            url: str = super().url(name, *args, **options)
        return url


class _MediaFile(BucketFile, AzureStorageFile):  # type: ignore[misc]
    """django-storages' file, whose later failures are explained as well."""
