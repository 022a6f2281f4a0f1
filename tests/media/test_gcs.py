"""Media on an emulator of Google Cloud Storage, which checks no credentials."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import override_settings
from google.auth import credentials
from google.cloud.storage import Client
from support.buckets import gcs
from support.patience import patience
from support.ports import free_port
from support.process import environment, started

from django_k8s import settings as k8s
from django_k8s.environment.env import Env
from django_k8s.health.storage import Storage
from django_k8s.media_storage import MediaUnavailable


class Identity(credentials.AnonymousCredentials):
    """An identity that is known by a token alone, as a pod's is."""

    valid, service_account_email = True, "shop@example.iam.gserviceaccount.com"

    def __init__(self) -> None:
        super().__init__()
        self.token = "a-token"

    def refresh(self, request: object) -> None:
        """There is no other token."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with gcs() as url:
        yield url


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
    name = f"media-{uuid.uuid4().hex[:8]}"
    Client(project="test", credentials=credentials.AnonymousCredentials()).create_bucket(name)
    return name


def storage(**variables: str):
    """The default storage that the settings function gives for an environment."""
    found = k8s.media_storage(Env(environ=variables), credentials=Identity())
    with override_settings(STORAGES={"default": found}):
        return storages.create_storage(storages.backends["default"])


def test_files(bucket: str) -> None:
    """They go below the prefix, two of one name are two files, and they are read, measured and deleted."""
    media = storage(MEDIA_GCS_BUCKET=bucket, MEDIA_GCS_PREFIX="shop")
    first, second = (media.save("note.txt", ContentFile(text)) for text in (b"1", b"22"))

    assert first != second
    assert media.open(first).read() == b"1"
    assert media.exists(first)
    assert media.size(second) == 2
    assert sorted(blob.name for blob in media.client.list_blobs(bucket)) == sorted(
        [f"shop/{first}", f"shop/{second}"]
    )
    media.delete(first)
    assert not media.exists(first)
    for missing in (media.open, media.size):
        with pytest.raises(FileNotFoundError):
            missing(first)


def test_a_file_of_many_parts(bucket: str) -> None:
    """One that is larger than what is held in memory comes back as it was."""
    content = uuid.uuid4().bytes * 2**20
    media = storage(MEDIA_GCS_BUCKET=bucket)
    name = media.save("big.bin", ContentFile(content))
    assert media.open(name).read() == content


def test_public(bucket: str) -> None:
    """Public media has plain links, by the CDN's domain where one is named."""
    variables = {"MEDIA_GCS_BUCKET": bucket, "MEDIA_GCS_ACCESS": "public"}
    media = storage(**variables)
    assert media.url("a.txt").endswith(f"/{bucket}/a.txt")  # the emulator has no public objects
    assert (
        storage(**variables, MEDIA_CDN_DOMAIN="cdn.example.com").url("a.txt")
        == "https://cdn.example.com/a.txt"
    )


def test_links_are_signed_by_the_identity(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity without a key asks Google's API to sign, in its own name. The API itself is not here."""
    asked = []

    def sign(self: object, **arguments: object) -> str:
        asked.append(arguments)
        return "https://signed.example.com/"

    monkeypatch.setattr("google.cloud.storage.Blob.generate_signed_url", sign)
    media = storage(MEDIA_GCS_BUCKET=bucket, MEDIA_GCS_LINK_SECONDS="90")
    assert media.url("a.txt") == "https://signed.example.com/"
    (arguments,) = asked
    assert arguments["access_token"] == "a-token"
    assert arguments["service_account_email"] == Identity.service_account_email
    assert arguments["expiration"].total_seconds() == 90


def test_an_identity_that_signs_nothing(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which it is, and what to do, is in the message."""
    monkeypatch.setattr(Identity, "service_account_email", None)
    with pytest.raises(
        MediaUnavailable, match=r"it cannot sign links\. Let it act as one, or set MEDIA_GCS_ACCESS"
    ):
        storage(MEDIA_GCS_BUCKET=bucket).url("a.txt")


def test_links_of_a_key(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials with a key sign themselves, for as long as MEDIA_GCS_LINK_SECONDS says."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from google.oauth2.service_account import Credentials

    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {
        "client_email": "shop@example.com",
        "token_uri": "https://example.com",
        "private_key": key.decode(),
    }
    found = k8s.media_storage(
        Env(environ={"MEDIA_GCS_BUCKET": bucket, "MEDIA_GCS_LINK_SECONDS": "90"}),
        credentials=Credentials.from_service_account_info(info),
    )
    with override_settings(STORAGES={"default": found}):
        url = storages.create_storage(storages.backends["default"]).url("a.txt")
    query = parse_qs(urlsplit(url).query)
    assert query["X-Goog-Expires"] == ["90"]
    assert query["X-Goog-Signature"]


@pytest.mark.usefixtures("bucket")
def test_missing_bucket() -> None:
    """The message names the variable to look at, for an upload and for the health check."""
    media = storage(MEDIA_GCS_BUCKET="no-such-bucket")
    with pytest.raises(MediaUnavailable, match="MEDIA_GCS_BUCKET"):
        media.save("a.txt", ContentFile(b"x"))
    with pytest.raises(MediaUnavailable, match="MEDIA_GCS_BUCKET"):
        media.check()


def test_dead_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is away is said within seconds, not after two minutes."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{free_port()}")
    media, began = storage(MEDIA_GCS_BUCKET="b"), time.monotonic()
    with pytest.raises(MediaUnavailable, match="cannot be reached"):
        media.save("a.txt", ContentFile(b"x"))
    with pytest.raises(MediaUnavailable, match="cannot be reached"):
        media.exists("a.txt")
    assert time.monotonic() - began < patience(30)


@pytest.mark.parametrize(
    ("status", "said"), [(403, "access is denied"), (401, "not accepted"), (503, "answered 503")]
)
def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    """What a server answers that does not let the pod in, or is not well."""
    port = free_port()
    program = (
        "import http.server, sys\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        f"        self.send_response({status}); self.send_header('Content-Length', '0'); self.end_headers()\n"
        "    do_POST = do_GET\n"
        f"server = http.server.HTTPServer(('127.0.0.1', {port}), Handler)\n"
        "print('listens', flush=True)\n"
        "server.serve_forever()\n"
    )
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    with started(["python", "-c", program], environment(), tmp_path, tmp_path / "log") as process:
        process.wait_for_output("listens")
        media, began = storage(MEDIA_GCS_BUCKET="b"), time.monotonic()
        with pytest.raises(MediaUnavailable, match=said):
            media.save("a.txt", ContentFile(b"x"))
        assert time.monotonic() - began < patience(30)


def test_no_credentials(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod without an identity gets a message."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nonexistent")
    with override_settings(
        STORAGES={"default": k8s.media_storage(Env(environ={"MEDIA_GCS_BUCKET": bucket}))}
    ):
        media = storages.create_storage(storages.backends["default"])
    with pytest.raises(MediaUnavailable, match=r"no credentials were found\. Check the pod's identity"):
        media.save("a.txt", ContentFile(b"x"))


def test_the_health_check(bucket: str) -> None:
    """It asks for the bucket, and writes nothing there."""
    found = k8s.media_storage(Env(environ={"MEDIA_GCS_BUCKET": bucket}), credentials=Identity())
    with override_settings(STORAGES={"default": found}):
        Storage()(1)
        media = storages["default"]
        assert list(media.client.list_blobs(bucket)) == []
