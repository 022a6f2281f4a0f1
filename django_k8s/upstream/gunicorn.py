"""gunicorn: its worker classes and its logger have no documented hooks for what a pod needs."""

from __future__ import annotations

from functools import partial

from django_k8s.upstream.name import Name

_PROTOCOL = "gunicorn.asgi.protocol:ASGIProtocol"
_ASGI = "gunicorn.workers.gasgi:ASGIWorker"
_THREADS = "gunicorn.workers.gthread:ThreadWorker"
_WORKER = "gunicorn.workers.base:Worker"
_LOGGER = "gunicorn.glogging:Logger"

_asgi = partial(Name, used_by="gunicorn.asgi_worker")
_thread = partial(Name, used_by="gunicorn.thread_worker")
_heads = partial(Name, used_by="gunicorn.heads")
_bodies = partial(Name, used_by="gunicorn.bodies")
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
    # The threaded worker
    _thread(
        f"{_THREADS}.enqueue_req",
        why="counts the threads that are taken",
        breaks="a busy pool is taken for a dead one, or the reverse",
        call="conn",
        read_by=f"{_THREADS}.on_client_socket_readable",
    ),
    _thread(
        f"{_THREADS}.finish_request",
        why="the result of its future is true if the connection stays; otherwise we close it, without waiting",
        breaks="eight clients that do not close stop a worker for twelve seconds",
        call="conn, fs",
        read_by=f"{_THREADS}.enqueue_req",
    ),
    _thread(
        f"{_THREADS}.murder_pending",
        why="called in each round of the loop, it ends connections that linger too long",
        breaks="connections leak until the worker accepts no more",
        call="",
        read_by=f"{_THREADS}.run",
    ),
    _thread(
        f"{_THREADS}.poller",
        why="wakes the loop when a lingering client closes",
        breaks="a closing connection fails",
    ),
    _thread(
        f"{_THREADS}.nr_conns",
        why="lingering connections count until they are closed",
        breaks="the worker accepts too many connections or none",
        read_by=f"{_THREADS}.run",
    ),
    *(
        _thread(
            f"gunicorn.workers.gthread:TConn.{name}",
            why="a lingering connection is read and closed by us",
            breaks="a closing connection fails",
            call=call,
        )
        for name, call in (("sock", None), ("timeout", None), ("close", ""))
    ),
    _thread(
        f"{_THREADS}.handle",
        why="a thread looks first whether the head of a kept connection is whole",
        breaks="half a head holds a thread",
        call="conn",
        read_by=f"{_THREADS}.enqueue_req",
    ),
    _thread(
        f"{_THREADS}.handle_request",
        why="a body that is too large is refused before it is read, and its reader is wrapped",
        breaks="a body of any size is stored, and a stalled one holds a thread",
        call="req, conn",
        read_by=f"{_THREADS}.handle",
    ),
    _thread(
        f"{_THREADS}.accept",
        why="a process without free descriptors closes an idle connection",
        breaks="a process without free descriptors ends, with every request in it",
        call="listener",
        read_by=f"{_THREADS}.set_accept_enabled",
    ),
    _thread(
        f"{_THREADS}.load_wsgi",
        why="the application is wrapped, so that a refused body is answered with its status",
        breaks="a refused body is answered with 500 or 400",
        call="",
        read_by="gunicorn.workers.base:Worker.init_process",
    ),
    *(
        _thread(
            f"{_THREADS}.{name}",
            why="a full worker closes an idle connection in order to accept another",
            breaks="a full worker accepts nobody",
        )
        for name in ("keepalived_conns", "worker_connections")
    ),
    *(
        _thread(f"gunicorn.workers.gthread:TConn.{name}", why=why, breaks=breaks)
        for name, why, breaks in (
            ("client", "names the client in the log", "a refused head is not logged"),
            (
                "data_ready",
                "says that the head is here, so that no thread waits for it",
                "a thread waits for a head",
            ),
        )
    ),
    _thread(
        "gunicorn.http.parser:Parser.mesg",
        why="names the request that takes too long",
        breaks="WEB_LONGEST_REQUEST_SECONDS reports no path",
    ),
    _thread(
        "gunicorn.util:write_error",
        why="answers a request whose body is too large",
        breaks="a request whose body is too large is not answered",
        call="sock, status_int, reason, mesg",
    ),
    _thread(
        "gunicorn.http.body:Body.reader",
        why="the reader of a body is wrapped",
        breaks="no request with a body is served",
    ),
    _thread(
        "gunicorn.http.body:LengthReader.length",
        why="says how large a body will be",
        breaks="a body that is too large is refused only once so much is read",
    ),
    _thread(
        "sys:_current_frames",
        why="shows where a request is that takes too long",
        breaks="WEB_LONGEST_REQUEST_SECONDS fails",
        call="",
    ),
    # Heads and bodies
    _heads(
        "gunicorn.workers.gthread:TConn.parser",
        why="has what a thread has read already of the next request",
        breaks="a pipelined request is not served",
    ),
    *(
        _heads(
            f"gunicorn.http.unreader:Unreader.{name}",
            why="has what is read already, and takes what a thread has looked at",
            breaks="a kept connection serves no second request",
            call=call,
        )
        for name, call in (("buf", None), ("unread", "data"))
    ),
    *(
        _heads(
            f"gunicorn.config:Config.{name}",
            why="says whether the bytes of a connection are those of its request",
            breaks="no process starts",
        )
        for name in ("is_ssl",)
    ),
    _bodies(
        "gunicorn.http.message:Request.force_close",
        why="what is left of a refused body is not read as the next request",
        breaks="a refused body is answered with 500",
        call="",
    ),
    _bodies(
        "gunicorn.http.message:Request.remote_addr",
        why="names the client in the log",
        breaks="a body that is too large is not logged",
    ),
    # The master
    Name(
        "gunicorn.arbiter:Arbiter.SIG_QUEUE",
        used_by="gunicorn.configuration",
        why="a new process inherits the signals that the master has not handled yet",
        breaks="a stop that comes during a fork is lost",
        read_by="gunicorn.arbiter:Arbiter.signal",
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
