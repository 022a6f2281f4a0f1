"""Names of gunicorn's threaded worker, which has no documented hooks for what a pod needs."""

from __future__ import annotations

from functools import partial

from django_k8s.upstream.name import Name

_THREADS = "gunicorn.workers.gthread:ThreadWorker"

_thread = partial(Name, used_by="gunicorn.thread_worker")
_heads = partial(Name, used_by="gunicorn.heads")
_bodies = partial(Name, used_by="gunicorn.bodies")
_rest = partial(Name, used_by="gunicorn.rest")

NAMES = (
    _thread(
        f"{_THREADS}.enqueue_req",
        why="counts the threads that are taken",
        breaks="a busy pool is taken for a dead one, or the reverse",
        call="conn",
        read_by=f"{_THREADS}.on_client_socket_readable",
    ),
    _thread(
        f"{_THREADS}.on_client_socket_readable",
        why="passes over a connection that was closed in the same round",
        breaks="a process ends, together with all of its requests",
        call="conn, client",
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
    _rest(
        f"{_THREADS}.wait_for_and_dispatch_events",
        why="without connections, the loop sleeps longer",
        breaks="each process of an idle web wakes every second",
        call="timeout=",
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
)
