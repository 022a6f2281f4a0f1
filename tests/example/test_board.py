"""The board over HTTP: what is kept when something fails, and what a duplicate of a tick does."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import example
from support.ports import free_port
from support.process import environment, get, run, started, wait_until


@dataclass
class Site:
    """A running web process of the example, and its folder."""

    folder: Path
    port: int
    env: dict[str, str]

    def reader(self) -> example.Reader:
        return example.Reader(self.port)

    def shell(self, code: str) -> str:
        """Run code in the project, as `manage.py shell` does."""
        env = {**self.env, "LOG_LEVEL": "ERROR"}
        done = run([sys.executable, "manage.py", "shell", "-v0", "-c", code], env, self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def notes(self) -> list[str]:
        """Status, image or not, and title of every note, the newest first."""
        code = "from board.models import Note\nfor n in Note.objects.all(): print(n.status, bool(n.image), n.title)"
        return self.shell(code).splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated copy of the example."""
    folder = example.copy(tmp_path_factory.mktemp("example") / "site")
    done = run([sys.executable, "manage.py", "migrate", "-v0"], environment(DEBUG="true"), folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def site(folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """Its web process; the marker's parameter is what stands in its environment beside the defaults."""
    shutil.copytree(folder, tmp_path / "site")
    port = free_port()
    env = environment(
        DEBUG="true", PYTHONUNBUFFERED="1", STATE_DIR=str(tmp_path / "state"), **getattr(request, "param", {})
    )
    args = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "config.wsgi"]
    with started(args, env, tmp_path / "site", tmp_path / "web.log") as web:
        web.wait_for_output("Booting worker")
        wait_until(lambda: get(port, "/live").status == 200, 20, "the board")
        yield Site(tmp_path / "site", port, env)


def ids(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="note-(\d+)"', page)]


def test_what_is_not_an_image_or_too_large_costs_no_words(site: Site) -> None:
    """The note is kept, the reader is told why, and another image can be added to it."""
    reader = site.reader()
    page = reader.post(
        "/notes", {"title": "Wrong file", "text": "My words"}, image=("a.png", b"no image")
    ).text
    assert "“Wrong file” is kept. The file is not an image" in page
    assert "My words" in page
    number = ids(page)[0]
    page = reader.post("/notes", {"title": "Wrong name"}, image=("a.txt", example.picture())).text
    assert "“Wrong name” is kept. The file is not an image" in page
    page = reader.post("/notes", {"title": "Large"}, image=("a.png", bytes(10 * 1024 * 1024 + 1))).text
    assert "“Large” is kept. The file has 10.0" in page
    assert "the limit is 10 MB" in page
    page = reader.post(f"/notes/{number}/retry", {}, **{f"{number}-image": ("b.png", example.picture())}).text
    assert "“Wrong file” is kept, and the worker makes its thumbnail" in page
    assert site.notes() == ["failed False Large", "failed False Wrong name", "waiting True Wrong file"]


def test_a_note_without_a_title_comes_back_filled_in(site: Site) -> None:
    """The form shows what is missing beside the field, with the words still in it."""
    answer = site.reader().post("/notes", {"title": " ", "text": "Half a thought"})
    assert answer.status == 422
    assert "Give the note a title." in answer.text
    assert "Half a thought</textarea>" in answer.text
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize("site", [{"MEDIA_ROOT": "/dev/null/media"}], indirect=True)
def test_a_dead_media_storage_loses_no_note(site: Site) -> None:
    """The note is kept and says what happened; sending the image again is offered."""
    page = site.reader().post("/notes", {"title": "Kept"}, image=("a.png", example.picture())).text
    assert "“Kept” is kept. The image was not stored. Media storage: Not a directory." in page
    assert "Add the image" in page
    assert site.notes() == ["failed False Kept"]


@pytest.mark.parametrize("site", [{"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}], indirect=True)
def test_a_dead_broker_loses_no_note(site: Site) -> None:
    """Note and image are kept, the board says that nobody was told, and handing over again is offered."""
    reader = site.reader()
    page = reader.post("/notes", {"title": "Kept"}, image=("a.png", example.picture())).text
    assert "“Kept” is kept. The broker does not answer" in page
    assert "Hand it over again" in page
    assert "The broker does not answer<span" in page
    assert site.notes() == ["failed True Kept"]
    page = reader.post(f"/notes/{ids(page)[0]}/retry", {}).text
    assert "The broker does not answer" in page


def test_a_dead_database_keeps_the_words_in_the_form(site: Site) -> None:
    """The page is still shown, says so, and holds what was written."""
    reader = site.reader()
    reader.get("/")
    (site.folder / "db.sqlite3").unlink()
    answer = reader.post("/notes", {"title": "Precious", "text": "words"})
    assert answer.status == 503
    assert "The database does not answer, so the note is not kept yet" in answer.text
    assert 'value="Precious"' in answer.text
    assert reader.get("/").status == 200


def test_the_worker_says_when_an_image_is_damaged(site: Site) -> None:
    """An image whose head is good and whose body is not: the note asks for another one."""
    broken = example.picture("JPEG")[:3000]
    reader = site.reader()
    reader.post("/notes", {"title": "Torn"}, image=("a.jpg", broken))
    code = "from board import tasks, models; print(tasks.make_thumbnail.apply((models.Note.objects.get().pk,)).get())"
    assert site.shell(code) == "damaged"
    assert "The image is damaged and cannot be drawn" in reader.get("/").text
    assert site.notes() == ["failed True Torn"]


def test_a_thumbnail_is_small_upright_and_served_at_a_lasting_address(site: Site) -> None:
    """The worker's WebP fits its box, and the page's address of it answers and may be cached."""
    reader = site.reader()
    page = reader.post(
        "/notes", {"title": "Hill"}, image=("a.jpg", example.picture("JPEG", (3000, 2000)))
    ).text
    number = ids(page)[0]
    assert (
        site.shell(f"from board import tasks; print(tasks.make_thumbnail.apply(({number},)).get())") == "made"
    )
    assert f"/notes/{number}/thumbnail" in reader.get("/live").text
    answer = reader.get(f"/notes/{number}/thumbnail")
    assert answer.headers["content-type"] == "image/webp"
    assert "max-age" in answer.headers["cache-control"]
    from io import BytesIO

    from PIL import Image

    assert Image.open(BytesIO(answer.body)).size == (720, 480)
    assert reader.get(f"/notes/{number}/other").status == 404


def test_a_second_tick_with_the_same_id_is_dropped(site: Site, tmp_path: Path) -> None:
    """Two messages of one id, by the broker to a worker: one row, the copy counted, and the board says so."""
    worker = [sys.executable, "-m", "django_k8s.celery", "worker", "-c", "1"]
    publish = 'from board.tasks import tick; print(tick.apply_async(task_id="tick-1").id)'
    rows = "from board.models import TaskRun\nfor r in TaskRun.objects.all(): print(r.task_id, r.outcome, r.copies)"
    assert [site.shell(publish), site.shell(publish)] == ["tick-1", "tick-1"]
    env = {**site.env, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with started(worker, env, site.folder, tmp_path / "worker.log") as process:
        wait_until(lambda: process.output.count("succeeded in") == 2, 60, "two messages")
        assert process.output.count("'dropped a duplicate'") == 1
        assert process.stop(30) == 0
    assert site.shell(rows) == "tick-1 done 1"
    assert re.search(r'class="number">1</td></tr>', site.reader().get("/live").text)


def test_what_is_polled_is_cheap(site: Site) -> None:
    """The fragment has an ETag, holds no token, and is 304 while nothing has changed."""
    reader = site.reader()
    first = reader.get("/live")
    assert "csrf" not in first.text
    assert reader.get("/live", If_None_Match=first.headers["etag"]).status == 304
    reader.post("/notes", {"title": "New"})
    assert reader.get("/live", If_None_Match=first.headers["etag"]).status == 200


def test_a_stranger_gets_no_script_in(site: Site) -> None:
    """Titles are text, and the policy allows scripts of this site alone."""
    answer = site.reader().post("/notes", {"title": "<script>alert(1)</script>"})
    assert "<script>alert" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
