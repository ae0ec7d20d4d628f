"""The life of the engine's connection: in, lost, back again, and what the server says meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from letrade.core.errors import ConfigurationError, LetradeError, NatsError, TimeoutExpired
from letrade.core.ids import fresh_token
from letrade.core.network.asking import Asking
from letrade.core.network.connection import Connection, greet, read_greeting
from letrade.core.network.identity import tls_context
from letrade.core.network.link import LinkConfig, LinkCounters, PermissionRefused, ServerError
from letrade.core.network.login import Greeting
from letrade.core.network.pool import Address, ServerPool
from letrade.core.network.refusals import (
    LoginRefused,
    is_about_login,
    is_fatal,
    is_hopeless,
    is_violation,
    said_of,
    surface,
    violation_of,
)
from letrade.hotpath.outbox import Outbox
from letrade.hotpath.wire import Wire

ATTEMPT_SECONDS = 2.0
CLOSE_SECONDS = 1.0
PINGS_UNANSWERED_MAX = 2
REFUSED_LOGIN_SECONDS = 1.0
"""Between attempts with a login that the server does not take: it may be put right while we run."""


class Lifeline:
    """The part of an EngineLink that gets it connected, and keeps it so."""

    def __init__(self, config: LinkConfig) -> None:
        self.config = config
        self.on_disconnected: list[Callable[[], None]] = []
        self.on_reconnected: list[Callable[[], None]] = []
        self.on_error: list[Callable[[Exception], None]] = []
        self._counters = LinkCounters()
        self._pool = ServerPool(config.servers)
        self._wire = Wire(self, (Exception, asyncio.CancelledError))  # such as the result of a cancelled future
        self._outbox = Outbox(NatsError, self._wake, config.waiting_bytes_max)
        self._asking = Asking()
        self._inbox = f"{config.inbox_prefix}.{fresh_token(4)}"
        self._outbox.check(self._inbox)
        self._outbox.inbox = f"{self._inbox}.".encode()
        self._outbox.open = False
        self._wire.add_replies(f"{self._inbox}.*", self._asking.answer)
        self._connection: Connection | None = None
        self._address: Address | None = None
        self._greeting: Greeting | None = None
        self._heard: asyncio.Future[bytes] | None = None
        """INFO, while we connect."""
        self._entry: asyncio.Future[None] | None = None
        """The answer to CONNECT, while we connect."""
        self._pings: deque[asyncio.Future[None] | None] = deque()
        self._refused: list[PermissionRefused] = []
        self._begun = self._closing = False
        self._last_error = ""
        self._ticking: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._jitter = 1 + int(fresh_token(2), 16) / 0xFFFF

    @property
    def connected(self) -> bool:
        return self._outbox.open

    # Connecting

    async def connect(self) -> None:
        last: Exception | None = None
        if self._begun:
            raise NatsError("a link is connected once, and then comes back by itself: make another")
        self._begun = True
        self._loop = asyncio.get_running_loop()
        if self.config.tls is not None:
            tls_context(self.config.tls)  # files that cannot be used are told before anything else
        try:
            async with asyncio.timeout(self.config.connect_timeout_seconds):
                while True:
                    try:
                        await self._try_next()
                        return
                    except LoginRefused:
                        raise
                    except (OSError, NatsError, TimeoutError) as error:
                        last = error
                        if self._closing:
                            raise NatsError("the link was closed while it connected") from error
                        if is_hopeless(error) and len(self._pool) == 1:
                            raise NatsError(f"no TLS with the NATS server at {self._pool}: {error}") from error
        except TimeoutError:
            await self.close()
            raise NatsError(f"no NATS server let us in at {self._pool}: {said_of(last)}") from last
        except (NatsError, ConfigurationError):
            await self.close()
            raise

    async def _try_next(self) -> None:
        """One attempt with the server that was tried longest ago, not too soon after its last one."""
        address, tried_ns = self._pool.next()
        if tried_ns:
            await asyncio.sleep(self.config.reconnect_wait_seconds * self._jitter)
        if self._closing:
            raise NatsError("the link is closed")
        try:
            async with asyncio.timeout(min(ATTEMPT_SECONDS, self.config.connect_timeout_seconds)):
                await self._enter(address)
        except BaseException:
            self._give_up_attempt()
            raise

    async def _enter(self, address: Address) -> None:
        loop = asyncio.get_running_loop()
        self._heard, self._entry = loop.create_future(), loop.create_future()
        self._address = address
        self._wire.restart()
        connection, heard = await greet(self._new_connection, self._heard, self.config, address)
        news: set[asyncio.Future[Any]] = {self._entry, connection.lost}
        await asyncio.wait(news, return_when=asyncio.FIRST_COMPLETED)
        if self._entry.done():
            self._entry.result()
        if connection.lost.done():
            raise NatsError(f"{address} closed the connection when we said who we are ({connection.lost.result()})")
        self._heard = self._entry = None
        self._begin(heard, connection, address)

    def _new_connection(self) -> Connection:
        self._connection = Connection(self, self._wire)
        return self._connection

    def _give_up_attempt(self) -> None:
        connection, self._connection = self._connection, None
        for waiting in (self._heard, self._entry):
            if waiting is not None:
                waiting.cancel()
        self._heard = self._entry = None
        if connection is not None:
            if self._outbox.open:
                self._end()
            connection.abort(NatsError("this attempt is over"))

    def _begin(self, greeting: Greeting, connection: Connection, address: Address) -> None:
        """We are in: what we listened to before, then what may be late, then all else."""
        self._pool.discover(greeting.connect_urls, address)
        self._pool.mark(address, leaving=False)
        self._pings.clear()
        first, self._greeting = self._greeting is None, greeting
        outbox = self._outbox
        outbox.payload_max = greeting.max_payload
        kept = outbox.take()
        outbox.unwritten, outbox.open = 0, True
        for route in self._wire.routes():
            limit = route.limit - route.received if route.limit else 0
            outbox.subscribe(route.subject, route.sid, route.queue, limit)
        connection.write(outbox.take() + kept)
        self._last_error = ""
        self._tick_later()
        if not first:
            self._counters.reconnects += 1
            self._call(self.on_reconnected)

    # Losing the connection, and coming back

    def on_lost(self, connection: Connection, error: Exception | None) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        if not self._outbox.open:
            return  # an attempt: whoever made it sees that it is lost
        self._end()
        if self._closing:
            return
        self._spawn(self._come_back())
        why = said_of(error) if error is not None else "the server closed it"
        self._say(NatsError(f"the connection to NATS at {self._address} is lost: {why}"))
        self._call(self.on_disconnected)

    def _end(self) -> None:
        """What was on its way is lost, and is counted."""
        outbox = self._outbox
        outbox.open = False
        outbox.drop_early()
        self._counters.unwritten_bytes += outbox.unwritten
        outbox.unwritten = 0
        self._wire.stop()
        for route in self._wire.routes():
            route.refused = ""  # the next server decides anew
        self._refused.clear()
        self._asking.forget("the connection broke before the answer came")
        for waiting in self._pings:
            if waiting is not None and not waiting.done():
                waiting.set_exception(NatsError("the connection to NATS broke before the server had taken all"))
        self._pings.clear()
        if self._ticking is not None:
            self._ticking.cancel()

    async def _come_back(self) -> None:
        while not self._closing:
            try:
                await self._try_next()
                return
            except Exception as error:  # noqa: BLE001 - whatever a server says, the link comes back
                kind = LoginRefused if isinstance(error, LoginRefused) else NatsError
                self._say(kind(f"connection to NATS: {said_of(error)}"))
                if isinstance(error, LoginRefused | ConfigurationError):
                    await asyncio.sleep(REFUSED_LOGIN_SECONDS)

    def _leave(self) -> None:
        """The server is about to stop: go elsewhere now, where there is an elsewhere."""
        assert self._address is not None
        self._pool.mark(self._address, leaving=True)
        if self._pool.has_other(self._address) and self._connection is not None:
            self._spawn(self._move(self._connection))

    async def _move(self, connection: Connection) -> None:
        try:
            await self.flush(ATTEMPT_SECONDS)
        except LetradeError as error:
            self._report(error)
        connection.abort(NatsError("the server is shutting down (lame duck mode)"))

    def _tick_later(self) -> None:
        loop = asyncio.get_running_loop()
        if self._ticking is not None:
            self._ticking.cancel()
        self._ticking = loop.call_later(self.config.ping_interval_seconds, self._tick)

    def _tick(self) -> None:
        """A server that answers no ping is gone, whatever the socket says."""
        if self._connection is None or not self._outbox.open:
            return
        unanswered = sum(waiting is None for waiting in self._pings)
        if unanswered >= PINGS_UNANSWERED_MAX:
            self._connection.abort(NatsError(f"{unanswered} pings were not answered"))
            return
        self._ping(None)
        self._tick_later()

    def _ping(self, waiting: asyncio.Future[None] | None) -> None:
        self._pings.append(waiting)
        self._outbox.command(b"PING\r\n")

    # What the wire tells

    def has_heard(self) -> bool:
        return self._heard is None or self._heard.done()

    def on_info(self, info: bytes) -> None:
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(info)
            return
        if not self._outbox.open or self._address is None:
            return
        try:
            greeting = read_greeting(info)
        except NatsError as error:
            self._report(error)
            return
        self._pool.discover(greeting.connect_urls, self._address)
        self._greeting = greeting
        self._outbox.payload_max = greeting.max_payload
        if greeting.ldm:
            self._leave()

    def on_ping(self) -> None:
        if self._connection is not None and not self._outbox.open:
            self._connection.write(b"PONG\r\n")
        self._outbox.command(b"PONG\r\n")

    def on_pong(self) -> None:
        if self._entry is not None:
            if not self._entry.done():
                self._entry.set_result(None)
        elif self._pings:
            waiting = self._pings.popleft()
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    def on_handler_error(self, error: BaseException) -> None:
        self._counters.handler_errors += 1
        self._report(error if isinstance(error, Exception) else LetradeError(f"a handler raised {error!r}"))

    def on_server_error(self, text: str) -> None:
        self._counters.server_errors += 1
        if self._entry is not None and not self._entry.done():
            self._refuse_entry(self._entry, text)
            return
        self._counters.slow_consumer += "slow consumer" in text.lower()
        if is_violation(text):
            error = PermissionRefused(f"the NATS server says: {text}")
            if surface(error, violation_of(text), self._wire, self._asking):
                self._refused.append(error)
            self._report(error)
            return
        self._report(ServerError(f"the NATS server says: {text}"))
        if is_fatal(text) and self._connection is not None:
            self._connection.abort(NatsError(text))

    def _refuse_entry(self, entry: asyncio.Future[None], text: str) -> None:
        if is_about_login(text):
            entry.set_exception(
                LoginRefused(f"the NATS server at {self._address} refuses this user or password: {text}")
            )
        else:
            entry.set_exception(NatsError(f"{self._address} says: {text}"))

    # Sending

    def _wake(self, now: bool) -> None:
        """Commands wait. All of one turn of the loop leave in one write, and those of a pass when it ends."""
        connection = self._connection
        if now:
            self.flush_now()
        elif connection is not None and not connection.in_pass:
            self._loop.call_soon(self.flush_now)

    def flush_now(self) -> None:
        """Hand over what waits, unless the server does not take more."""
        connection, outbox = self._connection, self._outbox
        if connection is None or not outbox.open:
            return
        if len(outbox) and connection.writable:
            connection.write(outbox.take())
        outbox.unwritten = connection.unwritten

    async def flush(self, timeout_seconds: float = 5.0) -> None:
        if not self._outbox.open:
            raise NatsError("not connected to NATS: nothing was flushed")
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ping(waiting)
        self.flush_now()
        try:
            async with asyncio.timeout(timeout_seconds):
                await waiting
        except TimeoutError:
            raise TimeoutExpired(f"the NATS server did not answer a ping within {timeout_seconds:g} s") from None
        if self._refused:
            refused, self._refused = self._refused[0], []
            raise refused

    # The end

    async def close(self) -> None:
        self._closing = True
        connection, self._connection = self._connection, None
        if self._outbox.open and connection is not None:
            if len(self._outbox) and connection.writable:  # what was published in this turn of the loop still leaves
                connection.write(self._outbox.take())
            self._outbox.unwritten = 0  # it is still to be written, and counted below
            self._end()
        self._outbox.drop_all()
        self._wire.stop()
        self._asking.forget("the link was closed before the answer came")
        others = [each for each in self._tasks if each is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if connection is not None:
            connection.close()
            await asyncio.wait({connection.lost}, timeout=CLOSE_SECONDS)
            self._counters.unwritten_bytes += connection.unwritten
            connection.abort(NatsError("the link is closed"))  # nothing of ours is read later

    # Telling

    def _say(self, error: NatsError) -> None:
        """Attempts that fail in the same way are told once, until one succeeds."""
        if str(error) != self._last_error:
            self._last_error = str(error)
            self._report(error)

    def _report(self, error: Exception) -> None:
        self._call(self.on_error, error)

    def _call(self, listeners: list[Any], *news: Exception) -> None:
        """What a listener raises stops neither the others nor the connection: it goes where asyncio's errors go."""
        for listener in listeners:
            try:
                listener(*news)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - see above; nobody cancels in here
                self._counters.handler_errors += 1
                self._loop.call_exception_handler({"message": "a listener of a NATS link raised", "exception": error})

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
