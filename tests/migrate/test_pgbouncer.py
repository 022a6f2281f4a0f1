"""Migrations and beat behind PgBouncer, where a session's lock may hold nothing."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import apps, servers
from support.beat import Beats, beat_environment
from support.need import need, program
from support.ports import free_port
from support.process import environment, started
from support.shop import Shop, five, thirty

INI = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = {mode}
default_pool_size = {size}
server_login_retry = 1
ignore_startup_parameters = extra_float_digits,options,tcp_user_timeout
"""


@pytest.fixture(params=["transaction 20"])
def pooled(
    request: pytest.FixtureRequest, postgres_server: servers.Postgres, postgres_url: str
) -> Iterator[str]:
    """The URL of the test's database through PgBouncer, in transaction mode by default."""
    mode, size = request.param.split()
    path = program("pgbouncer", "/usr/sbin")
    need("PgBouncer", path, "install pgbouncer")
    assert path
    port, url = free_port(), postgres_url
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder = Path(name)
        users, ini = folder / "users.txt", folder / "pgbouncer.ini"
        users.write_text('"postgres" "postgres"\n')
        ini.write_text(INI.format(server=postgres_server.port, port=port, users=users, mode=mode, size=size))
        folder.chmod(0o755)  # it refuses to run as root, so it is somebody else who reads this
        user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        with started([path, str(ini)], environment(), folder, folder / "log", user) as bouncer:
            bouncer.wait_for_output("process up")
            yield url.replace(f":{postgres_server.port}/", f":{port}/")


def test_five_at_once_behind_a_pooler(shop: Callable[..., Shop], pooled: str, postgres_url: str) -> None:
    """With DATABASE_DIRECT_URL lock and migrations go past the pooler: one applies, four wait."""
    project = shop(*thirty())
    outputs = five(project, DATABASE_URL=pooled, DATABASE_PGBOUNCER="true", DATABASE_DIRECT_URL=postgres_url)

    assert sorted(output.count("Applying shop.") for output in outputs) == [0, 0, 0, 0, 30]
    assert project.applied == 30


def test_pooler_alone_is_refused(shop: Callable[..., Shop], pooled: str) -> None:
    """Without the direct address the role ends with status 78 and one line that names the variable."""
    project = shop(apps.table("item"))
    status, _, errors = project.migrate(DATABASE_URL=pooled, DATABASE_PGBOUNCER="true")

    assert status == 78
    assert "DATABASE_DIRECT_URL is missing" in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("pooled", ["transaction 1", "transaction 20"], indirect=True)
@pytest.mark.parametrize("role", ["migrate", "beat"])
def test_pooler_that_nobody_declared(
    shop: Callable[..., Shop], pooled: str, postgres_url: str, tmp_path: Path, role: str
) -> None:
    """The lock finds it: status 78, and one sentence that names the variable. Nothing is migrated or published."""
    if role == "migrate":
        project = shop(apps.table("item"))
        status, output, errors = project.migrate(DATABASE_URL=pooled)
        assert project.rows("SELECT to_regclass('django_migrations')::text") == [(None,)]
    else:
        env = beat_environment(tmp_path, postgres_url, "memory://", TEST_BEAT_SECONDS="1")
        with Beats(tmp_path, env) as beats:
            beat = beats.start(DATABASE_URL=pooled)
            status, output, errors = beat.wait(60), beat.output, ""
        assert "beat: published" not in output
    assert status == 78, output + errors
    assert "Set DATABASE_DIRECT_URL to the address of the database itself" in output + errors
    assert "Traceback" not in output + errors


@pytest.mark.parametrize("pooled", ["session 1", "session 20"], indirect=True)
def test_pooler_in_session_mode(shop: Callable[..., Shop], pooled: str) -> None:
    """There each client has a session of its own, so the lock holds and nothing is refused."""
    project = shop(apps.table("item"))
    status, output, errors = project.migrate(DATABASE_URL=pooled)

    assert status == 0, output + errors
    assert project.applied == 1
