"""The listener as a process of its own, asked over TCP."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.patience import patience
from support.ports import free_port
from support.process import Process, answers, environment, get, run, started, wait_until, wakes

from django_k8s.probe import listener as module
from django_k8s.probe.heartbeat import Heartbeat
from django_k8s.probe.listener import CONNECTIONS, Listener, Response, listen, respond


@dataclass
class Listening:
    """A listener for the role worker, and the process that it watches."""

    process: Process
    role: Process
    port: int
    state: Path


def command(pid: int, role: str = "worker") -> list[str]:
    return [sys.executable, "-m", "django_k8s.probe", "--role", role, "--pid", str(pid)]


@contextlib.contextmanager
def listening(folder: Path, **extra: str) -> Iterator[Listening]:
    port, state = free_port(), folder / "state"
    env = environment(PROBE_PORT=str(port), STATE_DIR=str(state), **extra)
    with (
        started(["sleep", "1000"], env, folder, folder / "role.log") as role,
        started(command(role.pid), env, folder, folder / "listener.log") as process,
    ):
        wait_until(lambda: answers(port, "/livez") or not process.running(), 20, "the listener")
        yield Listening(process, role, port, state)


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Listening]:
    with listening(tmp_path) as listener:
        yield listener


def exchange(port: int, request: bytes) -> bytes:
    """What comes back for raw bytes, until the listener closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience(10)) as sock:
        sock.sendall(request)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def test_answers(probe: Listening) -> None:
    """Not ready before the first heartbeat, ready after it; a few words and nothing about the software."""
    assert get(probe.port, "/readyz").status == 503
    assert get(probe.port, "/livez").text == "starting\n"
    Heartbeat("worker", "worker", probe.state / "worker").write()
    ready, live = get(probe.port, "/readyz"), get(probe.port, "/livez?verbose=1")
    assert (ready.status, ready.text) == (200, "ok\n")
    assert (live.status, live.text) == (200, "ok\n")
    assert live.headers["cache-control"] == "no-store"
    assert "server" not in live.headers


def test_stale_heartbeat(tmp_path: Path) -> None:
    """503 once the loop has been silent for HEARTBEAT_STALENESS_SECONDS, 200 when it is back."""
    with listening(tmp_path, HEARTBEAT_STALENESS_SECONDS="5") as probe:
        beat = Heartbeat("worker", "worker", probe.state / "worker")
        written = time.monotonic()
        beat.write()
        assert answers(probe.port, "/livez")
        wait_until(lambda: answers(probe.port, "/livez", 503), 15, "503", below=60)  # the default
        assert time.monotonic() - written >= 5
        assert answers(probe.port, "/readyz", 503)
        beat.write()
        assert answers(probe.port, "/livez")


def test_role_that_never_comes_up(tmp_path: Path) -> None:
    """Without any heartbeat /livez is 200 for HEARTBEAT_STALENESS_SECONDS and 503 then."""
    with listening(tmp_path, HEARTBEAT_STALENESS_SECONDS="5") as probe:
        assert get(probe.port, "/livez").status == 200
        wait_until(lambda: answers(probe.port, "/livez", 503), 15, "503", below=60)  # the default
        assert get(probe.port, "/livez").text == "no heartbeat\n"


