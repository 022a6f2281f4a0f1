"""Media on Google Cloud Storage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import google.auth
import requests
from google.api_core.exceptions import GoogleAPIError, NotFound
from google.auth.credentials import Signing
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud.storage import Client
from storages.backends.gcloud import GoogleCloudFile, GoogleCloudStorage

from django_k8s.media_storage.bucket import Bucket, BucketFile
from django_k8s.media_storage.unavailable import MediaUnavailable

_MEBIBYTE = 1024 * 1024
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_SECONDS = (5, 30)  # for the connection, and between two parts of a response
_ATTEMPTS = 3  # for a request, with the pauses of Google's library between them
_RETRIED = (408, 429, 500, 502, 503, 504)

# django-storages' options for a web process. Options in STORAGES override them.
_OPTIONS: dict[str, Any] = {"max_memory_size": 2 * _MEBIBYTE, "blob_chunk_size": 5 * _MEBIBYTE}

_REMEDIES = {
    401: "the credentials are not accepted: check the pod's identity",
    403: "access is denied: check what the pod's identity may do in the bucket",
    404: "the bucket does not exist: check MEDIA_GCS_BUCKET",
}


class GCSMedia(Bucket, GoogleCloudStorage):  # type: ignore[misc]
    """django-storages' storage on Google Cloud, configured for a web process.

    The pod's identity gives the credentials and also signs links, so no key is needed. Uploads and downloads keep one
    part of 5 MiB in memory. No call waits for long, and every failure is a :class:`MediaUnavailable`.
    """

    credentials: Any
    project_id: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**(_OPTIONS | options))
        self._making = threading.Lock()
        self._shared: Client | None = None

    @property
    def client(self) -> Client:
        """Google's client, which all threads of the process share."""
        with self._making:
            if self._shared is None:
                if not self.credentials:
                    self.credentials, project = google.auth.default(scopes=[_SCOPE])
                    self.project_id = self.project_id or project
                # Nothing that is used here depends on the project, but a client cannot be created without one.
                self._shared = Client(
                    project=self.project_id or "unknown",
                    credentials=self.credentials,
                    _http=_Session(self.credentials),
                )
            return self._shared

    @staticmethod
    @contextmanager
    def explained(name: str = "") -> Iterator[None]:
        """Turn exceptions of Google's libraries into MediaUnavailable, or FileNotFoundError if ``name`` is missing."""
        try:
            yield
        except NotFound as error:
            if name:
                raise FileNotFoundError(f"Media storage: there is no object {name}.") from error
            raise MediaUnavailable(f"Media storage: {_REMEDIES[404]}.") from error
        except DefaultCredentialsError as error:
            raise MediaUnavailable(
                "Media storage: no credentials were found. Check the pod's identity."
            ) from error
        except GoogleAuthError as error:
            reason = f"the credentials cannot be obtained or used ({type(error).__name__}): check the pod's identity"
            raise MediaUnavailable(f"Media storage: {reason}.") from error
        except (GoogleAPIError, requests.RequestException) as error:
            code = getattr(error, "code", None)
            if code is None:
                raise _unreachable(error) from error
            reason = _REMEDIES.get(code, f"the server answered {int(code)}: check the pod's identity")
            raise MediaUnavailable(f"Media storage: {reason}.") from error

    def check(self) -> None:
        """Request the bucket without changing anything. Raise MediaUnavailable if that fails."""
        with self.explained():
            next(iter(self.client.list_blobs(self.bucket_name, max_results=1)), None)

    def _open(self, name: str, mode: str = "rb") -> _MediaFile:
        with self.explained():
            found: _MediaFile = super()._open(name, mode)
        found.__class__ = _MediaFile  # django-storages does not let us choose the class
        return found

    def url(self, name: str, parameters: dict[str, Any] | None = None) -> str:
        """Return the URL of the object ``name``. If media are private, it is signed and expires."""
        with self.explained():
            if self.querystring_auth:
                parameters = {**self._signer(), **(parameters or {})}
            url: str = super().url(name, parameters)
        return url

    def _signer(self) -> dict[str, str]:
        """Return the parameters for signing a link with Google's API, or nothing if the identity has its own key.

        A pod's identity has no key.
        """
        _ = self.client  # this finds the credentials
        if isinstance(self.credentials, Signing):
            return {}
        if not self.credentials.valid:
            self.credentials.refresh(Request())
        email = getattr(self.credentials, "service_account_email", None)
        if not email:
            raise MediaUnavailable(
                "Media storage: the pod's identity is not a service account, so it cannot sign links. "
                "Let it act as one, or set MEDIA_GCS_ACCESS to public."
            )
        return {"service_account_email": email, "access_token": self.credentials.token}


class _Session(AuthorizedSession):
    """Google's session with timeouts and few attempts. By default, it would repeat requests for two minutes."""

    def __init__(self, credentials: Any) -> None:
        super().__init__(credentials)  # type: ignore[no-untyped-call]
        self._failed = threading.local()

    def request(self, *args: Any, **options: Any) -> Any:
        """Send a request. Raise MediaUnavailable if the last attempt fails."""
        options["timeout"] = _SECONDS
        try:
            response = super().request(*args, **options)  # type: ignore[no-untyped-call]
        except (requests.ConnectionError, requests.Timeout) as error:
            if self._is_last():
                raise _unreachable(error) from error
            raise
        if response.status_code not in _RETRIED:
            self._failed.count = 0
        elif self._is_last():
            raise MediaUnavailable(
                f"Media storage: the server answered {response.status_code}. Try again later."
            )
        return response

    def _is_last(self) -> bool:
        count = getattr(self._failed, "count", 0) + 1
        self._failed.count = 0 if count >= _ATTEMPTS else count
        return count >= _ATTEMPTS


class _MediaFile(BucketFile, GoogleCloudFile):  # type: ignore[misc]
    """django-storages' file, whose later failures are explained as well."""


def _unreachable(error: Exception) -> MediaUnavailable:
    return MediaUnavailable(
        f"Media storage: the server cannot be reached ({type(error).__name__}): check the network."
    )
