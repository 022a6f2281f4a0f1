"""New Relic and OpenTelemetry hear from web, worker and beat when they are configured, and only then."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import newrelic, otel
from support.need import need, program
from support.process import Process, answers, get, run, wait_until
from support.roles import ENTRYPOINT, lines, role, role_environment

ROLES = ("web", "worker", "beat")


@contextlib.contextmanager
def all_roles(folder: Path, **variables: str) -> Iterator[dict[str, Process]]:
    """Web, worker and beat of one environment, at work; stopped at the end."""
    with role(folder, "migrate") as migrate:
        assert migrate.wait(60) == 0, migrate.output
    with contextlib.ExitStack() as stack:
        roles = {
            name: stack.enter_context(
                role(folder, name, *(["-c", "1"] if name == "worker" else []), **variables)
            )
            for name in ROLES
        }
        for process in roles.values():
            wait_until(
                lambda process=process: answers(process.probe_port, "/readyz") or not process.running(),  # type: ignore[misc]
                60,
                "a role that is ready",
            )
            assert process.running(), process.output
        yield roles
        for process in roles.values():
            assert process.stop(30) == 0, process.output


def test_new_relic(tmp_path: Path) -> None:
    """Each role reports its transactions with release and environment, and no probe."""
    need(
        "New Relic's agent",
        program("newrelic-admin", str(Path(sys.executable).parent)),
        "pip install newrelic",
    )
    with newrelic.collector(tmp_path / "collector") as collector:
        with all_roles(
            tmp_path, TEST_BEAT_SECONDS="1", WEB_ACCESS_LOG="true", **collector.variables()
        ) as roles:
            web = roles["web"]

            def reported() -> bool:
                # The agent drops what comes before it has connected.
                for path in ("/where", "/livez", "/readyz", "/send/7"):
                    get(web.port, path)  # type: ignore[attr-defined]
                found = set(collector.transactions())
                return {
                    "WebTransaction/Function/project.views:where",
                    "OtherTransaction/Celery/project.tasks.work",
                    "OtherTransaction/Beat/project.tasks.tick",
                } <= found

            wait_until(reported, 60, f"transactions of all roles: {collector.received}", every=1)
        names = collector.transactions()
        connections = collector.connections()
        # The agent keeps to the lines of JSON too, and each names its trace.
        written = {
            name: [line for line in lines(process.output) if "trace_id" in line]
            for name, process in roles.items()
        }
    for name, logger in (("web", "gunicorn.access"), ("worker", "shop")):
        found = next(line for line in written[name] if line["logger"] == logger)
        assert (found["trace_id"], found["span_id"]) == (found["trace.id"], found["span.id"])

    of_requests = {name for name in names if name.startswith("WebTransaction/")}
    assert of_requests == {f"WebTransaction/Function/project.views:{view}" for view in ("where", "send")}
    assert {app for connection in connections for app in connection["app_name"]} == {
        f"Django ({name})" for name in ROLES
    }
    for connection in connections:
        assert connection["metadata"]["NEW_RELIC_METADATA_RELEASE_TAG"] == "r1"
        labels = {label["label_type"]: label["label_value"] for label in connection["labels"]}
        assert labels["Environment"] == "tests"
        assert labels["Release"] == "r1"


def test_opentelemetry(tmp_path: Path) -> None:
    """One trace leads from the request at the edge to the task; beat's and its tasks' are seen too."""
    need(
        "OpenTelemetry",
        program("opentelemetry-instrument", str(Path(sys.executable).parent)),
        "pip install django-k8s-toolkit[opentelemetry]",
    )
    edge = "4bf92f3577b34da6a3ce929d0e0e4736"
    with otel.collector(tmp_path) as collector:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "500",
            "WEB_ACCESS_LOG": "true",
        }
        with all_roles(tmp_path, TEST_BEAT_SECONDS="1", **variables) as roles:
            web = roles["web"]
            get(web.port, "/send/7", headers={"traceparent": f"00-{edge}-00f067aa0ba902b7-01"})  # type: ignore[attr-defined]
            get(web.port, "/livez")  # type: ignore[attr-defined]
            get(web.port, "/readyz")  # type: ignore[attr-defined]

            def traced() -> bool:
                services = {span.service for span in collector.spans() if span.trace == edge}
                return services >= {"django-web", "django-worker"}

            wait_until(traced, 30, "the trace from the edge to the task")
            wait_until(lambda: any(s.service == "django-beat" for s in collector.spans()), 20, "beat's spans")
        spans = collector.spans()
        for process in roles.values():
            lines(process.output)
        check = run(
            ["/bin/sh", ENTRYPOINT, "check"],
            role_environment(
                tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, OTEL_TRACES_EXPORTER="none"
            ),
            tmp_path,
        )
    assert "django_k8s.E" not in check.stderr  # OpenTelemetry puts its middleware in front of ours

    mine = {span.id: span for span in spans if span.trace == edge}
    run_span = next(
        span for span in mine.values() if span.service == "django-worker" and span.name.startswith("run/")
    )
    sent = mine[run_span.parent]
    asked = mine[sent.parent]
    assert (sent.service, sent.name) == ("django-web", "apply_async/project.tasks.work")
    assert asked.service == "django-web"
    assert asked.parent == "00f067aa0ba902b7"
    written = {
        (line["logger"], line["span_id"])
        for name in ("web", "worker")
        for line in lines(roles[name].output)
        if line.get("trace_id") == edge
    }
    assert ("gunicorn.access", asked.id) in written
    assert ("celery.app.trace", run_span.id) in written
    assert {span.release for span in spans} == {"r1"}
    assert not [span for span in spans if "livez" in str(span) or "readyz" in str(span)]


@pytest.mark.parametrize("name", ROLES)
def test_no_agent_without_configuration(tmp_path: Path, name: str) -> None:
    """Neither agent is loaded: no file of theirs is open or mapped in any process of the role."""
    with role(tmp_path, name) as process:
        wait_until(lambda: answers(process.probe_port, "/readyz"), 60, "the role")  # type: ignore[attr-defined]
        mapped = Path(f"/proc/{process.pid}/maps").read_text()
        assert "newrelic" not in mapped
        assert "opentelemetry" not in mapped


def test_opentelemetry_is_missing(tmp_path: Path) -> None:
    """Configured, but not installed: a sentence, and status 78."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "dirname", "rm"):
        (folder / name).symlink_to(shutil.which(name) or "")
    # Not a link: by its own path Python finds the environment that it belongs to.
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / "python").chmod(0o755)
    with role(tmp_path, "web", PATH=str(folder), OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1") as web:
        assert web.wait(20) == 78
        assert "django-k8s-toolkit[opentelemetry]" in web.output
