"""Redis demoted, promoted elsewhere, loading, out of memory, flushed: no process ends, and work goes on within 30 seconds."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as client
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.beat import Beats, beat_environment, published
from support.process import answers, wait_until
from support.proxy import proxy
from support.servers import Redis, redis
from support.worker import Workers, send, workers

SECONDS = 8  # of each disturbance, which is longer than any timeout of a connection
BACK = 30  # seconds until work goes on

Command = Callable[[Redis], None]


def command(server: Redis, *words: object) -> None:
    with client.Redis(port=server.port) as connection:
        connection.execute_command(*words)


def demote(server: Redis) -> None:
    command(server, "REPLICAOF", "127.0.0.1", "1")


def promote(server: Redis) -> None:
    command(server, "REPLICAOF", "NO", "ONE")


def fill(server: Redis) -> None:
    command(server, "CONFIG", "SET", "maxmemory", "1")


def drain(server: Redis) -> None:
    command(server, "CONFIG", "SET", "maxmemory", "0")


def flush(server: Redis) -> None:
    command(server, "FLUSHALL")


def reload(server: Redis) -> None:
    """Restart it with so many keys that it says LOADING for a while."""
    with client.Redis(port=server.port, db=9) as connection:
        pipeline = connection.pipeline(transaction=False)
        for number in range(8000):  # each takes a millisecond to load
            pipeline.set(f"key{number}", number)
        pipeline.execute()
    server.stop()
    server.start(ready=False)


def nothing(server: Redis) -> None:
    pass


@contextlib.contextmanager
def running(folder: Path, broker: str, database: str) -> Iterator[tuple[Workers, Beats]]:
    """A worker, and a beat that has published something."""
    env = beat_environment(folder, database, broker, TEST_BEAT_SECONDS="1")
    with workers(folder, broker, CELERY_TASK_ACKS_LATE="true") as group, Beats(folder, env) as beats:
        group.start("-c", "1")
        beat = beats.start()
        wait_until(lambda: published(beat), 30, "a first message")
        yield group, beats


def goes_on(group: Workers, beats: Beats, broker: str, what: str) -> None:
    """Both work again, and neither has ended."""
    (worker,), (beat,) = group.processes, beats.processes
    back, count = time.monotonic(), len(published(beat))
    send(broker, [(1, 0.0)])
    wait_until(lambda: group.trace("done")[1], BACK, f"a task after Redis was {what}")
    task = time.monotonic() - back
    wait_until(lambda: len(published(beat)) > count, BACK, f"a message of beat after Redis was {what}")
    print(f"{what}: worker {task:.1f} s, beat {time.monotonic() - back:.1f} s")
    assert worker.running(), worker.output
    assert beat.running(), beat.output
    assert "Unrecoverable error" not in worker.output
    assert "Traceback" not in beat.output
    assert answers(worker.port, "/livez")  # type: ignore[attr-defined]
    assert answers(worker.port, "/readyz")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        pytest.param(demote, promote, id="read-only"),
        pytest.param(fill, drain, id="out of memory"),
        pytest.param(flush, nothing, id="flushed"),
    ],
)
def test_disturbed(tmp_path: Path, begin: Command, end: Command) -> None:
    """The same server, which works again after a while."""
    with (
        redis() as server,
        running(tmp_path, server.url(), f"sqlite:///{tmp_path}/db.sqlite3") as (group, beats),
    ):
        begin(server)
        time.sleep(SECONDS)  # what is tested is that nothing ends meanwhile
        end(server)
        goes_on(group, beats, server.url(), begin.__name__)


def test_worker_starts_at_a_read_only_redis(tmp_path: Path) -> None:
    """It waits, with pauses between its attempts, and takes tasks once it can."""
    with redis() as server, workers(tmp_path, server.url()) as group:
        demote(server)
        worker = group.start("-c", "1", ready=False)
        wait_until(lambda: "read only replica" in worker.output, 30, "an attempt")
        time.sleep(SECONDS)
        attempts = worker.output.count("Cannot connect to")
        assert 2 <= attempts <= 3 * SECONDS, worker.output
        assert "Frequent restarts" not in worker.output
        promote(server)
        send(server.url(), [(1, 0.0)])
        wait_until(lambda: group.trace("done")[1], BACK, "a task")


def test_promoted_elsewhere(tmp_path: Path) -> None:
    """The address leads to another server from now on, and the old one goes on as a replica."""
    with redis() as old, redis() as new, proxy(old.port) as net:
        broker = f"redis://127.0.0.1:{net.port}/0"
        with running(tmp_path, broker, f"sqlite:///{tmp_path}/db.sqlite3") as (group, beats):
            demote(old)
            time.sleep(SECONDS)
            net.redirect(new.port)
            goes_on(group, beats, new.url(), "promoted elsewhere")


def test_loading(tmp_path: Path) -> None:
    """It was restarted, and reads its data for a while."""
    with (
        redis(
            "--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024", persistent=True
        ) as server,
        running(tmp_path, server.url(), f"sqlite:///{tmp_path}/db.sqlite3") as (group, beats),
    ):
        reload(server)
        wait_until(lambda: is_loading(server), 10, "LOADING", every=0.01)
        wait_until(server.ready, 60, "the end of loading")
        goes_on(group, beats, server.url(), "loading")


def is_loading(server: Redis) -> bool:
    try:
        with client.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as connection:
            connection.ping()
    except client.BusyLoadingError:
        return True
    except client.RedisError:
        pass
    return False
