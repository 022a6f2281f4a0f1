"""Malformed messages are rejected and logged: none ends the worker, and none comes again."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from support.process import wait_until
from support.servers import Redis
from support.worker import send, workers


def message(body: Any = ((1, 0.0), {}, {}), **more: Any) -> dict[str, Any]:
    """A message of a task, as it lies in the queue of Redis."""
    headers = {"lang": "py", "task": "project.tasks.work", "id": str(uuid.uuid4()), "origin": "test"}
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "body": base64.b64encode(text.encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {**headers, **more},
        "properties": {
            "correlation_id": headers["id"], "delivery_mode": 2, "priority": 0, "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": "celery"}, "delivery_tag": str(uuid.uuid4()),
        },
    }  # fmt: skip


MESSAGES = {
    "no JSON": "not json",
    "empty": "",
    "null": "null",
    "headers are a list": json.dumps({**message(), "headers": [1]}),
    "headers are null": json.dumps({**message(), "headers": None}),
    "id is a list": json.dumps(message(id=[1])),
    "name to show is a list": json.dumps(message(shadow=[1])),
    "time limit is text": json.dumps(message(timelimit=["a", "b"])),
    "time limit is half a pair": json.dumps(message(timelimit=[1])),
    "stamps are a number": json.dumps(message(stamped_headers=5)),
    "body is a mapping": json.dumps(message({})),
    "body is text": json.dumps(message('"x"')),
    "body is short": json.dumps(message([[1]])),
    "callbacks are text": json.dumps(message([[1, 0.0], {}, "x"])),
    "arguments are no list": json.dumps(message([5, {}, {}])),
    "no properties": json.dumps({"body": "x", "headers": {}}),
    "body is no base64": json.dumps(message()).replace('"body": "', '"body": "%%%'),
    "eta is garbage": json.dumps(message(eta="garbage")),
    "expires is garbage": json.dumps(message(expires="garbage")),
    "retries are text": json.dumps(message(retries="x")),
}


@pytest.mark.parametrize("late", [True, False], ids=["late", "early-threads"])
def test_malformed_messages(tmp_path: Path, redis_server: Redis, late: bool) -> None:
    """One worker takes all of them, and runs a task after each."""
    database = 7 + late
    broker = redis_server.url(database)
    queue = redis.Redis(port=redis_server.port, db=database)
    with workers(tmp_path, broker, CELERY_TASK_ACKS_LATE=str(late).lower()) as group:
        worker = group.start("-c", "1", "-P", "prefork" if late else "threads")
        for number, (name, raw) in enumerate(MESSAGES.items(), 100):
            queue.lpush("celery", raw)
            send(broker, [(number, 0.0)])
            wait_until(
                lambda number=number: group.trace("done")[number], 30, f"a task after one whose {name}"
            )  # type: ignore[misc]
            assert worker.running(), (name, worker.output[-3000:])
        rejected = worker.output.count("is malformed")
        # In a pool of processes, such a task runs, but one that is acknowledged early never is.
        assert "the name to show is not text" in worker.output
        assert "must be a mapping, not str" in worker.output, "a thread that fails is noticed"
        soon = datetime.now(UTC) + timedelta(seconds=0.5)
        queue.lpush("celery", json.dumps(message(timelimit=[1], eta=soon.isoformat())))
        wait_until(
            lambda: worker.output.count("is malformed") > rejected,
            10,
            "the end of one that waits for its time",
        )
        assert "Unrecoverable error" not in worker.output
        assert worker.stop(30) == 0, worker.output[-3000:]
    assert queue.llen("celery") == 0, "one comes again"
    assert queue.hlen("unacked") == 0, "one comes again"
