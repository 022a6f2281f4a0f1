"""What beat says of the queues, on real brokers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from support.process import Response, get, stays, wait_until
from support.rabbitmq import rabbitmq
from support.roles import role
from support.servers import Redis
from support.worker import send


def queues(beat: object, query: str = "") -> Response:
    return get(beat.probe_port, f"/queues{query}")  # type: ignore[attr-defined]


def says(beat: object, **wanted: int) -> bool:
    """Whether the queue "mail" is seen as wanted."""
    answer = queues(beat)
    return answer.status == 200 and wanted.items() <= answer.json()["queues"]["mail"].items()


def follow(folder: Path, broker: str, *, late: bool) -> None:
    """Tasks that wait, then run, then are done."""
    more = {
        "CELERY_BROKER_URL": broker,
        "QUEUE_SAMPLE_SECONDS": "0.5",
        "QUEUES": "mail,reports",
        "CELERY_TASK_ACKS_LATE": str(late).lower(),
    }
    with role(folder, "migrate", **more) as migrate:
        assert migrate.wait(60) == 0, migrate.output
    with role(folder, "beat", **more) as beat:
        wait_until(lambda: queues_up(beat), 30, "a sample")
        assert queues(beat).json()["total"] == 0
        assert queues(beat).json()["queues"].keys() == {"celery", "mail", "reports"}
        send(broker, [(number, 6.0) for number in range(4)], queue="mail")
        wait_until(lambda: says(beat, ready=4, unacknowledged=0, total=4), 15, "four that wait")
        assert queues(beat, "?names=mail,reports").json()["total"] == 4
        assert queues(beat, "?names=reports").json()["total"] == 0
        assert queues(beat, "?names=unknown").status == 404
        with role(folder, "worker", "-c", "2", WORKER_QUEUES="mail", **more):
            # By the queue's length alone a scaler would see two, or none where two more are prefetched.
            seen = {"ready": 2, "unacknowledged": 2} if late else {"ready": 0, "unacknowledged": 4}
            wait_until(lambda: says(beat, total=4, **seen), 30, "two that run")
            wait_until(lambda: says(beat, ready=0, unacknowledged=0), 30, "nothing to do")


def queues_up(beat: object) -> bool:
    try:
        return queues(beat).status == 200
    except OSError:
        return False


@pytest.mark.parametrize("late", [True, False], ids=["late", "early"])
def test_redis(tmp_path: Path, redis_server: Redis, late: bool) -> None:
    """Waiting and running tasks, whether they are acknowledged late or early."""
    follow(tmp_path, redis_server.url(9 if late else 8), late=late)


def test_rabbitmq(tmp_path: Path) -> None:
    """RabbitMQ does not report unacknowledged tasks, so the workers do."""
    with rabbitmq() as server:
        follow(tmp_path, server.url, late=True)


def test_oldest_and_later(tmp_path: Path, redis_server: Redis) -> None:
    """The longest wait; a task for tomorrow that a worker holds is no work yet."""
    broker = redis_server.url(7)
    more = {"CELERY_BROKER_URL": broker, "QUEUE_SAMPLE_SECONDS": "0.5", "QUEUES": "mail"}
    with role(tmp_path, "migrate", **more) as migrate:
        assert migrate.wait(60) == 0, migrate.output
    with role(tmp_path, "beat", **more) as beat:
        began = time.monotonic()
        send(broker, [(1, 0.0)], queue="mail")
        wait_until(lambda: queues_up(beat) and says(beat, ready=1), 30, "one that waits")
        wait_until(lambda: queues(beat).json()["queues"]["mail"]["oldest_seconds"] > 2, 15, "its age")
        assert queues(beat).json()["queues"]["mail"]["oldest_seconds"] <= time.monotonic() - began + 1
        with role(tmp_path, "worker", "-c", "1", WORKER_QUEUES="mail", **more) as worker:
            send(broker, [(2, 0.0)], queue="mail", countdown=86400)
            wait_until(lambda: worker.output.count("received") == 2, 30, "both tasks at the worker")
            wait_until(lambda: says(beat, total=0, oldest_seconds=0), 15, "no work")


def test_sampled_while_somebody_asks(tmp_path: Path, redis_server: Redis) -> None:
    """One sample at the start, and others only once somebody wants them."""
    more = {"CELERY_BROKER_URL": redis_server.url(5), "QUEUE_SAMPLE_SECONDS": "0.2"}
    sample = tmp_path / "state" / "beat" / "queues.json"

    def at() -> float:
        return float(json.loads(sample.read_text())["at"])

    with role(tmp_path, "beat", **more) as beat:
        wait_until(sample.exists, 30, "the first sample")
        first = at()
        stays(lambda: at() == first, 3, "a sample that nobody wants")
        assert _status(beat) in (200, 503)
        wait_until(lambda: at() > first, 10, "another one")


def test_stale_sample(tmp_path: Path, redis_server: Redis) -> None:
    """No sample, or an old one, is 503: a scaler then keeps what it has."""
    with role(tmp_path, "beat", QUEUE_SAMPLE_SECONDS="0", CELERY_BROKER_URL=redis_server.url(6)) as beat:
        wait_until(lambda: _status(beat) == 503, 20, "an answer")
        wait_until((tmp_path / "state" / "beat").is_dir, 20, "a heartbeat")
        sample = tmp_path / "state" / "beat" / "queues.json"
        fields = {"mail": [1, 0, 5.0]}
        sample.write_text(json.dumps({"at": time.monotonic(), "queues": fields}))
        assert _status(beat) == 200
        sample.write_text(json.dumps({"at": time.monotonic() - 61, "queues": fields}))
        assert _status(beat) == 503
        for text in ("{", json.dumps({"at": time.monotonic(), "queues": {"mail": ["x", "y"]}})):
            sample.write_text(text)
            assert _status(beat) == 503


def _status(beat: object) -> int:
    try:
        return queues(beat).status
    except OSError:
        return 0
