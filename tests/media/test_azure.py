"""Media on an emulator of Azure Blob Storage, which checks the account's key. It knows no identities."""

from __future__ import annotations

import time
import urllib.request
import uuid
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from azure.storage.blob import BlobServiceClient
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import override_settings
from support.buckets import ACCOUNT, KEY, azurite
from support.patience import patience
from support.ports import free_port
from support.process import wait_until

from django_k8s import settings as k8s
from django_k8s.environment.env import Env
from django_k8s.health.storage import Storage
from django_k8s.media_storage import MediaUnavailable


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with azurite() as url:
        yield url


@pytest.fixture
def variables(server: str) -> dict[str, str]:
    """A new container, and what names it."""
    name = f"media-{uuid.uuid4().hex[:8]}"
    BlobServiceClient(server, credential={"account_name": ACCOUNT, "account_key": KEY}).create_container(name)
    return {"MEDIA_AZURE_CONTAINER": name, "MEDIA_AZURE_ACCOUNT": ACCOUNT, "MEDIA_AZURE_ENDPOINT_URL": server}


def storage(environ: dict[str, str], **options: object):
    """The default storage that the settings function gives for an environment, with the account's key unless told otherwise."""
    found = k8s.media_storage(Env(environ=environ), **({"account_key": KEY} | options))
    with override_settings(STORAGES={"default": found}):
        return storages.create_storage(storages.backends["default"])


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=patience(10)) as answer:
        return bytes(answer.read())


def expired(url: str) -> bool:
    try:
        fetch(url)
    except HTTPError as error:
        return error.code == 403
    return False


def test_files(variables: dict[str, str]) -> None:
    """They go below the prefix, two of one name are two files, and they are read, measured and deleted."""
    media = storage({**variables, "MEDIA_AZURE_PREFIX": "shop"})
    first, second = (media.save("note.txt", ContentFile(text)) for text in (b"1", b"22"))

    assert first != second
    assert media.open(first).read() == b"1"
    assert media.exists(first)
    assert media.size(second) == 2
    assert sorted(blob.name for blob in media.client.list_blobs()) == sorted(
        [f"shop/{first}", f"shop/{second}"]
    )
    media.delete(first)
    assert not media.exists(first)
    for missing in (media.open, media.size):
        with pytest.raises(FileNotFoundError):
            missing(first)


def test_a_file_of_many_parts(variables: dict[str, str]) -> None:
    """A file that is larger than the parts in memory is read back unchanged."""
    content = uuid.uuid4().bytes * 2**20
    media = storage(variables)
    name = media.save("big.bin", ContentFile(content))
    assert media.open(name).read() == content


def test_links(variables: dict[str, str]) -> None:
    """A private file is read by its signed link, not without the signature, and not after MEDIA_AZURE_LINK_SECONDS."""
    seconds = int(patience(3))
    media = storage({**variables, "MEDIA_AZURE_LINK_SECONDS": str(seconds)})
    url = media.url(media.save("note.txt", ContentFile(b"hello")))

    assert fetch(url) == b"hello"
    with pytest.raises(HTTPError):
        fetch(url.partition("?")[0])
    wait_until(lambda: expired(url), seconds + 10, "the end of the link")


def test_public(variables: dict[str, str]) -> None:
    """Public media has plain links, by the CDN's domain where one is named."""
    public = {**variables, "MEDIA_AZURE_ACCESS": "public"}
    assert "?" not in storage(public).url("a.txt")
    url = storage({**public, "MEDIA_CDN_DOMAIN": "cdn.example.com"}).url("a.txt")
    assert urlsplit(url).netloc == "cdn.example.com"


def test_missing_container(variables: dict[str, str]) -> None:
    """The message names the variable to look at, for an upload and for the health check."""
    media = storage({**variables, "MEDIA_AZURE_CONTAINER": "nothing"})
    with pytest.raises(MediaUnavailable, match="MEDIA_AZURE_CONTAINER"):
        media.save("a.txt", ContentFile(b"x"))
    with pytest.raises(MediaUnavailable, match="MEDIA_AZURE_CONTAINER"):
        media.check()


def test_wrong_key(variables: dict[str, str]) -> None:
    """A wrong key is said, and not shown."""
    wrong = "aHVudGVyMg=="
    with pytest.raises(MediaUnavailable, match="check the pod's identity") as refused:
        storage(variables, account_key=wrong).save("a.txt", ContentFile(b"x"))
    assert wrong not in str(refused.value)


def test_dead_server(variables: dict[str, str]) -> None:
    """A server that is away is said within seconds."""
    media = storage({**variables, "MEDIA_AZURE_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}/{ACCOUNT}"})
    began = time.monotonic()
    with pytest.raises(MediaUnavailable, match="cannot be reached"):
        media.save("a.txt", ContentFile(b"x"))
    with pytest.raises(MediaUnavailable, match="cannot be reached"):
        media.exists("a.txt")
    assert time.monotonic() - began < patience(20, below=54)


def test_no_credentials(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod without an identity gets a message."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    # A token goes over HTTPS only, and the identity is asked for before the connection is made.
    url = f"https://127.0.0.1:{free_port()}/{ACCOUNT}"
    media = storage({**variables, "MEDIA_AZURE_ENDPOINT_URL": url}, account_key=None)
    with pytest.raises(MediaUnavailable, match=r"no credentials were found\. Check the pod's identity"):
        media.exists("a.txt")


def test_the_health_check(variables: dict[str, str]) -> None:
    """It asks for the container, and writes nothing there."""
    with override_settings(STORAGES={"default": k8s.media_storage(Env(environ=variables), account_key=KEY)}):
        Storage()(1)
        assert list(storages["default"].client.list_blobs()) == []
