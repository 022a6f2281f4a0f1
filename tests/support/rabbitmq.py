"""A real RabbitMQ on the loopback address, with its own name server beside it."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support.need import need, program
from support.ports import free_port
from support.process import Process, environment, started, wait_until


@dataclass
class RabbitMQ:
    """Where the server answers."""

    port: int
    launch: Callable[[], contextlib.AbstractContextManager[Process]]
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def start(self) -> None:
        """Start it; what it stored before is there again."""
        self._stack = contextlib.ExitStack()
        process = self._stack.enter_context(self.launch())
        wait_until(
            lambda: "Server startup complete" in process.output or not process.running(), 60, "RabbitMQ"
        )
        assert process.running(), process.output[-4000:]
        self._process = process

    def stop(self) -> None:
        """A clean stop."""
        self._process.signal(signal.SIGTERM)
        self._process.wait(40)
        self._process.log.unlink()
        self._stack.close()

    def close(self) -> None:
        """End it in any way."""
        self._stack.close()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"


def established(port: int) -> int:
    """The number of open TCP connections to a local port, as its server sees them."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return sum(local.endswith(f":{port:04X}") and state == "01" for _, local, _, state, *_ in fields)


@contextlib.contextmanager
def rabbitmq() -> Iterator[RabbitMQ]:
    """A server of its own in a temporary folder; it takes some seconds to start."""
    server = program("rabbitmq-server", "/usr/lib/rabbitmq/bin")
    names = program("epmd", "/usr/lib/erlang/erts-*/bin")
    need("RabbitMQ", server and names, "install rabbitmq-server")
    assert server
    assert names
    folder = Path(tempfile.mkdtemp(prefix="rabbitmq-"))
    port = free_port()
    env = environment(
        HOME=str(folder),
        ERL_EPMD_PORT=str(free_port()),
        RABBITMQ_NODENAME=f"test{port}@localhost",
        RABBITMQ_NODE_IP_ADDRESS="127.0.0.1",
        RABBITMQ_NODE_PORT=str(port),
        RABBITMQ_DIST_PORT=str(free_port()),
        RABBITMQ_MNESIA_BASE=str(folder / "data"),
        RABBITMQ_LOG_BASE=str(folder / "log"),
        RABBITMQ_LOGS="-",
        RABBITMQ_ENABLED_PLUGINS_FILE=str(folder / "plugins"),
        RABBITMQ_CONF_ENV_FILE="/dev/null",
    )
    (folder / "plugins").write_text("[].\n")
    # Debian's wrapper changes users; the script beside it does not.
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    try:
        with started([names], env, folder, folder / "epmd.log"):
            command = [str(script if script.exists() else server)]
            made = RabbitMQ(port, lambda: started(command, env, folder, folder / "server.log"))
            made.start()
            try:
                yield made
            finally:
                made.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
