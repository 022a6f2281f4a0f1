"""Names of gunicorn's ASGI worker, master and logger, which have no documented hooks for what a pod needs."""

from __future__ import annotations

from functools import partial

from django_k8s.upstream.name import Name

_PROTOCOL = "gunicorn.asgi.protocol:ASGIProtocol"
_ASGI = "gunicorn.workers.gasgi:ASGIWorker"
_THREADS = "gunicorn.workers.gthread:ThreadWorker"
_WORKER = "gunicorn.workers.base:Worker"
_MASTER = "gunicorn.arbiter:Arbiter"
_LOGGER = "gunicorn.glogging:Logger"

_asgi = partial(Name, used_by="gunicorn.asgi_worker")
_rest = partial(Name, used_by="gunicorn.rest")
_logs = partial(Name, used_by="gunicorn.logs")

NAMES = (
    # The asgi worker
    _asgi(
        "gunicorn.workers.gasgi:ASGIProtocol",
        why="the worker makes its connections from this global alone, so our class replaces it",
        breaks="a stop loses requests on kept connections and waits for idle ones",
        read_by=f"{_ASGI}._serve",
    ),
    _asgi(
        _PROTOCOL,
        why="the base class of our connections",
        breaks="no connection is served",
        call="worker",
    ),
    _asgi(
        f"{_PROTOCOL}.worker",
        why="HTTP/1 connections see a worker that does not stop, HTTP/2 connections the real one",
        breaks="a stop loses requests on kept connections, or HTTP/2 connections hold it up",
        read_by=f"{_PROTOCOL}._handle_http2_connection",
    ),
    _asgi(
        f"{_PROTOCOL}._will_close",
        why="answers of a stopping worker announce that the connection closes",
        breaks="a stop loses requests on kept connections",
        call="request, response_requires_close",
        read_by=f"{_PROTOCOL}._handle_http_request",
    ),
    _asgi(
        f"{_PROTOCOL}._handle_http2_connection",
        why="HTTP/2 drains by the worker's own state",
        breaks="streams are accepted after SIGTERM, and the connection does not end",
        call="transport, ssl_object",
        read_by=f"{_PROTOCOL}.connection_made",
    ),
    _asgi(
        f"{_PROTOCOL}._awaiting_request",
        why="tells an idle connection from one that is served",
        breaks="a stop waits for idle connections",
        read_by=f"{_PROTOCOL}._handle_connection",
    ),
    _asgi(
        f"{_PROTOCOL}._finishing_calls",
        why="tells an idle connection from one whose application still works",
        breaks="a stop waits for idle connections",
        read_by=f"{_PROTOCOL}._handle_connection",
    ),
    _asgi(
        f"{_PROTOCOL}._keepalive_timeout",
        why="closes an idle connection as gunicorn does itself",
        breaks="a stop waits for idle connections",
        call="",
    ),
    _asgi(
        f"{_ASGI}._serve",
        why="the heartbeat begins and ends with the server",
        breaks="no heartbeat while requests finish, so that a long drain fails liveness",
        call="",
        read_by=f"{_ASGI}.run",
    ),
    _asgi(
        f"{_ASGI}._shutdown",
        why="idle connections are closed while the others finish",
        breaks="a stop waits for idle connections",
        call="",
        read_by=f"{_ASGI}._serve",
    ),
    _asgi(
        f"{_WORKER}.alive",
        why="says whether the worker stops, and stops it",
        breaks="recycling and drain do not begin",
        read_by=f"{_ASGI}._serve",
    ),
    _asgi(
        f"{_WORKER}.nr",
        why="counts requests for recycling",
        breaks="no process is recycled",
        read_by=f"{_PROTOCOL}._handle_connection",
    ),
    _asgi(
        f"{_WORKER}.max_requests",
        why="connections must not recycle the process, which would cut others off",
        breaks="recycling loses requests",
        read_by=f"{_PROTOCOL}._handle_connection",
    ),
    _asgi(
        f"{_WORKER}.log",
        why="says that the process is replaced",
        breaks="recycling fails",
    ),
    # Both workers
    Name(
        f"{_WORKER}.notify",
        used_by="gunicorn.heartbeat",
        why="the asgi worker calls it in each round of its loop",
        breaks="no heartbeat, so that liveness restarts the pod",
        call="",
        read_by=f"{_ASGI}._serve",
    ),
    Name(
        f"{_THREADS}.notify",
        used_by="gunicorn.heartbeat",
        why="the threaded worker calls it in each round of its loop",
        breaks="no heartbeat, so that liveness restarts the pod",
        call="",
        read_by=f"{_THREADS}.run",
    ),
    # The master
    Name(
        f"{_MASTER}.SIG_QUEUE",
        used_by="gunicorn.configuration",
        why="a new process inherits the signals that the master has not handled yet",
        breaks="a stop that comes during a fork is lost",
        read_by=f"{_MASTER}.signal",
    ),
    _rest(
        f"{_MASTER}.wait_for_signals",
        why="the master looks less often for processes that hang",
        breaks="the master of an idle web wakes every second",
        call="timeout=",
        read_by=f"{_MASTER}.run",
    ),
    _rest(
        f"{_MASTER}.WORKERS",
        why="finds the processes that the master has told to end",
        breaks="the master fails",
        read_by=f"{_MASTER}.murder_workers",
    ),
    _rest(
        f"{_WORKER}.aborted",
        why="a process that hangs is killed a second after it was told to end",
        breaks="the master fails",
        read_by=f"{_MASTER}.murder_workers",
    ),
    # Logs
    _logs(f"{_LOGGER}.setup", why="replaces the handlers", breaks="lines are not JSON", call="cfg"),
    _logs(
        f"{_LOGGER}.access",
        why="writes the access log",
        breaks="the access log has queries and probes, and is not JSON",
        call="resp, req, environ, request_time",
        read_by="gunicorn.workers.gthread:ThreadWorker.handle_request",
    ),
    _logs(
        f"{_LOGGER}.access_log_enabled",
        why="WEB_ACCESS_LOG",
        breaks="the access log is missing",
        kind="builtins:property",
    ),
    *(
        _logs(f"{_LOGGER}.{name}", why="has the handlers", breaks="lines are not JSON")
        for name in ("error_log", "access_log")
    ),
    _logs(
        "*:_gunicorn",
        why="marks the handlers that gunicorn replaces when it reloads",
        breaks="a reload doubles the lines",
        read_by=f"{_LOGGER}._get_gunicorn_handler",
    ),
    *(
        _logs(f"{answer}.{name}", why="a field of the access log", breaks="the access log fails")
        for answer in ("gunicorn.http.wsgi:Response", "gunicorn.asgi.protocol:ASGIResponseInfo")
        for name in ("status", "headers", "sent")
    ),
)
