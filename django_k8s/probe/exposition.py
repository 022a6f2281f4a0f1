"""Answer /metrics and /queues on the probe port.

The processes of a role keep their counts in files of prometheus_client. This adds them up, including those of ended
processes, and adds values from the heartbeats and from beat's sample of the queues.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from django_k8s.environment.state_directory import METRICS
from django_k8s.probe import heartbeat, last_scrape, queue_sample
from django_k8s.probe.listener import Response

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.core import GaugeMetricFamily


_PIECES = 5  # pieces of merging at a time, between probes


class Exposition:
    """Answer /metrics for the role whose state is in ``directory``. ``labels`` are the labels of django_info."""

    def __init__(self, directory: Path, labels: dict[str, str]) -> None:
        from prometheus_client import CollectorRegistry

        from django_k8s.probe.dead_processes import DeadProcesses

        self._state, self._labels = directory, labels
        self._processes = DeadProcesses(directory / METRICS)
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def __call__(self, query: str = "") -> Iterator[Response | None]:
        """Yield None after each piece of merging, and then all metrics in the text format of Prometheus."""
        from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

        began = time.monotonic()
        if self._labels["role"] == "beat":
            queue_sample.ask()
        yield from self._processes.merge()
        text = generate_latest(self._registry).decode()
        last_scrape.record(self._state, began)
        yield Response(200, text, CONTENT_TYPE_PLAIN_0_0_4)

    def merge_some(self) -> None:
        """Merge some files of ended processes, so that they do not accumulate if nothing scrapes the metrics."""
        for _ in zip(range(_PIECES), self._processes.merge(), strict=False):
            pass

    def describe(self) -> Iterator[Any]:
        """Return no metrics in advance."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the processes, and those that are not in files."""
        from prometheus_client.core import GaugeMetricFamily

        yield from _read(self._processes.files())
        info = GaugeMetricFamily(
            "django_info", "Always 1. The labels say what runs.", labels=list(self._labels)
        )
        info.add_metric(list(self._labels.values()), 1)
        yield info
        for name, (text, value) in self._values().items():
            yield GaugeMetricFamily(name, text, value=value)
        if self._labels["role"] == "beat":
            yield from _queues(queue_sample.read() or {})

    def _values(self) -> dict[str, tuple[str, float]]:
        beats, now = list(heartbeat.read(self._state)), time.monotonic()
        values: dict[str, tuple[str, float]] = {}
        if beats:
            values["django_heartbeat_age_seconds"] = (
                "Age of the oldest heartbeat.",
                max(now - b["at"] for b in beats),
            )
            values["django_consuming"] = (
                "1: every loop of the role does its work; 0: one looks for its broker, or cannot publish.",
                int(all(b["state"] == "ok" for b in beats)),
            )
        if pools := [b for b in beats if "threads" in b]:
            values["django_web_threads"] = ("Threads for requests.", sum(b["threads"] for b in pools))
            values["django_web_threads_busy"] = ("Threads that are taken.", sum(b["busy"] for b in pools))
        for key, text in (
            ("pool_size", "Connections in psycopg's pool."),
            ("pool_available", "Connections that nobody uses."),
            ("requests_waiting", "Threads that wait for a connection."),
        ):
            if stats := [b["pool"][key] for b in beats if key in b.get("pool", {})]:
                values[f"django_database_{key}"] = (text, sum(stats))
        if dues := [b["due"] for b in beats if b.get("due")]:
            values["django_beat_late_seconds"] = (
                "How long a due time has passed without being published, or nothing could be published.",
                max(0.0, time.time() - min(dues)),
            )
        elif self._labels["role"] == "beat" and beats:
            values["django_beat_late_seconds"] = ("Another beat publishes.", 0.0)
        if failing := [b["failing"] for b in beats if "failing" in b]:
            values["django_beat_failing_entries"] = (
                "Entries of the schedule that cannot be scheduled or published.",
                sum(failing),
            )
        return values


def _read(paths: list[Path]) -> Iterable[Metric]:
    from prometheus_client.multiprocess import MultiProcessCollector

    def merge(paths: list[Path]) -> Iterable[Metric]:
        metrics: Iterable[Metric] = MultiProcessCollector.merge([str(path) for path in paths])
        return metrics

    def readable(path: Path) -> bool:
        try:
            merge([path])
        except Exception:
            return False
        return True

    try:
        return merge(paths)
    except Exception:  # a file is not from prometheus_client, or was just removed
        return merge([path for path in paths if readable(path)])


def _queues(sample: dict[str, queue_sample.Queue]) -> Iterator[GaugeMetricFamily]:
    from prometheus_client.core import GaugeMetricFamily

    messages = GaugeMetricFamily(
        "django_queue_messages", "Tasks that wait, or are held and run.", labels=["queue", "state"]
    )
    oldest = GaugeMetricFamily("django_queue_oldest_seconds", "Longest wait in the queue.", labels=["queue"])
    for name, queue in sample.items():
        messages.add_metric([name, "ready"], queue.ready)
        messages.add_metric([name, "unacknowledged"], queue.unacknowledged)
        if queue.oldest_seconds is not None:
            oldest.add_metric([name], queue.oldest_seconds)
    if sample:
        yield from (messages, oldest)


def queue_lengths(query: str = "") -> Response:
    """Return beat's sample as JSON, for all queues or those in ``names=a,b``.

    Return 503 if the sample is stale, so that a scaler changes nothing.
    """
    queue_sample.ask()
    sample = queue_sample.read()
    if sample is None:
        return Response(503, "no fresh sample\n")
    wanted = [name for text in parse_qs(query).get("names", []) for name in text.split(",")]
    missing = [name for name in wanted if name not in sample]
    if missing:
        return Response(404, f"not sampled: {', '.join(missing)}; name them in QUEUES\n")
    chosen = {name: queue for name, queue in sample.items() if name in wanted or not wanted}
    body = {
        "total": sum(queue.total for queue in chosen.values()),
        "queues": {name: {**queue._asdict(), "total": queue.total} for name, queue in chosen.items()},
    }
    return Response(200, json.dumps(body) + "\n", "application/json")
