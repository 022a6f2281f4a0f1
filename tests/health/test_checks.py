"""Each health check against the real thing: well, away, and with no connection left behind."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connections
from django.test import override_settings
from support import rabbitmq, s3, servers
from support.databases import default_database
from support.patience import patience
from support.ports import free_port
from support.process import wait_until
from support.proxy import proxy

from django_k8s import settings as k8s
from django_k8s.database.connections import own_connection
from django_k8s.environment.env import Env
from django_k8s.health import BUILT_IN_CHECKS, Unhealthy, find_checks, make_checks
from django_k8s.health.broker import Broker
from django_k8s.health.cache import Cache
from django_k8s.health.database import Database, bounded
from django_k8s.health.migrations import Migrations
from django_k8s.health.results import log_text
from django_k8s.health.runner import CheckRunner
from django_k8s.health.storage import Storage

SECONDS = 2.0


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield int(listener.getsockname()[1])


def fails_within(check: Callable[[float], object], seconds: float) -> Exception:
    """The exception of a check that has to give up by itself."""
    began = time.monotonic()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each driver has its own
        check(SECONDS)
    assert time.monotonic() - began < patience(seconds)
    assert not isinstance(caught.value, Unhealthy), caught.value
    return caught.value


def test_database_answers(postgres_url: str, postgres_server: servers.Postgres) -> None:
    """Each time a connection of its own, closed at the end: a hundred leave none."""
    with default_database(postgres_url, DATABASE_POOL_SIZE="8"):
        check = Database("default")
        for _ in range(100):
            check(SECONDS)
    name = postgres_url.rpartition("/")[2]

    def left() -> list[tuple[object, ...]]:
        return postgres_server.execute(f"SELECT 1 FROM pg_stat_activity WHERE datname = '{name}'")

    wait_until(lambda: not left(), 5, "the end of the connections")


def test_database_that_refuses() -> None:
    """A port without a server: the driver's error, at once."""
    with default_database(f"postgres://user:secret@127.0.0.1:{free_port()}/name"):
        assert "refused" in str(fails_within(Database("default"), 2))


def test_database_that_never_answers(silent: int) -> None:
    """The check gives up by itself, so that its thread ends too."""
    with default_database(f"postgres://user:secret@127.0.0.1:{silent}/name"):
        fails_within(Database("default"), SECONDS + 2)


class Freezer:
    """Makes connections whose server process is stopped after the login, as on a machine that freezes."""

    def __init__(self) -> None:
        self.stopped: list[int] = []
        self.over = False

    def connect(self, alias: str) -> Any:
        connection = own_connection(alias)
        opened = connection.init_connection_state

        def init_connection_state() -> None:
            opened()
            if not self.over:
                self.stopped.append(connection.connection.info.backend_pid)
                os.kill(self.stopped[-1], signal.SIGSTOP)

        connection.init_connection_state = init_connection_state  # type: ignore[method-assign]
        return connection


@pytest.fixture
def freezer() -> Iterator[Freezer]:
    instance = Freezer()
    yield instance
    for process in instance.stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)


def test_failover_from_a_frozen_database(postgres_server: servers.Postgres, freezer: Freezer) -> None:
    """A server that freezes after the login is given up, so that the one that takes its address is asked."""
    with (
        servers.postgres() as heir,
        proxy(postgres_server.port) as net,
        default_database(f"postgres://postgres:postgres@127.0.0.1:{net.port}/postgres"),
    ):
        runner = CheckRunner({"database": Database("default", freezer.connect)}, timeout=1, keep=0)
        assert not runner.ready()
        net.redirect(heir.port)
        freezer.over = True
        wait_until(runner.ready, 10, "ready again")
    assert freezer.stopped
    wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("health-")], 5, "no thread")


