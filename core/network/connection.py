"""One TCP or TLS connection to a nats-server: from the socket to the parser and back, and the greeting at its start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, cast

import msgspec

from letrade.core.errors import NatsError
from letrade.core.network.identity import tls_context
from letrade.core.network.link import LinkConfig, Tls
from letrade.core.network.login import Greeting, connect_command
from letrade.core.network.pool import Address
from letrade.core.network.refusals import NoTls
from letrade.hotpath.wire import ProtocolError, Wire

MESSAGES_PER_TURN_MAX = 1024
"""Then the rest of the event loop has its turn; until all is handled nothing more is read."""
HELD_BYTES_HIGH, HELD_BYTES_LOW = 2**20, 2**18
"""What the loop may hold for a server that reads slowly; beyond it commands wait where they can still be dropped."""


class Owner(Protocol):
    """The link that a connection belongs to."""

    def flush_now(self) -> None:
        """Handlers may have published."""
        ...

    def has_heard(self) -> bool:
        """Whether the greeting has come."""
        ...

    def on_info(self, info: bytes) -> None:
        """The greeting has come."""
        ...

    def on_lost(self, connection: Connection, error: Exception | None) -> None:
        """This connection is no more."""
        ...


class Connection(asyncio.BufferedProtocol):
    """Made by asyncio when the socket is open; `transport` is set until it is lost."""

    def __init__(self, owner: Owner, wire: Wire) -> None:
        self._owner = owner
        self._wire = wire
        self._writable = True
        self._more_is_coming = False
        self._entered = False
        self._view: memoryview | None = None
        self.in_pass = False
        self.transport: asyncio.Transport | None = None
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.adopt(cast(asyncio.Transport, transport))

    def adopt(self, transport: asyncio.Transport) -> None:
        """Write to this transport from now on (TLS puts its own above the socket's)."""
        self.transport = transport
        transport.set_write_buffer_limits(HELD_BYTES_HIGH, HELD_BYTES_LOW)

    def get_buffer(self, sizehint: int) -> memoryview:
        self._view = self._wire.room()
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        self._let_go_of_the_view()
        if self.transport is None:
            return
        self._wire.fed(nbytes)
        if not self._entered:
            self._hear_greeting()
        elif not self._more_is_coming:
            self._handle()

    def _let_go_of_the_view(self) -> None:
        """A traceback that somebody keeps would hold it, through asyncio's frames, and with it the buffer."""
        view, self._view = self._view, None
        try:
            if view is not None:
                view.release()
        except BufferError:
            view = None  # uvloop releases it itself, after this call

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if self.lost.done():
            return
        self.transport = None
        self.lost.set_result(error)
        self._owner.on_lost(self, error)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._owner.flush_now()

    # Reading

    def _hear_greeting(self) -> None:
        """The server's first line, and nothing behind it: that may have to come through TLS."""
        if self._owner.has_heard():
            return
        try:
            line = self._wire.take_line()
        except ProtocolError as error:
            self.abort(NatsError(str(error)))
            return
        if line is None:
            return
        if line.startswith(b"INFO "):
            self._owner.on_info(line[5:])
        else:
            self.abort(NatsError(f"expected the greeting of a nats-server, found {line[:80]!r}"))

    def enter(self, command: bytes) -> None:
        """From now on what comes is the server's, and all of it counts."""
        self._entered = True
        self.write(command)
        if self._wire.unread:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _handle(self) -> None:
        """One pass over what has come."""
        self.in_pass = True
        try:
            more = self._wire.parse(MESSAGES_PER_TURN_MAX)
        except ProtocolError as error:
            self.abort(NatsError(str(error)))
            return
        finally:
            self.in_pass = False
        self._owner.flush_now()
        if more and self.transport is not None:
            self._more_is_coming = True
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self.transport is None:
            return
        self._more_is_coming = False
        try:
            self._handle()
        except BaseException as error:
            self.abort(NatsError(f"a handler ended the reading: {error!r}"))
            raise
        if not self._more_is_coming and self.transport is not None:
            self.transport.resume_reading()

    def unread(self) -> int:
        """Bytes that have come and were not handled."""
        return self._wire.unread

    # Writing

    @property
    def writable(self) -> bool:
        """False while the server takes less than we send."""
        return self._writable and self.transport is not None

    def write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    @property
    def unwritten(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    def close(self) -> None:
        """Send what was written, then close."""
        if self.transport is not None:
            self.transport.close()

    def abort(self, error: Exception) -> None:
        """Close now; nothing that waits is sent."""
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.abort()
            self.connection_lost(error)


async def greet(
    connection_of: Callable[[], Connection], greeting: asyncio.Future[bytes], config: LinkConfig, address: Address
) -> tuple[Connection, Greeting]:
    """Open the socket, hear the server's INFO, encrypt where it or we want that, and say who we are.

    The caller waits for the answer. OSError and ssl.SSLError when the socket or the handshake fails.
    """
    loop = asyncio.get_running_loop()
    tls = config.tls
    hostname = (tls.hostname if tls is not None else None) or address.host
    if tls is not None and tls.first:
        _, connection = await loop.create_connection(
            connection_of, address.host, address.port, ssl=tls_context(tls), server_hostname=hostname
        )
        secure = True
    else:
        _, connection = await loop.create_connection(connection_of, address.host, address.port)
        secure = False
    heard = read_greeting(await _first_of(greeting, connection))
    if not secure and (tls is not None or address.secure or heard.tls_required):
        if not (heard.tls_required or heard.tls_available):
            raise NoTls(f"expected TLS at {address}, found a server without it: its certificate is not configured")
        await _encrypt(connection, tls, hostname)
        secure = True
        # Anybody in between could have told of servers of his own.
        heard = msgspec.structs.replace(heard, connect_urls=[])
    connection.enter(connect_command(config, address, heard, secure) + b"PING\r\n")
    return connection, heard


def read_greeting(info: bytes) -> Greeting:
    """NatsError when INFO is not what a nats-server says."""
    try:
        return msgspec.json.decode(info, type=Greeting)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NatsError(f"expected the INFO of a nats-server, found {info[:80]!r}: {error}") from error


async def _encrypt(connection: Connection, tls: Tls | None, hostname: str) -> None:
    plain = connection.transport
    if plain is None:
        raise NatsError("the server closed the connection before the TLS handshake")
    if connection.unread():
        raise NatsError("something came between the server's greeting and the TLS handshake: somebody is in between")
    secured = await asyncio.get_running_loop().start_tls(plain, connection, tls_context(tls), server_hostname=hostname)
    if secured is None:
        raise NatsError("the server closed the connection during the TLS handshake")
    connection.adopt(secured)


async def _first_of(greeting: asyncio.Future[bytes], connection: Connection) -> bytes:
    """INFO, unless the connection is lost before it."""
    news: set[asyncio.Future[Any]] = {greeting, connection.lost}
    await asyncio.wait(news, return_when=asyncio.FIRST_COMPLETED)
    if not connection.lost.done():
        return greeting.result()
    raise NatsError(f"the server closed the connection before it said who it is ({connection.lost.result()})")
