"""What gunicorn is configured with, from the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.process import environment, run
from support.web import production

from django_k8s.environment.env import Env
from django_k8s.gunicorn import limits, options, process_count


def problems(env: Env) -> list[str]:
    return [str(problem) for problem in env.problems]


@pytest.mark.parametrize(
    ("limit", "cpus", "variables", "expected"),
    [
        pytest.param(None, 64, {}, (1, 8, "no CPU limit"), id="no limit"),
        pytest.param(0.25, 64, {}, (1, 8, "CPU limit 0.25"), id="a quarter"),
        pytest.param(1.0, 64, {}, (1, 8, "CPU limit 1"), id="one"),
        pytest.param(1.5, 64, {}, (2, 8, "CPU limit 1.5"), id="one and a half"),
        pytest.param(4.0, 2, {}, (2, 8, "CPU limit 4, but 2 CPUs"), id="more than there are"),
        pytest.param(
            4.0, 64, {"WEB_CONCURRENCY": "3", "WEB_THREADS": "2"}, (3, 2, "WEB_CONCURRENCY"), id="variables"
        ),
        pytest.param(4.0, 64, {"WEB_CONCURRENCY": "0"}, (4, 8, "CPU limit 4"), id="variable of 0"),
        pytest.param(2.0, 64, {"WEB_INTERFACE": "asgi"}, (2, 0, "CPU limit 2"), id="asgi"),
    ],
)
def test_concurrency(
    monkeypatch: pytest.MonkeyPatch,
    limit: float | None,
    cpus: int,
    variables: dict[str, str],
    expected: tuple[int, int, str],
) -> None:
    """One process up to one CPU, then one for each; the variables override, and the reason is told."""
    monkeypatch.setattr(process_count, "cpu_limit", lambda: limit)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cpus)))
    found = process_count.concurrency(Env(environ=variables))
    assert (found.processes, found.threads, found.reason) == expected


def test_concurrency_fits_into_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer processes if the limit holds no more, with the reason; what somebody asks for stays."""
    monkeypatch.setattr(process_count, "memory_limit", lambda: 256 << 20)
    four = process_count.Concurrency(4, 8, "CPU limit 4")

    assert str(process_count.fitted(four, 100 << 20)) == (
        "processes: 2 (CPU limit 4, but memory limit 256 MiB), threads in each: 8"
    )
    assert process_count.fitted(four, 20 << 20) == four
    asked = process_count.Concurrency(4, 8, "WEB_CONCURRENCY")
    assert process_count.fitted(asked, 100 << 20) == asked
    monkeypatch.setattr(process_count, "memory_limit", lambda: None)
    assert process_count.fitted(four, 100 << 20) == four


def test_concurrency_in_words() -> None:
    """The line at start tells threads from event loops."""
    assert (
        str(process_count.Concurrency(2, 8, "CPU limit 2"))
        == "processes: 2 (CPU limit 2), threads in each: 8"
    )
    assert str(process_count.Concurrency(1, 0, "x")) == "processes: 1 (x), an event loop in each"


def test_address_by_the_family_of_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPv4 unless the cluster's own service has an IPv6 address."""
    env = Env(environ={"PORT": "8080"})
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert options.bind_address(env) == "0.0.0.0:8080"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    assert options.bind_address(env) == "0.0.0.0:8080"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00:10:96::1")
    assert options.bind_address(env) == "[::]:8080"


@pytest.mark.parametrize(
    ("variables", "good"),
    [
        ({}, True),
        ({"WEB_INTERFACE": "asgi"}, True),
        ({"WEB_MAX_BODY_MB": "800"}, True),
        ({"WEB_MAX_BODY_MB": "801"}, False),
        ({"WEB_MAX_BODY_MB": "401", "WEB_INTERFACE": "asgi"}, False),
        ({"WEB_MAX_BODY_MB": "801", "WEB_UPLOADS_MB": "0"}, True),
        ({"WEB_MAX_BODY_MB": "0", "WEB_UPLOADS_MB": "1"}, True),
    ],
)
def test_largest_body_has_room(variables: dict[str, str], good: bool) -> None:
    """A body that could never be received is a mistake of the configuration."""
    env = Env(environ=variables)
    limits.check(env)
    assert [problem.partition(":")[0] for problem in problems(env)] == ([] if good else ["WEB_MAX_BODY_MB"])


def test_graceful_time_out_comes_from_the_grace_period() -> None:
    """Grace period less drain, last scrape and exit; one that leaves nothing is a problem."""
    assert options.graceful_seconds(Env(environ={})) == 30
    assert options.graceful_seconds(Env(environ={"WEB_GRACE_SECONDS": "60", "DRAIN_SECONDS": "15"})) == 40
    scraped = Env(environ={"METRICS": "true", "METRICS_LINGER_SECONDS": "12"})
    assert options.graceful_seconds(scraped) == 18
    env = Env(environ={"WEB_GRACE_SECONDS": "20", "DRAIN_SECONDS": "15"})
    assert options.graceful_seconds(env) == 1
    assert any("WEB_GRACE_SECONDS: is too short" in problem for problem in problems(env))


