"""The configuration of the web role: ``gunicorn -c python:django_k8s.gunicorn.configuration``.

Everything comes from the environment, and options on the command line override it. A malformed variable gets its
default here. It is reported before anything listens, either by the project's settings together with all other
mistakes, or by :func:`on_starting`.
"""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
from typing import Any

from django_k8s.environment import problems, startup
from django_k8s.gunicorn import body_room, limits, options, process_count, rest
from django_k8s.probe.heartbeat import Heartbeat
from django_k8s.probe.last_scrape import await_last_scrape

_env = startup.env()
_concurrency = process_count.concurrency(_env)
_asgi = _env.str("WEB_INTERFACE") == "asgi"

bind = options.bind_address(_env)
wsgi_app = options.application(_env)
worker_class = f"django_k8s.gunicorn.{'asgi_worker.AsgiWorker' if _asgi else 'thread_worker.ThreadWorker'}"
workers = _concurrency.processes
threads = _concurrency.threads or 1

keepalive = _env.int("WEB_KEEPALIVE_SECONDS")
timeout = _env.int("WEB_TIMEOUT_SECONDS")
graceful_timeout = options.graceful_seconds(_env)
limits.check(_env)
max_requests = _env.int("WEB_MAX_REQUESTS")
max_requests_jitter = max_requests // 10
# With max_requests, the backlog of each process would be lost with the process.
reuse_port = False

forwarded_allow_ips = options.trusted_proxies(_env)
# By default, a trusted proxy may set SCRIPT_NAME and PATH_INFO, but it also forwards those of any client.
forwarder_headers = ""

logger_class = "django_k8s.gunicorn.logs.Logger"
loglevel = _env.str("LOG_LEVEL").lower()
errorlog = "-"
accesslog = "-" if _env.bool("WEB_ACCESS_LOG") else None

worker_tmp_dir = options.temporary_directory()
# It needs a writable home, and its thread in a master that forks.
control_socket_disable = True

# The application is loaded once, before the first fork, so processes share its memory.
preload_app = True
gc.disable()  # in the master, because a garbage collection would write to, and so copy, shared memory


def on_starting(server: Any) -> None:
    """Run in the master, after the application is loaded and before anything listens."""
    from django.urls import get_resolver

    from django_k8s import startup_gate

    problems.stop_if(_env.problems)
    startup_gate.enforce("web")  # without the entrypoint, there is no ROLE
    # Otherwise the first request of each process would import it. An error in it ends the start.
    _ = get_resolver().url_patterns
    _load_templates()
    server.log.info("web: %s; %s", "asgi" if _asgi else "wsgi", _fit(server))


def _load_templates() -> None:
    """Load tags, filters and loaders of Django's template engine, so that the first page of each process does not have to."""
    from django.template import engines

    # A project may have no templates. If there is a mistake, the first page reports it.
    with contextlib.suppress(Exception):
        for backend in engines.all():
            engine = getattr(backend, "engine", None)
            _ = engine and (engine.template_loaders, engine.template_context_processors)


def _fit(server: Any) -> process_count.Concurrency:
    """Start no more processes than fit into the memory limit, unless an option on the command line sets the number."""
    global workers
    fitted = process_count.fitted(_concurrency)
    if server.num_workers == _concurrency.processes:
        server.num_workers = workers = fitted.processes
    return fitted


def when_ready(server: Any) -> None:
    """Run in the master, before the first fork."""
    from django_k8s.gunicorn.database_connections import close_connections

    rest.let_master_rest(server)
    close_connections()
    gc.collect()
    gc.freeze()


def pre_fork(server: Any, worker: Any) -> None:
    """Run in the master before each fork."""
    body_room.settle(worker.age)


def post_fork(server: Any, worker: Any) -> None:
    """Run in each new process."""
    from django_k8s.gunicorn.database_connections import close_connections

    _stop_before_signals(server)
    gc.enable()
    close_connections()


def _stop_before_signals(server: Any) -> None:
    """End this process if it was told to stop before it listens to signals itself.

    Until then it has the master's handlers, which only queue signals. A SIGTERM at this moment would be lost,
    and the role would stop only at the graceful timeout.
    """
    stops = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
    for number in stops:
        signal.signal(number, signal.SIG_DFL)
    while not server.SIG_QUEUE.empty():
        if server.SIG_QUEUE.get() in stops:
            sys.exit(0)


def worker_exit(server: Any, worker: Any) -> None:
    """Run in a process that ends, after its last request."""
    from django_k8s.gunicorn.database_connections import close_connections

    close_connections()


def on_exit(server: Any) -> None:
    """Run in the master after all processes have ended."""
    await_last_scrape("web")


def child_exit(server: Any, worker: Any) -> None:
    """Run in the master after a process has ended for any reason."""
    Heartbeat("web", str(worker.pid)).remove()
    body_room.leave(worker.age)
