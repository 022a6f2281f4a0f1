"""Media on a real S3 server that verifies signatures."""

from __future__ import annotations

import http.client
import json
import os
import pickle
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InvalidStorageError, storages
from django.test import override_settings
from support.patience import patience
from support.ports import free_port
from support.process import answers, environment, started, wait_until
from support.s3 import S3, s3

from django_k8s import settings as k8s
from django_k8s.environment.env import Env
from django_k8s.media_storage import MediaUnavailable

HERE = Path(__file__).resolve().parent
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3() as instance:
        yield instance


@pytest.fixture
def bucket(server: S3) -> str:
    name = f"media-{uuid.uuid4().hex[:8]}"
    server.client().create_bucket(Bucket=name)
    return name


@pytest.fixture
def keys(server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right keys in the environment, where a pod identity would be in a cluster."""
    for name, value in server.variables("").items():
        if name.startswith("AWS"):
            monkeypatch.setenv(name, value)


def storage(**variables: str):
    """The default storage that the settings function gives for an environment."""
    with override_settings(STORAGES={"default": k8s.media_storage(Env(environ=variables))}):
        return storages.create_storage(storages.backends["default"])


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=patience(10)) as answer:
        return answer.read()


@pytest.mark.usefixtures("keys")
class TestStorage:
    def test_private(self, server: S3, bucket: str) -> None:
        """A private file is read by its signed link, and not without the signature."""
        media = storage(**server.variables(bucket))
        name = media.save("note.txt", ContentFile(b"hello"))
        url = media.url(name)

        assert fetch(url) == b"hello"
        with pytest.raises(HTTPError) as refused:
            fetch(url.partition("?")[0])
        assert refused.value.code == 403
        with pytest.raises(HTTPError):
            fetch(url.replace("Signature=", "Signature=0"))

    def test_link_expires(self, server: S3, bucket: str) -> None:
        """A link lives as long as MEDIA_S3_LINK_SECONDS says."""
        seconds = int(patience(2))
        media = storage(**server.variables(bucket), MEDIA_S3_LINK_SECONDS=str(seconds))
        url = media.url(media.save("note.txt", ContentFile(b"hello")))

        assert fetch(url) == b"hello"
        wait_until(lambda: expired(url), seconds + 10, "the end of the link")

    def test_public(self, server: S3, bucket: str) -> None:
        """Public media has plain links, by the CDN's domain where one is named."""
        variables = {**server.variables(bucket), "MEDIA_S3_ACCESS": "public"}

        assert "?" not in storage(**variables).url("a.txt")
        assert (
            storage(**variables, MEDIA_CDN_DOMAIN="cdn.example.com").url("a.txt")
            == "https://cdn.example.com/a.txt"
        )

    def test_prefix_and_no_overwriting(self, server: S3, bucket: str) -> None:
        """Files go below the prefix, and two of one name are two files."""
        media = storage(**server.variables(bucket), MEDIA_S3_PREFIX="shop")
        first, second = (media.save("note.txt", ContentFile(text)) for text in (b"1", b"2"))

        assert first != second
        assert media.open(first).read() == b"1"
        assert media.exists(first)
        assert media.size(second) == 1
        keys = [item["Key"] for item in server.client().list_objects_v2(Bucket=bucket)["Contents"]]
        assert sorted(keys) == sorted([f"shop/{first}", f"shop/{second}"])
        media.delete(first)
        assert not media.exists(first)

    def test_one_connection(self, server: S3, bucket: str) -> None:
        """All threads share it, and a copy has its own."""
        media = storage(**server.variables(bucket))
        name = media.save("note.txt", ContentFile(b"hello"))
        with ThreadPoolExecutor(4) as pool:
            found = {id(connection) for connection in pool.map(lambda _: media.connection, range(8))}
        copy = pickle.loads(pickle.dumps(media))

        assert found == {id(media.connection)}
        assert copy.exists(name)
        assert copy.connection is not media.connection

    def test_fork_makes_its_own_connection(self, server: S3, bucket: str) -> None:
        """Two processes must not share a socket."""
        media = storage(**server.variables(bucket))
        ours, (reading, writing) = media.connection, os.pipe()
        if not os.fork():
            os.write(writing, b"own" if media.connection is not ours else b"shared")
            os._exit(0)
        os.wait()

        assert os.read(reading, 10) == b"own"

    def test_options_of_the_project_win(self, server: S3, bucket: str) -> None:
        """So does a transfer configuration in STORAGES."""
        options = k8s.media_storage(Env(environ=server.variables(bucket)), max_memory_size=7)
        with override_settings(STORAGES={"default": options}):
            media = storages.create_storage(storages.backends["default"])

        assert media.max_memory_size == 7
        assert media.transfer_config.use_threads is False

    def test_late_failure(self, server: S3, bucket: str) -> None:
        """A file that is gone when it is read is explained like every other failure; other attributes work."""
        media = storage(**server.variables(bucket))
        name = media.save("note.txt", ContentFile(b"hello"))
        opened = media.open(name)
        assert opened.size == 5
        media.delete(name)

        with pytest.raises(MediaUnavailable, match="object does not exist"):
            opened.read()

    def test_no_checksum_is_added(self, server: S3, bucket: str) -> None:
        """What boto3 adds since 1.36 is refused by many servers: it is not sent to any."""
        media, sent = storage(**server.variables(bucket)), []
        events = media.connection.meta.client.meta.events
        events.register("before-send.s3.PutObject", lambda request, **_: sent.extend(request.headers))
        media.save("note.txt", ContentFile(b"hello"))

        assert sent
        assert [name for name in sent if "checksum" in name.lower()] == []

    def test_missing_file(self, server: S3, bucket: str) -> None:
        """A file that is not there is a FileNotFoundError, as on disk."""
        with pytest.raises(FileNotFoundError):
            storage(**server.variables(bucket)).open("nothing.txt")

    def test_missing_bucket(self, server: S3) -> None:
        """The message names the variable to look at."""
        with pytest.raises(MediaUnavailable, match="MEDIA_S3_BUCKET"):
            storage(**server.variables("no-such-bucket")).save("a.txt", ContentFile(b"x"))

    def test_wrong_secret_key(self, server: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A wrong key is said, and not shown."""
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")

        with pytest.raises(MediaUnavailable, match="its keys") as refused:
            storage(**server.variables(bucket)).save("a.txt", ContentFile(b"x"))
        assert "hunter2" not in str(refused.value)

    def test_unknown_access_key(self, server: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """So is a key that the server does not know."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")

        with pytest.raises(MediaUnavailable, match="identity"):
            storage(**server.variables(bucket)).save("a.txt", ContentFile(b"x"))

    def test_dead_endpoint(self, bucket: str) -> None:
        """A server that is away is said within seconds."""
        variables = {
            "MEDIA_S3_BUCKET": bucket,
            "MEDIA_S3_REGION": "us-east-1",
            "MEDIA_S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        }

        with pytest.raises(MediaUnavailable, match="cannot be reached"):
            storage(**variables).save("a.txt", ContentFile(b"x"))
        with pytest.raises(MediaUnavailable, match="cannot be reached"):
            storage(**variables).exists("a.txt")

    def test_no_credentials(self, server: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """A pod without an identity gets a message, not a traceback of boto3."""
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

        with pytest.raises(MediaUnavailable, match="NoCredentials"):
            storage(**server.variables(bucket)).save("a.txt", ContentFile(b"x"))


def expired(url: str) -> bool:
    try:
        fetch(url)
    except HTTPError as error:
        return error.code == 403
    return False


def test_without_the_extra() -> None:
    """The settings can be built where boto3 is not installed; only using the storage needs it."""
    assert (
        k8s.media_storage(Env(environ={"MEDIA_S3_BUCKET": "b"}))["BACKEND"]
        == "django_k8s.media_storage.s3.S3Media"
    )
    assert InvalidStorageError  # what Django raises then, with the name of the missing module


@pytest.mark.alone
def test_memory_of_web(server: S3, bucket: str, tmp_path: Path) -> None:
    """100 MiB up and down, through the process and by a signed link, take little more than 1 MiB does; the first use loads boto3."""
    port = free_port()
    env = environment(
        **server.variables(bucket), PORT=str(port), SECRET_KEY="k" * 50, ALLOWED_HOSTS="*", HTTPS="false", DATABASE_URL="sqlite://:memory:",
        DJANGO_SETTINGS_MODULE="project.settings", TEST_URLCONF="storage_urls", PYTHONPATH=f"{HERE}:{HERE.parent}/project",
        CELERY_BROKER_URL="memory://", STATE_DIR=str(tmp_path / "state"), TMPDIR=str(tmp_path), ROLE="web", WEB_THREADS="4",
        WEB_MAX_BODY_MB="101",  # the file and what a form puts around it
    )  # fmt: skip
    command = ["gunicorn", "-c", "python:django_k8s.gunicorn.configuration"]
    with started(command, env, HERE, tmp_path / "web.log") as web:
        wait_until(lambda: answers(port, "/livez"), 30, "web")
        assert fetch(f"http://127.0.0.1:{port}/plain") == b"plain"
        idle = memory(web.pid, "VmRSS")
        upload(port, MEBIBYTE)
        small = memory(web.pid)
        answer = upload(port, 100 * MEBIBYTE)
        uploaded = memory(web.pid)
        through_web = read_all(f"http://127.0.0.1:{port}/download/{answer['name']}")
        by_link = read_all(answer["url"])
        read = memory(web.pid)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: upload(port, MEBIBYTE), range(64)))
        crowd = memory(web.pid)

    print(
        f"idle {idle} MiB, after an upload of 1 MiB {small} MiB, after that of 100 MiB {uploaded} MiB, after its download {read} MiB, after uploads by every thread {crowd} MiB"
    )
    assert through_web == by_link == 100 * MEBIBYTE
    assert small - idle <= 44  # boto3 and its description of S3, once
    assert max(uploaded, read) - small <= 16
    assert crowd - read <= 24  # boto3's description of S3, 16 MiB, is not in each of the four threads


def upload(port: int, size: int) -> dict[str, str]:
    """POST a file of ``size`` bytes as a browser does."""
    boundary = uuid.uuid4().hex.encode()  # long: random bytes hold a short one now and then
    head = b"--" + boundary + b'\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
    tail = b"\r\n--" + boundary + b"--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience(120))
    connection.putrequest("POST", "/upload")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={boundary.decode()}")
    connection.putheader("Content-Length", str(len(head) + size + len(tail)))
    connection.endheaders(head)
    block = os.urandom(64 * 1024)
    for _ in range(size // len(block)):
        connection.send(block)
    connection.send(tail)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body[:500]
    connection.close()
    return json.loads(body)


def read_all(url: str) -> int:
    with urllib.request.urlopen(url, timeout=patience(120)) as answer:
        return sum(len(block) for block in iter(lambda: answer.read(64 * 1024), b""))


def memory(master: int, what: str = "VmHWM") -> int:
    """Resident memory, in MiB, of the workers of a gunicorn master: the peak (VmHWM), or what is now (VmRSS)."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    lines = [line for pid in children for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith(what)) // 1024