def test_each_statement_has_its_time(postgres_url: str) -> None:
    """A statement that takes too long is cut off; what a check does between two has no limit."""
    seconds = patience(0.5)
    with default_database(postgres_url):
        with bounded(own_connection(), seconds) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            time.sleep(seconds + 1)  # what is tested is this long pause
            cursor.execute("SELECT 1")
        began = time.monotonic()
        with (
            pytest.raises(OperationalError),
            bounded(own_connection(), seconds) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT pg_sleep(60)")
        assert time.monotonic() - began < patience(5, below=60)


def test_sqlite_answers(tmp_path: Path) -> None:
    """The embedded database passes; a folder that is not there fails."""
    with default_database(f"sqlite:///{tmp_path}/db.sqlite3"):
        Database("default")(SECONDS)
    with default_database(f"sqlite:///{tmp_path}/missing/db.sqlite3"):
        fails_within(Database("default"), 2)


def test_each_alias_has_a_check(tmp_path: Path) -> None:
    """Several databases are asked side by side, and the report names each."""
    with default_database(f"sqlite:///{tmp_path}/db.sqlite3"):
        settings = {**connections.settings, "replica": connections.settings["default"]}
        connections.settings = settings  # type: ignore[misc]
        found = find_checks("database")

    assert list(found) == ["database", "database:replica"]


def test_migrations_that_are_missing(postgres_url: str) -> None:
    """Fails with their number and the first one's name, passes when they are applied."""
    with default_database(postgres_url):
        check = Migrations("default")
        with pytest.raises(Unhealthy, match=r"\d+ not applied, the first is \w+\.0001_initial"):
            check(SECONDS)
        call_command("migrate", verbosity=0)
        check(SECONDS)


def test_migrations_of_a_newer_release_are_no_failure(postgres_url: str) -> None:
    """While a release is rolled out the old one finds migrations that it does not know."""
    with default_database(postgres_url):
        call_command("migrate", verbosity=0)
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('auth', '9999_new', now())"
            )
        Migrations("default")(SECONDS)


def test_migrations_plan_is_made_when_something_changed(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as the database stands still, asking costs one query and no plan."""
    from django_k8s.health import migrations

    made = []
    executor = migrations.MigrationExecutor
    monkeypatch.setattr(
        migrations, "MigrationExecutor", lambda connection: made.append(1) or executor(connection)
    )
    with default_database(postgres_url):
        check = Migrations("default")
        for _ in range(3):
            with pytest.raises(Unhealthy):
                check(SECONDS)
        call_command("migrate", verbosity=0)
        check(SECONDS)

    assert len(made) == 2


def cache_at(url: str) -> Any:
    return override_settings(CACHES={"default": k8s.cache(Env(environ={"CACHE_URL": url, "DEBUG": "1"}))})


def test_redis_cache_answers(redis_server: servers.Redis) -> None:
    """A key is set, read and deleted; a hundred times leave no key and no connection, also uncollected."""
    import redis

    client = redis.Redis(port=redis_server.port, db=3)
    before = client.info("clients")["connected_clients"]
    gc.disable()
    try:
        with cache_at(redis_server.url(3)):
            for _ in range(100):
                Cache("default")(SECONDS)
        wait_until(
            lambda: client.info("clients")["connected_clients"] <= before, 5, "the end of the connections"
        )
    finally:
        gc.enable()
    assert client.dbsize() == 0
    client.close()


def test_redis_cache_that_refuses() -> None:
    """A port without a server."""
    with cache_at(f"redis://127.0.0.1:{free_port()}/0"):
        fails_within(Cache("default"), 3)


def test_redis_cache_that_never_answers(silent: int) -> None:
    """The project's timeouts are longer than the deadline; the check's are not."""
    with cache_at(f"redis://127.0.0.1:{silent}/0"):
        fails_within(Cache("default"), 2 * SECONDS + 2)


@pytest.fixture
def memcached_server() -> Iterator[servers.Memcached]:
    with servers.memcached() as server:
        yield server


def test_memcached_answers(memcached_server: servers.Memcached) -> None:
    """The project reads what it wrote; a hundred checks leave no key and no connection."""
    with cache_at(memcached_server.url):
        cache.set("greeting", "hello")
        assert cache.get("greeting") == "hello"
        cache.delete("greeting")
        cache.close()
        before = memcached_server.stats()["curr_connections"]
        for _ in range(100):
            Cache("default")(SECONDS)
        wait_until(
            lambda: memcached_server.stats()["curr_connections"] <= before, 5, "the end of the connections"
        )
    assert memcached_server.stats()["curr_items"] == 0


def test_memcached_that_never_answers(silent: int) -> None:
    """The check gives up within its deadline, and so does a request, a little later."""
    with cache_at(f"pymemcache://127.0.0.1:{silent}"):
        fails_within(Cache("default"), SECONDS + 2)
        fails_within(lambda _: cache.get("greeting"), 5 + 2)
    with cache_at(f"pymemcache://127.0.0.1:{free_port()}"):
        fails_within(Cache("default"), 2)


def test_database_cache_answers(postgres_url: str) -> None:
    """The project reads what it wrote into its table; without the table the check fails."""
    with default_database(postgres_url), cache_at("dbcache://cache_table"):
        assert "cache_table" in str(fails_within(Cache("default"), 2))
        call_command("createcachetable")
        cache.set("greeting", "hello")
        assert cache.get("greeting") == "hello"
        Cache("default")(SECONDS)
        with psycopg.connect(postgres_url) as connection:
            assert connection.execute("SELECT count(*) FROM cache_table").fetchone() == (1,)


def test_database_cache_that_never_answers(silent: int) -> None:
    """The database's own timeouts bound it."""
    with (
        default_database(f"postgres://u:p@127.0.0.1:{silent}/n", DATABASE_CONNECT_TIMEOUT_SECONDS="2"),
        cache_at("dbcache://cache_table"),
    ):
        fails_within(Cache("default"), 4)


def test_local_memory_cache_answers() -> None:
    """The embedded cache passes."""
    Cache("default")(SECONDS)


@override_settings(CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}})
def test_cache_that_forgets_fails() -> None:
    """A cache that does not keep what it was given is not well."""
    with pytest.raises(Unhealthy, match="could not be read back"):
        Cache("default")(SECONDS)


