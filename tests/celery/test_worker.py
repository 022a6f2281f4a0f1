"""A worker's heartbeat and its stop, on Redis."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import celery
import pytest
import redis
from celery.app.defaults import NAMESPACES
from celery.app.task import Task
from support.drop import dropped
from support.process import answers, get, wait_until
from support.proxy import proxy
from support.servers import Redis, postgres
from support.web import children
from support.worker import send, workers

from django_k8s.celery import worker as worker_parts

STALENESS = 10  # seconds; 60 by default
LATE = {"CELERY_TASK_ACKS_LATE": "true", "CELERY_VISIBILITY_TIMEOUT_SECONDS": "15"}


def alive_during(port: int, seconds: float) -> None:
    """/livez answers 200 for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = get(port, "/livez")
        assert answer.status == 200, answer.text
        time.sleep(0.5)


def long_task(folder: Path, broker: str, seconds: float, **more: str) -> None:
    with workers(folder, broker, **more) as group:
        worker = group.start("-c", "1")
        send(broker, [(1, seconds)])
        wait_until(lambda: group.trace("started"), 20, "the task")
        alive_during(worker.port, seconds)
        wait_until(lambda: group.trace("done"), 20, "the end of the task")


def test_long_task_is_alive(tmp_path: Path, redis_server: Redis) -> None:
    """A task that takes longer than the staleness does not restart the worker."""
    long_task(tmp_path, redis_server.url(6), 20, HEARTBEAT_STALENESS_SECONDS=str(STALENESS))


@pytest.mark.soak
def test_ten_minute_task_is_alive(tmp_path: Path, redis_server: Redis) -> None:
    """With the defaults, a task of ten minutes does not restart the worker."""
    long_task(tmp_path, redis_server.url(6), 600)


def frozen(folder: Path, broker: str, within: float, below: float = math.inf, **more: str) -> None:
    with workers(folder, broker, **more) as group:
        worker = group.start("-c", "1")
        worker.signal(signal.SIGSTOP)
        wait_until(
            lambda: answers(worker.port, "/livez", status=503), within, "503 from the probe", below=below
        )


def test_frozen_process_is_seen(tmp_path: Path, redis_server: Redis) -> None:
    """If the main process is frozen by SIGSTOP, /livez answers 503 after the staleness."""
    frozen(tmp_path, redis_server.url(7), STALENESS + 5, 60, HEARTBEAT_STALENESS_SECONDS=str(STALENESS))


@pytest.mark.soak
def test_frozen_process_is_seen_within_two_minutes(tmp_path: Path, redis_server: Redis) -> None:
    """The same with the defaults: staleness 60 s and three probes 10 s apart are 90 s."""
    frozen(tmp_path, redis_server.url(7), 90)


def wedged(folder: Path, server: Redis, within: float, **more: str) -> None:
    with (
        proxy(server.port) as net,
        workers(folder, f"redis://127.0.0.1:{net.port}/8", TEST_NO_TIMEOUTS="true", **more) as group,
    ):
        worker = group.start("-c", "1")
        send(server.url(8), [(1, 0)])  # a worker that is ready may not have connected for its tasks yet
        wait_until(lambda: group.trace("done"), 20, "a task")
        net.hold()
        wait_until(lambda: answers(worker.port, "/livez", status=503), within, "503 from the probe")


def test_wedged_consumer_is_seen(tmp_path: Path, redis_server: Redis) -> None:
    """Without our timeouts a half-open connection hangs the consumer for good: 503 after the staleness."""
    wedged(tmp_path, redis_server, STALENESS + 15, HEARTBEAT_STALENESS_SECONDS=str(STALENESS))


@pytest.mark.soak
def test_wedged_consumer_is_seen_within_two_minutes(tmp_path: Path, redis_server: Redis) -> None:
    """The same with the defaults."""
    wedged(tmp_path, redis_server, 90)


def test_half_open_connection_recovers(tmp_path: Path, redis_server: Redis) -> None:
    """With our timeouts, the worker consumes again within 30 s and stays alive."""
    direct = redis_server.url(9)
    with proxy(redis_server.port) as net, workers(tmp_path, f"redis://127.0.0.1:{net.port}/9") as group:
        worker = group.start("-c", "1")
        net.hold()
        held = time.monotonic()
        send(direct, [(number, 0) for number in range(5)])
        wait_until(lambda: group.trace("done"), 30, "a task after the connection went silent")
        print(f"consumed again after {time.monotonic() - held:.1f} s")
        client = redis.Redis.from_url(direct)
        wait_until(lambda: client.llen("celery") == 0, 10, "an empty queue")
        # kombu's transport pops a message before it notes it as unacknowledged: at a half-open
        # connection that one is lost, and the first of the new connection when the consumer starts anew.
        wait_until(lambda: len(group.trace("done")) + client.hlen("unacked") >= 3, 10, "all messages but two")
        client.close()
        assert answers(worker.port, "/livez")


