"""A NATS server that says what a test tells it to say, also what no real one would, and remembers all that it hears."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, cast

from tests.network.certificates import Certificates

INFO: dict[str, Any] = {
    "server_name": "scripted", "version": "2.12.0", "jetstream": True, "headers": True, "max_payload": 2**20,
}  # fmt: skip
PUBLISHED = (b"PUB ", b"HPUB ")


def info(**changes: Any) -> bytes:
    """The greeting, with these fields as the test wants them."""
    return b"INFO " + json.dumps(INFO | changes).encode() + b"\r\n"


def server_context(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificates.server)
    return context


class Line:
    """One connection as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.heard: list[bytes] = []
        """Commands without their CR LF; behind that of a message stands its payload."""

    def say(self, *words: bytes) -> None:
        self._writer.write(b"".join(words))

    async def hear(self) -> bytes:
        """The next command; EOFError when the client has gone."""
        line = await self._reader.readuntil(b"\r\n")
        command = line[:-2]
        if command.startswith(PUBLISHED):
            command += b" " + (await self._reader.readexactly(int(command.split()[-1]) + 2))[:-2]
        self.heard.append(command)
        return command

    async def let_in(self, **changes: Any) -> None:
        """Greet, and take whoever comes."""
        self.say(info(**changes))
        await self.take_login()

    async def take_login(self) -> None:
        await self.hear()
        await self.hear()
        self.say(b"PONG\r\n")

    async def encrypt(self, context: ssl.SSLContext) -> None:
        await self._writer.start_tls(context)

    async def stay(self) -> None:
        """Answer pings until the client goes."""
        while True:
            if await self.hear() == b"PING":
                self.say(b"PONG\r\n")

    async def hear_bytes(self) -> bytes:
        """All that comes until the end, as it is."""
        return await self._reader.read(-1)

    def stop_reading(self) -> None:
        cast(asyncio.Transport, self._writer.transport).pause_reading()

    def read_on(self) -> None:
        cast(asyncio.Transport, self._writer.transport).resume_reading()

    def leave(self) -> None:
        """What was said still arrives."""
        self._writer.close()

    def abort(self) -> None:
        self._writer.transport.abort()


Script = Callable[[Line], Awaitable[None]]


async def honest(line: Line) -> None:
    """As a real server."""
    await line.let_in()
    await line.stay()


class ScriptedServer:
    """Each connection is served by the next script, and those beyond by the last; used with `async with`."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self._tasks: list[asyncio.Task[None]] = []
        self.lines: list[Line] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def __aenter__(self) -> ScriptedServer:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        for line in self.lines:
            line.abort()
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        await asyncio.sleep(0.01)  # transports are closed in turns to come, which must not be after the loop's end

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self._scripts[min(len(self.lines), len(self._scripts) - 1)]
        line = Line(reader, writer)
        self.lines.append(line)
        self._tasks.append(asyncio.get_running_loop().create_task(self._serve(line, script)))

    async def _serve(self, line: Line, script: Script) -> None:
        try:
            await script(line)
        except (EOFError, OSError):
            return  # the client has gone, as it may
        finally:
            line.leave()
