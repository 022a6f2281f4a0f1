"""The board's web role with its media on a real S3 server: what a reader is told, and what is kept."""

from __future__ import annotations

import html
import sqlite3
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import example
from support.process import answers, run, wait_until
from support.roles import role, role_environment
from support.s3 import S3, s3

WRONG = "hunter2-" + "x" * 32


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with s3() as instance:
        yield instance


@pytest.fixture(scope="module")
def bucket(server: S3) -> str:
    name = f"media-{uuid.uuid4().hex[:8]}"
    server.client().create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, migrated, its static files collected."""
    folder = tmp_path_factory.mktemp("bucket")
    site = example.copy(folder / "site")
    for command in ("migrate", "collectstatic"):
        done = run([sys.executable, "manage.py", command, "-v0", "--noinput"], variables(folder, site), site)
        assert done.returncode == 0, done.stderr
    return site


def variables(folder: Path, site: Path, **more: str) -> dict[str, str]:
    """The environment of the example in production."""
    own = {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(site)}
    return role_environment(folder, **{"DATABASE_URL": f"sqlite:///{site}/db.sqlite3", **own, **more})


def post(site: Path, folder: Path, title: str, **more: str) -> tuple[str, str, str]:
    """Post a note with an image to the web role: the page, that note as it is kept, and the role's log."""
    env = variables(folder, site, **more)
    with role(folder, "web", **env) as web:
        wait_until(lambda: answers(web.port, "/readyz"), 60, "the board")  # type: ignore[attr-defined]
        reader = example.Reader(web.port)  # type: ignore[attr-defined]
        picture = example.picture(size=(80, 60))
        page = reader.post("/notes", {"title": title, "text": "My words"}, image=("a.png", picture)).text
        output = web.output
    with sqlite3.connect(site / "db.sqlite3") as database:
        query = "SELECT status, image <> '', title, text FROM board_note WHERE title = ?"
        (kept,) = database.execute(query, [title]).fetchall()
    return page, " ".join(map(str, kept)), output


def test_a_bucket_that_is_there(server: S3, bucket: str, site: Path, tmp_path: Path) -> None:
    """The image is in the bucket."""
    page, kept, _ = post(site, tmp_path, "Stored", **server.variables(bucket))

    assert "“Stored” is kept, and the worker makes its thumbnail" in page
    assert kept == "waiting 1 Stored My words"
    (found,) = server.client().list_objects_v2(Bucket=bucket)["Contents"]
    assert found["Key"].endswith("/a.png")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"AWS_SECRET_ACCESS_KEY": WRONG}, "access is denied: check the pod's identity, its keys"),
        ({"AWS_ACCESS_KEY_ID": WRONG}, "the access key is not known: check the pod's identity"),
        ({"MEDIA_S3_BUCKET": "no-such-bucket"}, "does not exist: check MEDIA_S3_BUCKET"),
        ({"MEDIA_S3_ENDPOINT_URL": "http://127.0.0.1:1"}, "cannot be reached (EndpointConnectionError): check MEDIA_S3_ENDPOINT_URL"),
    ],
    ids=["secret-key", "access-key", "bucket", "endpoint"],
)  # fmt: skip
def test_a_bucket_that_is_not(
    server: S3, bucket: str, site: Path, tmp_path: Path, wrong: dict[str, str], reason: str
) -> None:
    """The answer says what is wrong and what to check; note and words are kept; no key is shown."""
    title = f"Kept without {' '.join(wrong)}"
    page, kept, output = post(site, tmp_path, title, **{**server.variables(bucket), **wrong})

    assert f"“{title}” is kept. The image was not stored. Media storage: " in page
    assert reason in html.unescape(page)
    assert "Add the image" in page
    assert kept == f"failed 0 {title} My words"
    assert "hunter2" not in page + output
