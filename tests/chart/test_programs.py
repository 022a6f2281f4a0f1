"""The programs that the chart's Jobs run in the project: what runs once, and the first administrator."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cases import IMAGE, STAGING
from support import daemons
from support.chart import Object, merged, pods, render
from support.process import run, started, wait_until
from support.shop import DJANGO, Shop

import django_k8s

ENTRYPOINT = Path(django_k8s.__file__).parent / "_assets" / "entrypoints" / "entrypoint"
IN_THE_IMAGE = "/usr/local/lib/django-k8s/entrypoint"


def command(values: Object, name: str) -> list[str]:
    """The command that the container of a Job runs with its own environment, and the entrypoint of this installation."""
    (pod,) = (pod for of, pod in pods(render(values)) if of.startswith(f"Job/shop-{name}-"))
    (container,) = pod["spec"]["containers"]
    env = [
        f"{one['name']}={one['value']}" for one in container.get("env", []) if one["name"].startswith("ONCE_")
    ]
    here = [text.replace(IN_THE_IMAGE, str(ENTRYPOINT)) for text in env]
    return ["env", *here, "/bin/sh", str(ENTRYPOINT), *container["args"]]


def once(*args: str) -> list[str]:
    return command(merged(IMAGE, {"jobs": {"load": {"args": list(args), "once": True}}}), "job-load")


@pytest.fixture
def shop(tmp_path: Path, postgres_url: str) -> Shop:
    return Shop(tmp_path, postgres_url)


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
def any_shop(tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """A project with a database of each kind."""
    if request.param == "sqlite":
        return Shop(tmp_path, f"sqlite:///{tmp_path}/db.sqlite3")
    server = request.getfixturevalue("postgres_server" if request.param == "postgresql" else "mariadb_server")
    return Shop(tmp_path, server.create(f"test_once_{os.getpid()}_{id(request)}"))


def ran(shop: Shop, args: list[str], **extra: str) -> tuple[int, str, str]:

    done = run(args, shop.env(TEST_APPS="", **extra), shop.folder)
    return done.returncode, done.stdout, done.stderr


def test_once(any_shop: Shop) -> None:
    """Only success is recorded, and then nothing runs until the arguments change."""
    file = any_shop.folder / "ran"
    fails = f"echo ran >> {file}; test -e {any_shop.folder}/allowed || exit 3"

    assert ran(any_shop, once("sh", "-c", fails))[0] == 3
    (any_shop.folder / "allowed").touch()
    status, output, errors = ran(any_shop, once("sh", "-c", fails))
    assert (status, output) == (0, ""), errors
    assert file.read_text() == "ran\n" * 2

    status, output, errors = ran(any_shop, once("sh", "-c", fails))
    assert status == 0, errors
    assert output.startswith("load-")
    assert output.endswith(" has run in this database. To run it again, change releaseToken.\n")
    assert file.read_text() == "ran\n" * 2
    assert ran(any_shop, once("sh", "-c", f"{fails} "))[0] == 0
    assert file.read_text() == "ran\n" * 3


def test_a_role_can_run_once(shop: Shop) -> None:
    """The command is the entrypoint's, which writes to the same database."""
    assert shop.migrate(TEST_APPS="")[0] == 0
    status, output, errors = ran(shop, once("manage", "createcachetable"))
    assert status == 0, output + errors


def test_two_at_once_are_one(shop: Shop, tmp_path: Path) -> None:
    """Of two jobs at once, the second waits for the first and runs nothing."""
    file, gate = tmp_path / "ran", tmp_path / "gate"
    os.mkfifo(gate)
    args = once("sh", "-c", f"echo ran >> {file}; cat {gate}")

    env = shop.env(TEST_APPS="", DATABASE_LOCK_TIMEOUT_SECONDS="1")
    with started(args, env, tmp_path, tmp_path / "one.log") as one:
        wait_until(file.exists, 20, "the first one runs")
        with started(args, env, tmp_path, tmp_path / "two.log") as two:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            # Longer than a lock may be waited for elsewhere.
            longer = f"{waiting} AND query_start < now() - interval '1500 ms'"
            wait_until(lambda: shop.rows(longer), 20, "the second one waits")
            gate.write_text("")
            assert one.wait(20) == 0, one.output
            assert two.wait(20) == 0, two.output
            assert "has run in this database" in two.output
    assert file.read_text() == "ran\n"


def test_first_administrator(shop: Shop) -> None:
    """The first administrator is created once with all rights, and later never changed."""
    assert shop.migrate(TEST_APPS="")[0] == 0
    args = command(merged(STAGING, {"superuser": {"username": "root"}}), "superuser")
    given = {
        "DJANGO_SUPERUSER_USERNAME": "root",
        "DJANGO_SUPERUSER_EMAIL": "root@example.com",
        "DJANGO_SUPERUSER_PASSWORD": "",
    }
    status, _, errors = ran(shop, args, **given)
    assert (status, errors) == (78, "The password of the superuser is empty. Set it in its Secret.\n")

    status, output, errors = ran(shop, args, **{**given, "DJANGO_SUPERUSER_PASSWORD": "first-password"})
    assert status == 0, output + errors
    columns = "SELECT username, email, is_superuser, is_staff, password FROM auth_user"
    before = shop.rows(columns)
    assert before[0][:4] == ("root", "root@example.com", True, True)

    changed = {"DJANGO_SUPERUSER_PASSWORD": "second-password", "DJANGO_SUPERUSER_EMAIL": "other@example.com"}
    status, output, errors = ran(shop, args, **{**given, **changed})
    assert (status, output) == (0, "There is a user root. Nothing was changed.\n"), errors
    assert shop.rows(columns) == before
    check = (
        "from django.contrib.auth import authenticate as a; "
        "assert a(username='root', password='first-password') and not a(username='root', password='second-password')"
    )
    status, _, errors = ran(shop, [*DJANGO, "shell", "--no-imports", "--command", check])
    assert status == 0, errors


def test_first_administrator_of_a_project_with_a_command_of_its_own(shop: Shop) -> None:
    """The Job does not need the command createsuperuser, which a project may have replaced."""
    assert shop.migrate(TEST_APPS="")[0] == 0
    args = command(merged(STAGING, {"superuser": {"username": "root"}}), "superuser")
    given = {
        "DJANGO_SUPERUSER_USERNAME": "root",
        "DJANGO_SUPERUSER_EMAIL": "root@example.com",
        "DJANGO_SUPERUSER_PASSWORD": "first-password",
    }
    own = daemons.app(shop.folder, createsuperuser="raise SystemExit('the project asks somebody')")
    done = run(args, shop.env(**given, **own), shop.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert shop.rows("SELECT username, is_superuser FROM auth_user") == [("root", True)]
