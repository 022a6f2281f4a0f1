"""How the web role starts, or says in one message why it does not."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.ports import free_port
from support.process import answers, run, wait_until
from support.servers import Postgres
from support.web import PROJECT, migrate, production, web

INTERFACES = pytest.mark.parametrize("interface", ["wsgi", "asgi"])
COMMAND = [sys.executable, "-m", "gunicorn", "-c", "python:django_k8s.gunicorn.configuration"]


@INTERFACES
def test_settings_error(tmp_path: Path, interface: str) -> None:
    """All that is wrong in one message, status 78, no traceback, no value."""
    env = production(
        WEB_INTERFACE=interface, PORT=str(free_port()), WEB_THREADS="swordfish", WEB_GRACE_SECONDS="8"
    )
    env["SECRET_KEY"] = "hunter2"
    done = run(COMMAND, env, tmp_path, 20)
    assert done.returncode == 78, done.stderr
    for name in ("SECRET_KEY", "DATABASE_URL", "WEB_THREADS", "WEB_GRACE_SECONDS"):
        assert f"  {name}: " in done.stderr
    assert done.stderr.count("The configuration has") == 1
    for unwanted in ("Traceback", "hunter2", "swordfish", "Listening"):
        assert unwanted not in done.stderr


@pytest.mark.parametrize("value", ["swordfish", "-1", "1.5"])
def test_number_that_gunicorn_reads_itself(tmp_path: Path, value: str) -> None:
    """gunicorn reads WEB_CONCURRENCY before its configuration. A malformed one is reported as any other."""
    env = production(DATABASE_URL="sqlite:///x.sqlite3", PORT=str(free_port()), WEB_CONCURRENCY=value)
    done = run([*COMMAND[:2], "django_k8s.run_role", *COMMAND[2:]], env, tmp_path, 60)
    assert done.returncode == 78, done.stderr
    assert "  WEB_CONCURRENCY: " in done.stderr
    assert "Traceback" not in done.stderr
    assert value not in done.stderr


def test_error_that_only_the_server_sees(tmp_path: Path) -> None:
    """What the settings do not look at is reported before anything listens."""
    env = production(
        DATABASE_URL="sqlite:///x.sqlite3", PORT=str(free_port()), WEB_GRACE_SECONDS="20", DRAIN_SECONDS="15"
    )
    done = run(COMMAND, env, tmp_path, 60)
    assert done.returncode == 78, done.stderr
    assert "WEB_GRACE_SECONDS: is too short: no time is left for running requests" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Listening" not in done.stderr


def test_broken_urlconf_ends_the_start(tmp_path: Path) -> None:
    """A URLconf that cannot be imported is found at the start and not by the first request."""
    package = tmp_path / "broken"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "settings.py").write_text("from project.settings import *\nROOT_URLCONF = 'broken.urls'\n")
    (package / "wsgi.py").write_text("from project.wsgi import application\n")
    (package / "urls.py").write_text("import a_module_that_nobody_has\n")
    env = production(
        DJANGO_SETTINGS_MODULE="broken.settings",
        PYTHONPATH=f"{tmp_path}:{PROJECT}",
        DATABASE_URL="sqlite:///x.sqlite3",
        PORT=str(free_port()),
    )
    done = run(COMMAND, env, tmp_path, 60)
    assert done.returncode == 1
    assert "a_module_that_nobody_has" in done.stderr
    assert "Booting worker" not in done.stderr


@INTERFACES
def test_says_its_concurrency(tmp_path: Path, interface: str) -> None:
    """One line at start tells how many processes and threads, and why."""
    with web(tmp_path, WEB_CONCURRENCY="2", WEB_INTERFACE=interface) as server:
        inside = "an event loop in each" if interface == "asgi" else "threads in each: 8"
        line = f"web: {interface}; processes: 2 (WEB_CONCURRENCY), {inside}"
        assert server.gunicorn.output.count(line) == 1
        wait_until(lambda: len(server.workers) == 2, 10, "two processes")


def test_memory_is_shared(tmp_path: Path) -> None:
    """What was loaded before the first fork is frozen, the template engine too, and each process collects its own garbage."""
    with web(tmp_path, WEB_CONCURRENCY="2") as server:
        where = server.get("/where").json()
        assert where["frozen"] > 10_000
        assert where["templates"] is True
        assert where["collects"] is True


def test_no_connection_crosses_the_fork(tmp_path: Path, postgres_server: Postgres, postgres_url: str) -> None:
    """A project that asks its database while it loads: the connection is closed before the fork."""
    migrate(postgres_url)
    package = tmp_path / "curious"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "apps.py").write_text(
        "from django.apps import AppConfig\n"
        "class CuriousConfig(AppConfig):\n"
        "    name = 'curious'\n"
        "    def ready(self):\n"
        "        from django.db import connection\n"
        "        connection.cursor().execute('SELECT 1')\n"
    )
    options = {
        "DATABASE_URL": postgres_url,
        "DATABASE_POOL_SIZE": "8",
        "TEST_APPS": "curious",
        "PYTHONPATH": f"{tmp_path}:{PROJECT}",
        "WEB_CONCURRENCY": "2",
    }
    name = urlsplit(postgres_url).path[1:]
    with web(tmp_path, **options) as server:
        sessions = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
        assert postgres_server.execute(sessions) == [(0,)]
        with ThreadPoolExecutor(16) as clients:
            assert {reply.status for reply in clients.map(lambda _: server.get("/"), range(100))} == {200}
        assert server.stop() == 0
        wait_until(lambda: postgres_server.execute(sessions) == [(0,)], 10, "no session")


@INTERFACES
def test_scheme_and_client_come_from_trusted_proxies_alone(tmp_path: Path, interface: str) -> None:
    """X-Forwarded-* of a trusted proxy are believed, those of anybody else are not."""
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    options = {"WEB_INTERFACE": interface, "SSL_REDIRECT": "false"}
    for proxies, scheme, client in (
        ("127.0.0.0/8", "https", "203.0.113.9"),
        ("10.0.0.0/8", "http", "127.0.0.1"),
    ):
        with web(tmp_path / scheme, TRUSTED_PROXIES=proxies, **options) as server:
            where = server.get("/where", headers=forwarded).json()
            assert (where["scheme"], where["client"]) == (scheme, client)


@INTERFACES
def test_no_client_moves_its_path(tmp_path: Path, interface: str) -> None:
    """A proxy passes on what a client sent as SCRIPT_NAME or PATH_INFO: it changes no path."""
    with web(tmp_path, TRUSTED_PROXIES="127.0.0.0/8", WEB_INTERFACE=interface) as server:
        for headers in ({"SCRIPT_NAME": "/evil"}, {"PATH_INFO": "/where"}, {"Script-Name": "/evil"}):
            assert server.get("/evil/where", headers=headers).status == 404
        assert server.get("/where", headers={"SCRIPT_NAME": "/evil"}).status == 200


def test_state_that_cannot_be_written(tmp_path: Path) -> None:
    """Without a writable STATE_DIR the role serves, and says once why its probe will fail."""
    with web(tmp_path, STATE_DIR="/proc/nowhere") as server:
        wait_until(lambda: "The heartbeat cannot be written" in server.gunicorn.output, 10, "the warning")
        time.sleep(2.5)
        assert server.gunicorn.output.count("The heartbeat cannot be written") == 1
        assert answers(server.port, "/where")


def test_listens_where_an_ipv6_cluster_asks(tmp_path: Path) -> None:
    """In a cluster whose first family is IPv6 the port is open on IPv6 addresses."""
    with web(tmp_path, KUBERNETES_SERVICE_HOST="fd00::1") as server:
        assert server.get("/where", host="::1").status == 200