def broker(url: str, folder: Path) -> Any:
    environ = {"DEBUG": "1", "CELERY_BROKER_URL": url} if url else {"DEBUG": "1"}
    return override_settings(CELERY=k8s.celery(Env(folder, environ=environ)))


def test_redis_broker_answers(redis_server: servers.Redis, tmp_path: Path) -> None:
    """A hundred connections as a publisher makes them leave none behind."""
    import redis

    client = redis.Redis(port=redis_server.port)
    before = client.info("clients")["connected_clients"]
    with broker(redis_server.url(4), tmp_path):
        for _ in range(100):
            Broker()(SECONDS)
    wait_until(lambda: client.info("clients")["connected_clients"] <= before, 5, "the end of the connections")
    client.close()


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_broker_that_refuses(scheme: str, tmp_path: Path) -> None:
    """A port without a server: the error of the transport, which is tried once more and then given up."""
    with broker(f"{scheme}://127.0.0.1:{free_port()}//", tmp_path):
        fails_within(Broker(), SECONDS + 2)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_broker_that_never_answers(scheme: str, silent: int, tmp_path: Path) -> None:
    """A server that takes connections and is silent."""
    with broker(f"{scheme}://127.0.0.1:{silent}//", tmp_path):
        fails_within(Broker(), 2 * SECONDS + 2)


def test_rabbitmq_answers(tmp_path: Path) -> None:
    """Login and virtual host are part of the handshake; a wrong password fails."""
    with rabbitmq.rabbitmq() as server:
        with broker(server.url, tmp_path):
            for _ in range(20):
                Broker()(SECONDS)
        with broker(server.url.replace("guest:guest", "guest:wrong"), tmp_path):
            fails_within(Broker(), SECONDS + 3)
        wait_until(lambda: rabbitmq.established(server.port) == 0, 10, "the end of the connections")


def test_folder_as_broker(tmp_path: Path) -> None:
    """The embedded broker is well when its folder takes files; nothing is left in it for a worker to find."""
    with broker("", tmp_path):
        Broker()(SECONDS)
        assert list((tmp_path / ".state" / "broker" / "messages").iterdir()) == []
        (tmp_path / ".state" / "broker" / "messages").rmdir()
        fails_within(Broker(), 2)