@pytest.mark.net
def test_connection_without_a_peer_recovers(tmp_path: Path, redis_server: Redis) -> None:
    """Every packet of its old connections is dropped, as when a node vanishes: it consumes again within 30 s."""
    broker = redis_server.url(9)
    with workers(tmp_path, broker) as group, contextlib.ExitStack() as firewall:
        worker = group.start("-c", "1")
        send(broker, [(0, 0)])
        wait_until(lambda: group.trace("done"), 20, "a task")
        client = redis.Redis.from_url(broker)
        own = client.client_id()
        ports = [int(one["addr"].rpartition(":")[2]) for one in client.client_list() if int(one["id"]) != own]
        for port in ports:
            firewall.enter_context(dropped(redis_server.port, port))
        began = time.monotonic()
        client.close()
        send(broker, [(number, 0) for number in range(1, 6)])
        wait_until(lambda: len(group.trace("done")) > 1, 30, "a task after the peer vanished")
        print(f"consumed again after {time.monotonic() - began:.1f} s")
        assert answers(worker.port, "/livez")


def test_reconnecting_is_alive_for_a_while(tmp_path: Path) -> None:
    """While the broker is down, the worker is alive until WORKER_RECONNECT_SECONDS, and not ready."""
    with workers(
        tmp_path, "redis://127.0.0.1:9/0", HEARTBEAT_STALENESS_SECONDS="5", WORKER_RECONNECT_SECONDS="30"
    ) as group:
        worker = group.start("-c", "1", ready=False)
        wait_until(lambda: "reconnecting" in heartbeat_text(group.folder), 30, "the state")
        alive_during(worker.port, 15)
        assert answers(worker.port, "/readyz", status=503)
        wait_until(lambda: answers(worker.port, "/livez", status=503), 45, "the end of patience")


def heartbeat_text(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("state-0/worker/*.heartbeat"))


@pytest.mark.parametrize(("grace", "linger", "database"), [("15", "0", 10), ("35", "20", 14)])
def test_stop_gives_long_tasks_back(
    tmp_path: Path, redis_server: Redis, grace: str, linger: str, database: int
) -> None:
    """SIGTERM: an unfinished acks-late task is in the queue again inside the grace period; exit 0.

    What a last scrape may take is left of the grace period then.
    """
    broker = redis_server.url(database)
    scraped = {"METRICS": "true", "METRICS_LINGER_SECONDS": linger}
    with workers(tmp_path, broker, **LATE, **scraped, WORKER_GRACE_SECONDS=grace) as group:
        worker = group.start("-c", "1")
        send(broker, [(1, 300)])
        wait_until(lambda: group.trace("started"), 20, "the task")
        # Without a share for the last scrape it would wait for 25 s of the 35.
        assert worker.stop(15, below=25) == 0, worker.output
        client = redis.Redis.from_url(broker)
        assert client.llen("celery") == 1
        client.close()


def test_stop_gives_long_tasks_of_threads_back(tmp_path: Path, redis_server: Redis) -> None:
    """The same with a pool of threads, which nobody can kill: the task comes back, and runs in one place only."""
    broker = redis_server.url(0)
    with workers(tmp_path, broker, **LATE, WORKER_GRACE_SECONDS="15", WORKER_POOL="threads") as group:
        worker = group.start("-c", "2", "-P", "threads")
        send(broker, [(1, 120), (2, 3)])
        wait_until(lambda: len(group.trace("started")) == 2, 20, "the tasks")
        assert worker.stop(15) == 0, worker.output
        assert "tasks that did not end in time and were interrupted: 1" in worker.output
        assert "Traceback" not in worker.output
        client = redis.Redis.from_url(broker)
        assert client.llen("celery") == 1
        assert client.hlen("unacked") == 0
        client.close()
        assert set(group.trace("done")) == {2}


@pytest.mark.parametrize(
    ("pool", "database", "stop"), [("prefork", 11, signal.SIGTERM), ("threads", 15, signal.SIGHUP)]
)
def test_stop_waits_for_short_tasks(
    tmp_path: Path, redis_server: Redis, pool: str, database: int, stop: signal.Signals
) -> None:
    """SIGTERM, or SIGHUP: a task that ends in time ends, and the worker does not wait any longer.

    SIGUSR2 before it ends nothing, neither the worker nor the process of the task.
    """
    broker = redis_server.url(database)
    with workers(tmp_path, broker, WORKER_GRACE_SECONDS="60") as group:
        worker = group.start("-c", "1", "-P", pool)
        send(broker, [(1, 3)])
        wait_until(lambda: group.trace("started"), 20, "the task")
        for pid in (worker.pid, *children(worker.pid)):
            os.kill(pid, signal.SIGUSR2)
        worker.signal(stop)
        assert worker.wait(20, below=60) == 0, worker.output
        assert group.trace("done")[1] == 1


