"""Fixtures that every test may use, and hooks of the whole run."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from support import profiles, servers

import django_k8s
from django_k8s.environment import masking, problems, startup
from django_k8s.observability import context

pytest_plugins = ["support.outcomes"]
ROOT = Path(__file__).resolve().parent.parent
assert not Path(django_k8s.__file__).is_relative_to(ROOT / "django_k8s"), (
    "these tests are for the installed wheel, not for the source tree: run them with `make test`"
)

# A shell starts its background jobs with SIGINT ignored, and so would be every process of the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests in this process see the small test project in debug mode; those of processes set their own.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
os.environ.setdefault("DEBUG", "true")
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")
os.environ.setdefault("CELERY_BROKER_URL", "memory://")
servers.driver()  # of MySQL, before Django looks for it: also for tests that need no server
django.setup()
profiles.register()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """One PostgreSQL for the session, for tests that leave it running."""
    with servers.postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: servers.Postgres) -> str:
    """The URL of a new, empty database on the session's server."""
    return postgres_server.create(f"test_{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[servers.MariaDB]:
    """One MariaDB for the session, for tests that leave it running."""
    with servers.mariadb() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb_server: servers.MariaDB) -> str:
    """The URL of a new, empty database on the session's server."""
    return mariadb_server.create(f"test_{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="session")
def _redis() -> Iterator[servers.Redis]:
    with servers.redis() as server:
        yield server


@pytest.fixture
def redis_server(_redis: servers.Redis) -> servers.Redis:
    """One Redis for the session, for tests that leave it running; each finds it empty."""
    _redis.empty()
    return _redis


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long forms run only when they are asked for by their marker."""
    if "not soak" not in (config.option.markexpr or "not soak"):
        for item in items:
            item.add_marker(pytest.mark.timeout(1500))
        return
    soak = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=soak)
    items[:] = [item for item in items if item not in soak]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What one test keeps secret, sets in the environment, or answers as a request, is forgotten in the next."""
    masking.reset()
    problems.reset()
    startup.reset()
    context.request_id.set("")