def test_head(probe: Listening) -> None:
    """HEAD is GET without its body."""
    answer = get(probe.port, "/livez", method="HEAD")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "9")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST /livez HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 405),
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /etc/passwd HTTP/1.0\r\n\r\n", 404),
        (b"GET\r\n\r\n", 400),
        (b"\xff\xfe\x00 \x00\r\n\r\n", 400),
    ],
)
def test_other_requests(probe: Listening, request_bytes: bytes, status: int) -> None:
    """What is no probe is refused, and the listener goes on."""
    assert exchange(probe.port, request_bytes).startswith(b"HTTP/1.1 %d " % status)
    assert answers(probe.port, "/livez")


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_connection_that_makes_room_while_it_asks(probe: Listening) -> None:
    """A request of the oldest connection comes in the same moment as the one too many: the listener goes on."""
    with contextlib.ExitStack() as stack:

        def connect() -> socket.socket:
            return stack.enter_context(
                socket.create_connection(("127.0.0.1", probe.port), timeout=patience(10))
            )

        files = Path(f"/proc/{probe.process.pid}/fd")
        exchange(probe.port, b"GET /livez HTTP/1.1\r\n\r\n")  # until its end: none is open any more
        before = len(list(files.iterdir()))
        held = [connect() for _ in range(CONNECTIONS)]
        wait_until(lambda: len(list(files.iterdir())) == before + CONNECTIONS, 10, "all to be accepted")
        probe.process.signal(signal.SIGSTOP)
        wait_until(lambda: stopped(probe.process.pid), 10, "its stop")
        connect()
        held[0].sendall(b"GET /livez HTTP/1.1\r\n\r\n")
        probe.process.signal(signal.SIGCONT)
        wait_until(lambda: answers(probe.port, "/livez"), 10, "an answer")
    assert probe.process.running(), probe.process.output


def test_endless_request_is_cut(probe: Listening) -> None:
    """More than a request's worth of bytes ends the connection without an answer."""
    with contextlib.suppress(ConnectionError):
        assert exchange(probe.port, b"GET /livez HTTP/1.1\r\nX: " + b"x" * 20000) == b""
    assert answers(probe.port, "/livez")


def test_silent_clients_hold_up_nobody(probe: Listening) -> None:
    """More silent connections than are kept: each probe is answered while they are held, and they are closed."""
    silent = [socket.create_connection(("127.0.0.1", probe.port)) for _ in range(CONNECTIONS + 20)]
    try:
        for _ in range(20):
            assert get(probe.port, "/livez", timeout=1).status == 200
        silent[-1].setblocking(False)
        with pytest.raises(BlockingIOError):
            silent[-1].recv(1)
        assert len(list(Path(f"/proc/{probe.process.pid}/fd").iterdir())) < CONNECTIONS + 10
        silent[-1].settimeout(patience(10))
        assert silent[-1].recv(1) == b""
    finally:
        for sock in silent:
            sock.close()


def test_reset_connections(probe: Listening) -> None:
    """A client that resets its connection before, in or after its request does no harm."""
    for request in (b"", b"GET /li", b"GET /livez HTTP/1.1\r\n\r\n"):
        sock = socket.create_connection(("127.0.0.1", probe.port))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.sendall(request)
        sock.close()
    assert answers(probe.port, "/livez")


def test_ends_with_its_role(probe: Listening) -> None:
    """The role's end is the listener's, at once, also where nobody reaps the role."""
    os.kill(probe.role.pid, signal.SIGKILL)
    assert probe.process.wait(5) == 0


