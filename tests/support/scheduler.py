"""Beat on a cluster while its pod is replaced: every message of its entry "note", as it arrived at a worker."""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Callable

from support.cluster import Space, eventually
from support.patience import patience

TICKS = (
    "from proving.models import Tick\n"
    "print(list(Tick.objects.filter(due__gte={}).order_by('due').values_list('due', 'published', 'task_id')))"
)
INTERVAL = 2  # seconds between two due times of the entry "note"


def ticks(shop: Space, since: float) -> list[tuple[float, float, str]]:
    """Due time, time of publishing and id of every message of beat since a due time."""
    found: list[tuple[float, float, str]] = ast.literal_eval(shop.python(TICKS.format(since)))
    return found


def replaced(shop: Space, change: Callable[[], object], copies: int) -> float:
    """Change the scheduler: every due time is published in time, none twice but ``copies``. Returns the longest pause.

    What a pause of more than 5 s has missed may coalesce.
    """
    eventually(lambda: ticks(shop, time.time() - 3 * INTERVAL), 60, "ticks")
    began = ticks(shop, time.time() - 3 * INTERVAL)[0][0]
    change()
    eventually(lambda: shop.is_ready("scheduler"), 90, "the scheduler")
    ended = time.time() + INTERVAL
    eventually(lambda: ticks(shop, ended), 60, "ticks go on")
    found = ticks(shop, began)
    dues = sorted({due for due, _, _ in found})
    published = sorted(at for _, at, _ in found)
    pause = max(after - before for before, after in itertools.pairwise(published))
    steps = {round(after - before, 3) for before, after in itertools.pairwise(dues)}
    assert steps == {INTERVAL} or pause > 5, found
    assert max(at - due for due, at, _ in found) <= patience(5 + 1), found
    assert len(found) - len(dues) <= copies, found
    assert len({identity for _, _, identity in found}) == len(dues), "one due time, one id"
    return pause


def roll(shop: Space) -> None:
    """A rollout of the scheduler."""
    shop.kubectl("rollout", "restart", "deployment/shop-scheduler")
    shop.kubectl("rollout", "status", "deployment/shop-scheduler", "--timeout=120s")
