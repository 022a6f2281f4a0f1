"""A TCP proxy that fails as networks do: half-open connections, black holes, cuts."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from support.ports import free_port


class Proxy:
    """Forwards a port of the loopback address to another one, until it is told not to."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._generation = 0  # connections of a former generation are held: open, and silent
        self._silent = False
        self._deaf: int | None = None  # the generation whose clients hear nothing any more
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def hold(self) -> None:
        """The connections of this moment become half-open; new ones work."""
        self._generation += 1

    def deafen(self) -> None:
        """The clients of this moment hear nothing, the target hears them, and not that they go; new connections work."""
        self._deaf = self._generation
        self._generation += 1

    def black_hole(self) -> None:
        """Nothing is forwarded any more, on old and on new connections."""
        self._silent = True

    def restore(self) -> None:
        """New connections work again; those of the black hole stay silent, as after a lost route."""
        self._generation += 1
        self._silent = False

    def redirect(self, target: int) -> None:
        """New connections go to another port, as after a failover; old ones stay where they are."""
        self._target = target

    def cut(self) -> None:
        """Close every connection at once."""

        def close() -> None:
            for writer in list(self._writers):
                writer.transport.abort()

        self._loop.call_soon_threadsafe(close)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        generation = self._generation
        self._writers.add(writer)
        try:
            while self._silent:
                await asyncio.sleep(0.1)
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._writers.add(back)
        await asyncio.gather(
            self._copy(reader, back, generation, heard=True),
            self._copy(there, writer, generation),
            return_exceptions=True,
        )
        self._writers -= {writer, back}

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, generation: int, heard: bool = False
    ) -> None:
        try:
            while piece := await source.read(65536):
                while self._silent or generation != self._generation:
                    if heard and generation == self._deaf:
                        break
                    await asyncio.sleep(3600)  # the bytes are lost, and nobody is told
                target.write(piece)
                await target.drain()
        finally:
            if generation != self._deaf:
                target.close()

    async def _start(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", self.port)


@contextlib.contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """A proxy to a port, in a thread of its own."""
    instance = Proxy(target)
    loop = instance._loop
    server = loop.run_until_complete(instance._start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield instance
    finally:

        def stop() -> None:
            server.close()
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.call_later(0.1, loop.stop)

        loop.call_soon_threadsafe(stop)
        thread.join(5)
        loop.close()