def test_trusted_proxies() -> None:
    """Networks as gunicorn reads them; what is none is a problem, and its value is not shown."""
    assert options.trusted_proxies(Env(environ={})) == ""
    env = Env(environ={"TRUSTED_PROXIES": "10.1.2.3/8, 192.168.0.1, fd00::/8"})
    assert options.trusted_proxies(env) == "10.0.0.0/8,192.168.0.1/32,fd00::/8"
    assert options.trusted_proxies(Env(environ={"TRUSTED_PROXIES": "*"})) == "*"
    wrong = Env(environ={"TRUSTED_PROXIES": "10.0.0.0/8,ingress"})
    assert options.trusted_proxies(wrong) == "10.0.0.0/8"
    assert any("TRUSTED_PROXIES" in problem and "ingress" not in problem for problem in problems(wrong))


@pytest.mark.parametrize(
    ("files", "settings", "variables", "expected"),
    [
        pytest.param(["site1/wsgi.py"], "site1.settings", {}, "site1.wsgi:application", id="beside"),
        pytest.param(
            ["site1/wsgi.py", "site1/settings/x.py"],
            "site1.settings.x",
            {},
            "site1.wsgi:application",
            id="above a package",
        ),
        pytest.param(
            ["site1/settings/wsgi.py"],
            "site1.settings.x",
            {},
            "site1.settings.wsgi:application",
            id="in a package",
        ),
        pytest.param(
            ["site1/asgi.py"],
            "site1.settings",
            {"WEB_INTERFACE": "asgi"},
            "site1.asgi:application",
            id="asgi",
        ),
        pytest.param([], "site1.settings", {}, "site1.wsgi:application", id="no module"),
        pytest.param([], "settings", {}, "wsgi:application", id="no package"),
        pytest.param([], "", {}, None, id="no settings"),
        pytest.param([], "site1.settings", {"WEB_APPLICATION": "a.b:app"}, "a.b:app", id="variable"),
    ],
)
def test_application(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: list[str],
    settings: str,
    variables: dict[str, str],
    expected: str | None,
) -> None:
    """The module beside the settings, or above a package of them; nothing of the project is imported."""
    for name in ("site1/__init__.py", *files):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise SystemExit(1)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", settings)
    assert options.application(Env(environ=variables)) == expected


def test_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/shm where it can be written, gunicorn's own choice elsewhere."""
    assert options.temporary_directory() == "/dev/shm"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert options.temporary_directory() is None


def configuration(tmp_path: Path, *args: str, **extra: str) -> dict[str, str]:
    """What gunicorn itself says it is configured with."""
    command = [
        sys.executable, "-m", "gunicorn", "-c", "python:django_k8s.gunicorn.configuration", "--print-config",
        *args,
    ]  # fmt: skip
    done = run(command, production(**extra), tmp_path, 60)
    assert done.returncode == 0, done.stderr
    pairs = (line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def test_gunicorn_understands_it(tmp_path: Path) -> None:
    """The values that hold by default, as gunicorn reads them."""
    found = configuration(tmp_path, DATABASE_URL="sqlite:///x.sqlite3", PORT="8100")
    expected = {
        "bind": "['0.0.0.0:8100']",
        "wsgi_app": "project.wsgi:application",
        "threads": "8",
        "keepalive": "75",
        "timeout": "60",
        "graceful_timeout": "30",
        "max_requests": "0",
        "reuse_port": "False",
        "preload_app": "True",
        "control_socket_disable": "True",
        "worker_tmp_dir": "/dev/shm",
        "forwarded_allow_ips": "[]",
        "accesslog": "None",
        "errorlog": "-",
    }
    assert {key: found.get(key) for key in expected} == expected


def test_variables_and_options_override(tmp_path: Path) -> None:
    """Variables reach gunicorn, and an option on the command line wins over them."""
    found = configuration(
        tmp_path, "--threads", "3",
        DATABASE_URL="sqlite:///x.sqlite3", WEB_THREADS="5", WEB_CONCURRENCY="4", WEB_MAX_REQUESTS="2000",
        WEB_KEEPALIVE_SECONDS="100", WEB_TIMEOUT_SECONDS="90", TRUSTED_PROXIES="10.0.0.0/8", WEB_ACCESS_LOG="1",
        LOG_LEVEL="WARNING",
    )  # fmt: skip
    expected = {
        "threads": "3", "workers": "4", "max_requests": "2000", "max_requests_jitter": "200", "keepalive": "100",
        "timeout": "90", "forwarded_allow_ips": "['10.0.0.0/8']", "accesslog": "-", "loglevel": "warning",
    }  # fmt: skip
    assert {key: found.get(key) for key in expected} == expected


def test_nothing_names_the_application(tmp_path: Path) -> None:
    """Without settings and without an application gunicorn says so and ends."""
    command = [sys.executable, "-m", "gunicorn", "-c", "python:django_k8s.gunicorn.configuration"]
    done = run(command, environment(), tmp_path, 60)
    assert done.returncode == 1
    assert "No application module specified" in done.stderr
    assert "Traceback" not in done.stderr
