"""A staging environment from its first install on: it works, is replaced, goes back, and breaks without harm."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support import example
from support.chart import merged
from support.cluster import Images, Space, eventually, space, staging
from support.load import Load, Report
from support.patience import patience
from support.process import get
from support.scheduler import INTERVAL, replaced, roll
from support.terminal import terminal

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def shop(images: Images) -> Iterator[Space]:
    """Installed for the first time, in an empty namespace, with its database in the chart."""
    with space("release") as made:
        began = time.monotonic()
        said = made.release("shop", staging(images.first, **JOBS))
        print(f"first install: {time.monotonic() - began:.1f} s")
        assert "violate" not in said, said
        yield made


JOBS = {
    "cronJobs": {"clear": {"schedule": "0 3 * * *", "args": ["manage", "clearsessions"]}},
    "jobs": {"look": {"args": ["manage", "showmigrations", "--list"]}},
    "staging": {"seed": ["manage", "createcachetable"]},
}


def count(shop: Space, model: str) -> int:
    return int(shop.python(f"from board.models import {model}; print({model}.objects.count())"))


def test_first_install_works(shop: Space) -> None:
    """The board through the Service; a note's thumbnail appears, beat ticks, nothing was restarted."""
    reader = example.Reader(shop.port())
    reader.get("/board/")
    reader.post("/board/notes", {"title": "On a cluster", "text": ""}, image=("a.png", example.picture()))
    code = "from board.models import Note; print(bool(Note.objects.get(title='On a cluster').thumbnail))"

    eventually(lambda: shop.python(code) == "True", 30, "the thumbnail")
    before = count(shop, "TaskRun")
    eventually(lambda: count(shop, "TaskRun") > before, 30, "a tick")
    assert not any(shop.restarts().values()), shop.restarts()


def test_jobs(shop: Space) -> None:
    """A job, the seed, and a run of a cron job end well, where Pod Security "restricted" is enforced."""
    shop.kubectl("create", "job", "by-hand", "--from=cronjob/shop-cron-clear")

    def succeeded() -> set[str]:
        return {
            job["metadata"]["name"].rpartition("-")[0]
            for job in shop.items("jobs")
            if job.get("status", {}).get("succeeded")
        }

    wanted = {"by", "shop-job-look", "shop-job-seed", "shop-migrate"}
    eventually(lambda: succeeded() == wanted, 60, f"the end of {wanted}")


def session_of(shop: Space) -> list[str]:
    """What a production engineer types."""
    return ["kubectl", "-n", shop.name, "exec", "-it", "deploy/shop-scheduler", "-c", "shell", "--", "bash"]


def test_shell(shop: Space) -> None:
    """An exec, which bypasses the entrypoint, has environment and prompt; what dies there does not touch beat."""
    with terminal(session_of(shop)) as session:
        eventually(lambda: "[proving 1 shell] /app $ " in session.text, 30, "the prompt")
        session.type(
            "python manage.py shell -v0 -c 'from django.conf import settings as s; print(s.ROOT_URLCONF)'"
        )
        eventually(lambda: "proving.urls\r\n" in session.text, 30, "an answer of manage.py")
    assert shop.python("from django.conf import settings; print(settings.ROOT_URLCONF)") == "proving.urls"
    # More memory than a person may take: the command dies, perhaps its container; beat goes on.
    hog = "from sys import exit; a = bytearray(700 * 2**20); exit(len(a))"
    shop.kubectl("exec", "deploy/shop-scheduler", "-c", "shell", "--", "python", "-c", hog, check=False)
    shop.kubectl("exec", "deploy/shop-scheduler", "-c", "shell", "--", "sh", "-c", "kill -9 -1", check=False)
    eventually(lambda: restarts(shop, "shell") > 0 and shop.is_ready("scheduler"), 60, "the shell again")
    assert restarts(shop, "beat") == 0


def restarts(shop: Space, container: str) -> int:
    return sum(number for name, number in shop.restarts().items() if name.endswith(f"/{container}"))


def test_nothing_secret_is_seen(shop: Space) -> None:
    """No pod has a token, and derived secrets are in no ConfigMap, argument or log."""
    derived = shop.shell("echo $SECRET_KEY $DATABASE_PASSWORD").split()
    assert len(derived) == 2
    token = "test -e /var/run/secrets/kubernetes.io/serviceaccount/token && echo token || echo none"
    assert shop.shell(token, "beat").strip() == "none"
    seen = str(shop.items("configmaps")) + str(shop.items("pods"))
    for pod in shop.items("pods"):
        seen += shop.kubectl("logs", pod["metadata"]["name"], "--all-containers")
    assert not [secret for secret in derived if secret in seen]


def test_helm_test(shop: Space, images: Images) -> None:
    """helm test passes while web answers through its Service, and fails when it does not."""
    shop.release("shop", staging(images.first, tests=True))
    shop.helm("test", "shop", "--timeout", "60s")
    shop.scale("deployment/shop-web", 0)
    eventually(lambda: not shop.items("pods", "-l", "app.kubernetes.io/component=web"), 60, "no web")
    assert shop.helm("test", "shop", "--timeout", "60s", check=False).returncode != 0
    shop.scale("deployment/shop-web", 1)
    shop.release("shop", staging(images.first))