def test_ends_with_its_role_on_an_old_kernel(tmp_path: Path) -> None:
    """Without pidfd_open the process is looked after once a second."""
    port = free_port()
    script = (
        "import os, sys; del os.pidfd_open\n"
        "from django_k8s.probe.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    env = environment(PROBE_PORT=str(port), STATE_DIR=str(tmp_path))
    with started(["sleep", "1000"], env, tmp_path, tmp_path / "role.log") as role:
        args = [sys.executable, "-c", script, "--role", "beat", "--pid", str(role.pid)]
        with started(args, env, tmp_path, tmp_path / "listener.log") as process:
            wait_until(lambda: answers(port, "/livez"), 20, "the listener")
            os.kill(role.pid, signal.SIGKILL)
            role.wait(5)
            assert process.wait(10) == 0


def test_role_that_has_ended_already(tmp_path: Path) -> None:
    """A listener that comes too late ends at once."""
    with started(["true"], environment(), tmp_path, tmp_path / "role.log") as role:
        role.wait(5)
        done = run(command(role.pid), environment(PROBE_PORT=str(free_port())), tmp_path, 20)
    assert (done.returncode, done.stderr) == (0, "")


def test_sigterm_ends_it_alone(probe: Listening) -> None:
    """SIGTERM to the listener ends it and nothing else."""
    probe.process.signal(signal.SIGTERM)
    assert probe.process.wait(5) == -signal.SIGTERM
    assert probe.role.running()


def test_ctrl_c_leaves_no_traceback(probe: Listening) -> None:
    """SIGINT, which a terminal sends to the whole group, ends it without a word."""
    probe.process.signal(signal.SIGINT)
    assert probe.process.wait(5) == -signal.SIGINT
    assert probe.process.output == ""


def test_port_taken(probe: Listening, tmp_path: Path) -> None:
    """One line that names the variable, and exit status 78."""
    done = run(command(os.getpid()), environment(PROBE_PORT=str(probe.port)), tmp_path, 20)
    assert done.returncode == 78
    assert done.stderr.startswith(f"probe: PROBE_PORT: cannot listen on port {probe.port}")
    assert done.stderr.count("\n") == 1


def test_invalid_variable(tmp_path: Path) -> None:
    """One line about the listener's own variables, whatever else is wrong, and exit status 78."""
    env = environment(PROBE_PORT="80001", STALL_SECONDS="soon", WEB_THREADS="many")
    done = run(command(os.getpid()), env, tmp_path, 20)
    assert done.returncode == 78
    assert done.stderr.count("\n") == 1
    assert "PROBE_PORT: is out of range" in done.stderr
    assert "STALL_SECONDS: is not a number" in done.stderr
    assert "WEB_THREADS" not in done.stderr


def test_port_zero_starts_none(tmp_path: Path) -> None:
    """PROBE_PORT=0: no listener, and that is no error."""
    done = run(command(os.getpid()), environment(PROBE_PORT="0"), tmp_path, 20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_small(probe: Listening) -> None:
    """It takes little memory of its own and next to no CPU, waiting or answering."""
    rollup = Path(f"/proc/{probe.process.pid}/smaps_rollup").read_text()
    private = sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))
    assert private < 20_000  # KiB
    before = cpu_seconds(probe.process.pid)
    for _ in range(100):
        assert get(probe.port, "/livez").status == 200
    assert cpu_seconds(probe.process.pid) - before < 0.5


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_single_thread(probe: Listening) -> None:
    """One thread, which needs no stack for others and no lock."""
    assert len(list(Path(f"/proc/{probe.process.pid}/task").iterdir())) == 1


def test_large_answer(tmp_path: Path) -> None:
    """An answer larger than the socket's buffer arrives whole, and a slow reader holds up nobody."""
    port = free_port()
    script = (
        "import os; from django_k8s.probe.listener import Response, Listener, listen\n"
        'routes = {"/large": lambda query: Response(200, "x" * 8_000_000), "/small": lambda query: Response(200, "y")}\n'
        f"Listener(listen({port}), routes, os.getppid()).serve()"
    )
    with started([sys.executable, "-c", script], environment(), tmp_path, tmp_path / "log"):
        wait_until(lambda: answers(port, "/small"), 20, "the listener")
        with socket.create_connection(("127.0.0.1", port), timeout=patience(10)) as slow:
            slow.sendall(b"GET /large HTTP/1.1\r\n\r\n")
            assert get(port, "/small", timeout=1).text == "y"
            received = b"".join(iter(lambda: slow.recv(1 << 20), b""))
        assert received.partition(b"\r\n\r\n")[2] == b"x" * 8_000_000


def test_route_that_raises() -> None:
    """A defect answers 500 without saying why."""

    def broken(query: str) -> Response:
        raise ValueError("secret")

    answer = b"".join(respond(b"GET /x HTTP/1.1\r\n\r\n", {"/x": broken}))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"secret" not in answer