def test_no_celery_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project without Celery that asks for its broker is told so."""
    monkeypatch.setenv("CELERY_APP", "nowhere")
    with pytest.raises(Unhealthy, match="no Celery application at nowhere"):
        Broker()(SECONDS)


def storage(**options: Any) -> Any:
    return override_settings(
        STORAGES={"default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}}
    )


def test_folder_as_storage(tmp_path: Path) -> None:
    """A small file is written, read and deleted; a folder that cannot be one fails."""
    with storage(location=tmp_path):
        Storage()(SECONDS)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with storage(location=tmp_path / "file"):
        fails_within(Storage(), 2)


def test_storage_that_is_neither() -> None:
    """Any other storage is asked whether a name exists."""
    with override_settings(STORAGES={"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}):
        Storage()(SECONDS)


def test_bucket_as_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket is asked for by HEAD: its name, address and keys have to be right, and nothing is written."""
    with s3.s3() as server:
        client = server.client()
        client.create_bucket(Bucket="media")
        for name, value in server.variables("media").items():
            monkeypatch.setenv(name, value)
        options = {"bucket_name": "media", "endpoint_url": server.endpoint, "region_name": "us-east-1"}
        backend = {"BACKEND": "django_k8s.media_storage.s3.S3Media"}
        with override_settings(STORAGES={"default": {**backend, "OPTIONS": options}}):
            check = Storage()
            for _ in range(3):
                check(SECONDS)
        assert client.list_objects_v2(Bucket="media")["KeyCount"] == 0
        with override_settings(
            STORAGES={"default": {**backend, "OPTIONS": {**options, "bucket_name": "other"}}}
        ):
            assert "404" in str(fails_within(Storage(), 5))
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        with override_settings(STORAGES={"default": {**backend, "OPTIONS": options}}):
            assert "403" in str(fails_within(Storage(), 5))


def own(timeout: float) -> None:
    """A project's own check."""
    raise Unhealthy(f"own check with {timeout:g} s")


class Own:
    """A project's own check as a class."""

    def __call__(self, timeout: float) -> None:
        """Passes."""


def test_own_checks_by_dotted_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function is the check; of a class one object is."""
    monkeypatch.setitem(sys.modules, "own_checks", sys.modules[__name__])
    found = make_checks(["own_checks.own", "own_checks.Own"])

    with pytest.raises(Unhealthy, match="own check with 2 s"):
        found["own_checks.own"](SECONDS)
    assert isinstance(found["own_checks.Own"], Own)


def test_check_that_is_not_there_fails_when_asked() -> None:
    """A web process with a misspelt check starts, and is not ready."""
    with pytest.raises(Unhealthy, match="cannot be made: ImportError"):
        make_checks(["databse"])["databse"](SECONDS)


def test_built_in_checks() -> None:
    """The names that the reference lists."""
    assert set(BUILT_IN_CHECKS) == {"database", "cache", "broker", "migrations", "storage"}
    assert {name for found in BUILT_IN_CHECKS.values() for name in found()} == set(BUILT_IN_CHECKS)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("SECRET_KEY", "s3cret" * 10, "bad key s3cret" + "s3cret" * 9),
        ("DATABASE_URL", "postgres://u:p%40ss-word@h/n", 'invalid port number: "p@ss-word"'),
        ("DATABASE_URL", "postgres://u:p%40ss-word@h/n", "could not parse p%40ss-word"),
        ("CACHE_URL", "redis://[broken:s3cret", "cannot use redis://[broken:s3cret"),
        ("REDIS_URL", "redis://:s3cret@h", "AUTH s3cret\nfailed"),
    ],
)
def test_no_secret_in_a_description(
    name: str, value: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a driver says, what the configuration keeps secret is not in the log line."""
    monkeypatch.setenv(name, value)
    Env().mask_secrets()
    line = log_text(ValueError(text))

    assert line.startswith("ValueError: ")
    assert "***" in line
    for secret in ("s3cret", "p@ss-word", "p%40ss-word"):
        assert secret not in line
    assert "\n" not in line


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
def test_passwords_of_the_settings_are_secret_too() -> None:
    """A project may write its database by hand."""
    database = {"default": {"ENGINE": "django.db.backends.sqlite3", "PASSWORD": "by-hand"}}
    with override_settings(DATABASES=database):
        apps.get_app_config("django_k8s").ready()
        assert log_text(OSError("no by-hand")) == "OSError: no ***"