def test_state_that_cannot_be_written(tmp_path: Path, redis_server: Redis) -> None:
    """Without a writable STATE_DIR tasks run, and one line says why the probe will fail."""
    broker = redis_server.url(3)
    with workers(tmp_path, broker) as group:
        worker = group.start("-c", "1", ready=False, STATE_DIR="/proc/nowhere")
        send(broker, [(1, 0)])
        wait_until(lambda: group.trace("done"), 30, "the task")
        assert worker.output.count("The heartbeat cannot be written") == 1


def test_poison_task_ends(tmp_path: Path, redis_server: Redis) -> None:
    """A task that kills its process is tried max_retries times, or once before Celery 5.7."""
    tries = 4 if hasattr(Task, "retry_on_worker_lost") else 1
    broker = redis_server.url(12)
    with workers(tmp_path, broker, **LATE) as group:
        worker = group.start("-c", "1")
        send(broker, [()], name="project.tasks.die")
        send(broker, [(1, 0)])
        wait_until(lambda: group.trace("done"), 60, "the task after the poison")
        kills = "exited with 'signal 9 (SIGKILL)'"
        wait_until(lambda: worker.output.count(kills) >= tries, 60, "the first try and three more")
        for number in (2, 3):  # between the two a poison that comes again has its turn
            send(broker, [(number, 0)])
            wait_until(lambda number=number: group.trace("done")[number], 30, "a task long after the poison")  # type: ignore[misc]
        assert worker.output.count(kills) == tries, worker.output


def test_database_connection_is_kept_and_renewed(tmp_path: Path, redis_server: Redis) -> None:
    """Tasks share a connection; the first task after a restart of the database has another that works."""
    broker = redis_server.url(14)

    def ask(number: int) -> None:
        send(broker, [(number,)], name="project.tasks.ask")
        wait_until(lambda: group.trace("done")[number], 20, f"task {number}")

    with postgres() as server, workers(tmp_path, broker, DATABASE_URL=server.create("shop")) as group:
        worker = group.start("-c", "1")
        ask(1)
        ask(2)
        assert len(group.trace("session")) == 1
        server.stop()
        send(broker, [(3,)], name="project.tasks.ask")
        wait_until(lambda: "OperationalError" in worker.output, 20, "a task without a database")
        server.start()
        ask(4)
        assert len(group.trace("session")) == 2


def test_countdown_beyond_the_visibility_timeout(tmp_path: Path, redis_server: Redis) -> None:
    """Redis hands such a task out again and again: that is said, once for each task, and a shorter one is fine.

    A worker that holds as many as it may says so as well.
    """
    broker = redis_server.url(10)
    options = {"CELERY_VISIBILITY_TIMEOUT_SECONDS": "60", "TEST_ETA_TASK_LIMIT": "3"}
    with workers(tmp_path, broker, **options) as group:
        worker = group.start("-c", "1")
        send(broker, [(1, 0.0)], countdown=50)
        send(broker, [(2, 0.0), (3, 0.0)], countdown=90)
        wait_until(lambda: worker.output.count("received") == 3, 20, "all three")
        assert worker.output.count("it will run more than once") == 1
        assert "project.tasks.work is due in 90 s" in worker.output or "is due in 89 s" in worker.output
        if "eta_task_limit" in NAMESPACES["worker"]:
            assert worker.output.count("holds 3 tasks that are due later") == 1


def test_held_tasks_fit_into_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that are due later may use a tenth of the memory limit, unless the project sets a number."""
    if "eta_task_limit" not in NAMESPACES["worker"]:
        pytest.skip("Celery limits them from 5.6 on")
    monkeypatch.setattr(worker_parts, "memory_limit", lambda: 256 << 20)

    def limit(**project: int) -> object:
        app = celery.Celery(set_as_current=False)
        app.conf.update(project)
        worker_parts._fit_memory(SimpleNamespace(app=app, pool_cls="threads"))
        return app.conf.worker_eta_task_limit

    assert limit() == 1638
    assert limit(worker_eta_task_limit=7) == 7


def test_queues(tmp_path: Path, redis_server: Redis) -> None:
    """WORKER_QUEUES names what is consumed."""
    with workers(tmp_path, redis_server.url(13), WORKER_QUEUES="mail,reports") as group:
        group.start("-c", "1")
        for number, queue in enumerate(("celery", "mail", "reports")):
            send(redis_server.url(13), [(number, 0.0)], queue=queue)
        wait_until(lambda: set(group.trace("done")) == {1, 2}, 20, "the tasks of the two queues")
        assert redis.Redis(port=redis_server.port, db=13).llen("celery") == 1
