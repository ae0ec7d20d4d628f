"""A TCP line to a real server that can be cut, stalled, delayed, split and garbled on command, in either direction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Direction:
    """What happens to the bytes that go one way, over all connections."""

    def __init__(self) -> None:
        self.delay_seconds = 0.0
        self.chunk_bytes = 0  # 0: as they come
        self.cut_after_bytes: int | None = None  # so many bytes still go through, then the connection is cut
        self.garble: Callable[[bytes], bytes] | None = None
        self.passed_bytes = 0

    def changed(self, data: bytes) -> tuple[bytes, bool]:
        """What goes on of these bytes, and whether the connection is cut behind them."""
        if self.garble is not None:
            data = self.garble(data)
        cut = self.cut_after_bytes is not None and len(data) >= self.cut_after_bytes
        if self.cut_after_bytes is not None:
            data = data[: self.cut_after_bytes]
            self.cut_after_bytes = None if cut else self.cut_after_bytes - len(data)
        self.passed_bytes += len(data)
        return data, cut

    def pieces(self, data: bytes) -> list[bytes]:
        size = self.chunk_bytes or len(data) or 1
        return [data[start : start + size] for start in range(0, len(data), size)]


class Connection:
    """One client's way to the server and back."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.flows = asyncio.Event()
        self.flows.set()

    def cut(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


class FaultProxy:
    """Listens on `port` while used with `async with`; runs in the test's own loop."""

    def __init__(self, server_port: int, server_host: str = "127.0.0.1") -> None:
        self.up = Direction()  # client to server
        self.down = Direction()
        self.port = 0
        self.refuses = False  # True: new connections are closed at once
        self.accepted = 0
        self._target = (server_host, server_port)
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break all connections, as when a cable is pulled and the kernel has noticed."""
        for connection in list(self._connections):
            connection.cut()

    def stall(self) -> None:
        """Let nothing through any more on the present connections, and say nothing; new ones work."""
        for connection in self._connections:
            connection.flows.clear()

    def resume(self) -> None:
        """End a stall: all that was held back goes on."""
        for connection in self._connections:
            connection.flows.set()

    async def __aenter__(self) -> FaultProxy:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.refuses:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(writer, server_writer)
        self._connections.add(connection)
        try:
            await asyncio.gather(
                self._pump(reader, server_writer, self.up, connection),
                self._pump(server_reader, writer, self.down, connection),
            )
        except OSError:
            return  # one end broke the line, which is what a line may do
        finally:
            self._connections.discard(connection)
            connection.cut()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Direction, connection: Connection
    ) -> None:
        while data := await reader.read(65536):
            await connection.flows.wait()
            if way.delay_seconds:
                await asyncio.sleep(way.delay_seconds)
            data, cut = way.changed(data)
            for piece in way.pieces(data):
                writer.write(piece)
                await writer.drain()
                if way.chunk_bytes:
                    await asyncio.sleep(0)  # so that the other end reads piece by piece
            if cut:
                # What was written must arrive before the end does.
                writer.close()
                await writer.wait_closed()
                connection.cut()
                return
        await connection.flows.wait()  # a stalled line does not even tell that its other end is gone
        connection.cut()
