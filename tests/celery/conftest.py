"""Which tests of Celery there are here."""

import importlib.util

import kombu
import pytest

# It caps Django below 6.1. `make test-oldest` has a Django that it accepts, and runs them.
collect_ignore = [] if importlib.util.find_spec("django_celery_beat") else ["test_django_celery_beat.py"]
# Promised from this release of kombu on (docs/explanation/worker.md). Older ones do not look at the consumer's connection.
SINCE_KOMBU = {"test_half_open_connection_recovers": (5, 7)}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this release of kombu does not promise."""
    older = [item for item in items if kombu.VERSION[:2] < SINCE_KOMBU.get(item.name, (0, 0))]
    config.hook.pytest_deselected(items=older)
    items[:] = [item for item in items if item not in older]