KILL_BEAT = (
    "import os, pathlib, signal\n"
    "for p in pathlib.Path('/proc').glob('[0-9]*'):\n"
    "  if b'celery' in (p / 'cmdline').read_bytes() and p.name not in ('1', str(os.getpid())): os.kill(int(p.name), signal.SIGKILL)\n"
)


def test_scheduler_is_replaced(shop: Space) -> None:
    """Rolled with a shell session open, its pod deleted, beat killed with -9: no run is missed, none made twice but by the kill."""

    def deleted() -> None:
        shop.kubectl("delete", "pod", shop.pods("scheduler")[0]["metadata"]["name"], "--wait=false")

    def killed() -> None:
        before = restarts(shop, "beat")
        shop.kubectl(
            "exec", "deploy/shop-scheduler", "-c", "beat", "--", "python", "-c", KILL_BEAT, check=False
        )
        eventually(lambda: restarts(shop, "beat") > before, 60, "a restart of beat's container")

    with terminal(session_of(shop)) as session:
        eventually(lambda: "[proving" in session.text, 30, "the prompt")
        rollout = replaced(shop, lambda: roll(shop), copies=0)
        eventually(lambda: not session.running(), 30, "the session's end with its pod")
    pauses = [rollout, replaced(shop, deleted, copies=0), replaced(shop, killed, copies=1)]
    print("longest pause of an entry of 2 s: rolled {:.1f}, deleted {:.1f}, killed {:.1f} s".format(*pauses))
    # The old one's successor is there before it goes. A pod that is deleted or killed has to start first.
    assert rollout <= patience(INTERVAL + 5)


async def while_loaded(shop: Space, change: Any, clients: int = 16) -> Report:
    """Load from before ``change`` until after it."""
    load = Load([shop.port()], clients=clients)
    load.start()
    await asyncio.sleep(1)
    await asyncio.to_thread(change)
    await asyncio.sleep(2)
    return await load.stop()


def style_sheet(shop: Space) -> str:
    page = example.Reader(shop.port()).get("/board/").text
    match = re.search(r'href="(/static/board/board\.[0-9a-f]{12}\.css)"', page)
    assert match, page[:500]
    return match[1]


def test_upgrade_and_rollback_lose_nothing(shop: Space, images: Images) -> None:
    """Under load: helm upgrade, then rollback, at the first attempt, with no failed request; old files stay served."""
    old = style_sheet(shop)
    misses: list[int] = []

    def upgrade() -> None:
        shop.release("shop", staging(images.second))
        misses.extend(get(shop.port(), old).status for _ in range(20))

    report = asyncio.run(while_loaded(shop, upgrade))
    new = style_sheet(shop)
    print(f"upgrade: {report.total} requests, {report.posts} of them POSTs, slowest {report.slowest:.2f} s")
    assert report.failures == []
    assert report.total > 500
    assert new != old
    assert set(misses) == {200}
    assert get(shop.port(), new).status == 200

    report = asyncio.run(
        while_loaded(shop, lambda: shop.helm("rollback", "shop", "--wait", "--timeout", "120s"))
    )
    print(f"rollback: {report.total} requests, slowest {report.slowest:.2f} s")
    assert report.failures == []
    assert style_sheet(shop) == old


BROKEN: dict[str, tuple[Any, str]] = {
    "wrong probe path": ({"web": {"readinessPath": "/nowhere"}}, "Readiness probe failed.*404"),
    "wrong probe path at the start": ({"web": {"startupPath": "/nowhere"}}, "Startup probe failed.*404"),
    "unknown tag": ("nowhere/at-all:1", "ErrImage|ImagePull|ErrImageNeverPull"),
    "exception at import": ("at_import", "broken on purpose"),
    "missing Secret": ({"secret": {"name": "not-there"}}, 'secret "not-there" not found'),
    "failing migration": ("at_migration", "broken_on_purpose"),
    "wrong configuration": ({"env": {"WEB_THREADS": "many"}}, "WEB_THREADS"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_release(shop: Space, images: Images, case: str) -> None:
    """The old release serves on without an error, the reason can be read, the next good release needs no cleanup."""
    broken, reason = BROKEN[case]
    values = staging(images.first, releaseToken=case)
    if isinstance(broken, dict):
        values = merged(values, broken)
    else:
        values["image"] = getattr(images, broken, broken)

    def attempt() -> None:
        shop.release("shop", values, check=False, timeout="12s")
        eventually(lambda: re.search(reason, shop.state()), 40, f"the reason: {reason}")

    report = asyncio.run(while_loaded(shop, attempt, clients=4))
    assert report.failures == []
    began = time.monotonic()
    shop.release("shop", staging(images.first, releaseToken=f"after {case}"))
    print(f"{case}: {report.total} requests; the next good release took {time.monotonic() - began:.1f} s")
    for component in ("web", "worker-default", "scheduler"):
        assert shop.is_ready(component)
