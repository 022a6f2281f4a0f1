"""The wait role: one process that asks until all is there."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import apps, servers
from support.databases import default_database
from support.patience import patience
from support.ports import free_port
from support.process import Process, run
from support.shop import DJANGO, Shop
from support.web import children

from django_k8s.health import wait as module
from django_k8s.health.database import Database


def wait(project: Shop, *args: str, **extra: str) -> tuple[int, str, str]:
    """Run the role to its end: status, output, errors."""
    done = run([*DJANGO, "k8s_wait", *args], project.env(**extra), project.folder, 60)
    return done.returncode, done.stdout, done.stderr


def cpu(role: Process) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{role.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_waits_for_all_of_them(shop: Callable[..., Shop], redis_server: servers.Redis) -> None:
    """Database, broker, cache and migrations: the role goes on until the last is there, for little CPU."""
    project = shop(apps.table("item"))
    what = ("database", "broker", "cache", "migrations")
    with project.started("wait", "k8s_wait", *what, REDIS_URL=redis_server.url()) as role:
        role.wait_for_output("migrations is not ready: ")
        for name in ("database", "broker", "cache"):
            assert f"wait: {name} is ready" in role.output
        before, began = cpu(role), time.monotonic()
        assert project.migrate()[0] == 0
        # A new interpreter for each question would be a child here, and take half a second of CPU.
        assert children(role.pid) == []
        assert cpu(role) - before < 0.1 * (time.monotonic() - began) + 0.2
        assert role.wait(10) == 0, role.output
        assert "wait: migrations is ready" in role.output


def test_names_what_is_missing(shop: Callable[..., Shop], redis_server: servers.Redis) -> None:
    """In vain: status 75, one line on standard error with what is missing and why, and no secret."""
    project = shop(apps.table("item"))
    broker = f"redis://user:s3cret-pass@127.0.0.1:{free_port()}/0"
    began = time.monotonic()
    status, output, errors = wait(
        project,
        "database",
        "broker",
        "cache",
        "--timeout",
        "3",
        CELERY_BROKER_URL=broker,
        CACHE_URL=redis_server.url(),
    )

    assert status == 75
    assert time.monotonic() - began < patience(15, below=60)
    assert errors.startswith("CommandError: Not ready after 3 s: broker (")
    assert len(errors.splitlines()) == 1
    assert "database" not in errors
    assert "s3cret-pass" not in output + errors


def test_database_and_migrations_by_default(shop: Callable[..., Shop]) -> None:
    """Without names the role waits for what a web process needs."""
    project = shop(apps.table("item"))
    assert project.migrate()[0] == 0
    status, output, _ = wait(project)

    assert status == 0
    assert re.fullmatch(r"wait: database is ready \(\d+ s\)\nwait: migrations is ready \(\d+ s\)\n", output)


@pytest.mark.parametrize("command", [("k8s_wait", "database"), ("k8s_migrate",)], ids=["wait", "migrate"])
def test_no_patience_at_all(shop: Callable[..., Shop], command: tuple[str, ...]) -> None:
    """--timeout 0 asks once: it passes where all is there, and ends at once where it is not."""
    project = shop(apps.table("item"))
    away = f"postgres://u:p@127.0.0.1:{free_port()}/n"
    failed = run([*DJANGO, *command, "--timeout", "0"], project.env(DATABASE_URL=away), project.folder, 50)
    passed = run([*DJANGO, *command, "--timeout", "0"], project.env(), project.folder, 50)

    assert failed.returncode == 75
    assert passed.returncode == 0, passed.stderr


def test_unknown_check_is_refused(shop: Callable[..., Shop]) -> None:
    """A misspelt check ends the command at once with status 64 and the list of known names."""
    status, _, errors = wait(shop(), "databse")

    assert status == 64
    assert (
        "There is no health check 'databse'. Use database, cache, broker, migrations, storage, or" in errors
    )


def test_reminds_of_what_it_waits_for(shop: Callable[..., Shop]) -> None:
    """What has not changed for long is said again, so that a log shows life."""
    from django_k8s.health.results import Result
    from django_k8s.health.wait import _Progress

    lines: list[str] = []
    progress = _Progress(lines.append)
    result = (Result("broker", False, "no", "refused", 0.0),)
    progress.tell(result)
    progress.tell(result)
    assert len(lines) == 1
    progress._said -= 16
    progress.tell(result)
    assert len(lines) == 2


def test_a_missing_database_is_status_78(
    shop: Callable[..., Shop], postgres_server: servers.Postgres
) -> None:
    """No waiting mends it, and neither does another try of the Job."""
    project = shop(apps.table("item"), url=postgres_server.url("nowhere"))
    status, output, errors = project.migrate(WAIT_SECONDS="2")

    assert status == 78, output + errors
    assert 'database "nowhere" does not exist' in errors
    assert "Correct the address, user or password." in errors
    assert wait(project, "database", "--timeout", "2")[0] == 78


def test_a_refusal_is_final(postgres_server: servers.Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time it is given up, long before WAIT_SECONDS; a server that is away is waited for."""
    monkeypatch.setattr(module, "_REFUSED_SECONDS", 2.0)
    for url, final in (
        (postgres_server.url("nowhere"), True),
        (f"postgres://127.0.0.1:{free_port()}/x", False),
    ):
        began = time.monotonic()
        with default_database(url):
            (failure,) = module.wait_until_healthy({"database": Database("default")}, 8, lambda line: None)
        assert module.is_refusal(failure) == final
        assert (time.monotonic() - began < 7) == final, failure
