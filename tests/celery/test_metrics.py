"""Counting tasks."""

from __future__ import annotations

import pytest
from celery.signals import task_postrun, task_prerun

from django_k8s.celery import metrics
from django_k8s.environment import startup
from django_k8s.observability import metrics_file


def test_a_metric_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery is told nothing, or it would log a traceback for each task; the failure is reported as any other."""
    from django_k8s.observability import metrics as counted

    reported: list[str] = []
    monkeypatch.setenv("METRICS", "true")
    startup.reset()
    monkeypatch.setattr(metrics_file, "report", lambda error: reported.append(type(error).__name__))
    for name in ("tasks", "tasks_running"):
        monkeypatch.setattr(counted, name, None)
    try:
        metrics.connect()
        for signal in (task_prerun, task_postrun):
            results = signal.send(sender="tests", task_id="1", task=None, state="SUCCESS")
            assert [result for receiver, result in results if receiver.__module__ == metrics.__name__] == [
                None
            ]
    finally:
        for signal in (task_prerun, task_postrun):
            signal.disconnect(dispatch_uid="django_k8s.metrics")
        monkeypatch.undo()
        startup.reset()

    assert reported == ["AttributeError", "AttributeError"]