def test_ipv4_and_ipv6() -> None:
    """The kubelet may ask by either family, where the machine has both."""
    hosts = ["127.0.0.1", "::1"] if socket.has_dualstack_ipv6() else ["127.0.0.1"]
    with listen(free_port()) as sock:
        port = sock.getsockname()[1]
        for host in hosts:
            socket.create_connection((host, port), timeout=patience(5)).close()


def test_it_sleeps_until_it_is_asked(probe: Listening) -> None:
    """While nobody asks it does not wake, and it answers all the same when somebody does."""
    wait_until(lambda: not sockets(probe.process.pid), 10, "the end of all connections")
    before = wakes(probe.process.pid)
    time.sleep(4)  # what is tested is that nothing happens
    assert wakes(probe.process.pid) - before <= 3
    assert answers(probe.port, "/livez")


def sockets(pid: int) -> int:
    """How many connections it has, apart from the one that listens."""
    links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
    return len([link for link in links if link.startswith("socket:")]) - 1


def test_looks_when_nobody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the last sign of life is known to the first question."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 2.0)
    looked = threading.Event()
    with (
        started(["sleep", "1000"], environment(), tmp_path, tmp_path / "role.log") as role,
        listen(free_port()) as sock,
    ):
        server = threading.Thread(target=Listener(sock, {}, role.pid, looked.set).serve)
        server.start()
        assert looked.wait(patience(15))
        role.signal(signal.SIGKILL)
        server.join(patience(5))
        assert not server.is_alive()


def test_probes_are_answered_during_a_long_work(tmp_path: Path) -> None:
    """A route that works in pieces holds up nobody, also when its client has gone or many ask for it."""
    port = free_port()
    script = (
        "import os, time; from django_k8s.probe.listener import Response, Listener, listen\n"
        "def long(query):\n"
        "    for _ in range(20): yield time.sleep(0.05)\n"
        '    yield Response(200, "done")\n'
        'routes = {"/long": long, "/small": lambda query: Response(200, "y")}\n'
        f"Listener(listen({port}), routes, os.getppid()).serve()"
    )
    with started([sys.executable, "-c", script], environment(), tmp_path, tmp_path / "log") as process:
        wait_until(lambda: answers(port, "/small"), 20, "the listener")
        with contextlib.ExitStack() as stack:
            asking = [
                stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=patience(20)))
                for _ in range(3)
            ]
            for sock in asking:
                sock.sendall(b"GET /long HTTP/1.1\r\n\r\n")
            asking.pop().close()
            for _ in range(5):
                assert get(port, "/small", timeout=0.5).text == "y"
            for sock in asking:
                assert b"".join(iter(lambda sock=sock: sock.recv(65536), b"")).endswith(b"\r\n\r\ndone")
        # More of them than connections are kept: the oldest make room, whatever they wait for.
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS + 20)]
        for sock in held:
            sock.sendall(b"GET /long HTTP/1.1\r\n\r\n")
        assert get(port, "/small", timeout=0.5).text == "y"
        for sock in held:
            sock.close()
        before = cpu_seconds(process.pid)
        wait_until(lambda: cpu_seconds(process.pid) == before, 90, "its rest", every=1.5)
        assert answers(port, "/small")


@pytest.mark.parametrize("name", ["x.heartbeat", "queues.json", "scraped", "metrics/counter_1.db"])
@pytest.mark.parametrize("kind", ["nested", "pipe", "huge", "link", "directory"])
def test_odd_files(tmp_path: Path, name: str, kind: str) -> None:
    """Whoever can write to STATE_DIR does not stop the listener: it looks at small regular files only."""
    with listening(tmp_path, METRICS="true") as probe:
        path = probe.state / "worker" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "nested":
            path.write_text("[" * 60_000)
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "huge":
            path.touch()
            os.truncate(path, 1 << 40)
        elif kind == "link":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()
        Heartbeat("worker", "worker", probe.state / "worker").write()
        for _ in range(2):
            assert get(probe.port, "/livez", timeout=2).text == "ok\n"
            assert get(probe.port, "/readyz", timeout=2).status == 200
            assert get(probe.port, "/metrics", timeout=2).status == 200
