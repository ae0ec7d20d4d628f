"""Listens to a server until enough was seen: hands what comes to a display, and knows what did not come."""

from __future__ import annotations

import asyncio
import select
import signal
import sys
from collections.abc import Callable
from typing import Protocol

from letrade.core.clock import SECOND
from letrade.core.errors import NatsError
from letrade.core.network.link import Link, PermissionRefused, Subscription
from letrade.reach import Address, linked
from letrade.traffic import Losses, Traffic

POLL_SECONDS = 0.25
BEATS = "letrade.{}.ev.heartbeat.>"


class Display(Protocol):
    """What becomes of the messages. What it raises, such as BrokenPipeError, ends the tap."""

    def take(self, subjects: list[str], payloads: list[bytes]) -> bool:
        """All of one read, counted already; True when enough was seen."""
        ...

    def start(self) -> None:
        """From now on messages come."""
        ...

    def tick(self) -> None:
        """Some time has passed."""
        ...


class Tap:
    """One connection to a server, listening."""

    def __init__(self, traffic: Traffic, patterns: list[str], display: Display) -> None:
        self.traffic = traffic
        self.patterns = patterns
        self.losses = Losses(traffic, patterns)
        self.display = display
        self.outages = 0
        self._ended = asyncio.Event()
        self._failure: Exception | None = None

    async def run(self, address: Address, duration_ns: int | None, tick_ns: int) -> None:
        """Until enough was seen, time is over, or a signal. NatsError where the server does not let us listen."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ended.set)
        async with linked(address, "letrade-tap") as link:
            link.on_disconnected.append(self._lost_connection)
            subscriptions = await self._subscribe(link, address)
            await self._listen_to_beats(link, address.desk if address.is_desk else "*")
            link.on_error.append(self._note)
            self.display.start()
            ticking = asyncio.create_task(self._tick(tick_ns / SECOND))
            if duration_ns is not None:
                loop.call_later(duration_ns / SECOND, self._ended.set)
            try:
                while not self._ended.is_set():
                    await self._wait()
                    _check_allowed(subscriptions, address)
                    if _reader_is_gone():
                        raise BrokenPipeError
            finally:
                self._ended.set()
                ticking.cancel()
        if self._failure is not None:
            raise self._failure

    async def _subscribe(self, link: Link, address: Address) -> list[Subscription]:
        subscriptions = [link.subscribe_batches(pattern, self._take) for pattern in self.patterns]
        try:
            await link.flush()
        except PermissionRefused:
            _check_allowed(subscriptions, address)
            raise
        return subscriptions

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            return

    def _take(self, subjects: list[str], payloads: list[bytes]) -> None:
        if self._ended.is_set():
            return
        self.traffic.count(subjects, payloads)
        self._guarded(lambda: self.display.take(subjects, payloads))

    async def _tick(self, seconds: float) -> None:
        """On a steady grid, whatever a display takes."""
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        while not self._ended.is_set():
            await asyncio.sleep(max(0.0, due - loop.time()))
            due = max(due + seconds, loop.time())
            self._guarded(self.display.tick)

    def _guarded(self, show: Callable[[], bool | None]) -> None:
        try:
            if show():
                self._ended.set()
        except Exception as error:  # noqa: BLE001 - `run` raises it
            self._failure = error
            self._ended.set()

    async def _listen_to_beats(self, link: Link, desks: str) -> None:
        """Desks say each second how much they sent; who may not hear that does not learn what was lost."""
        loop = asyncio.get_running_loop()

        def hear(subject: str, payload: bytes, reply: str) -> None:
            if desk := self.losses.hear(subject, payload):
                loop.call_soon(self.losses.close_at, desk)

        subscription = link.subscribe(BEATS.format(desks), hear)
        try:
            await link.flush()
        except PermissionRefused:
            subscription.unsubscribe()

    def _lost_connection(self) -> None:
        if not self._ended.is_set():
            self.outages += 1
            sys.stderr.write("letrade: the connection to NATS is lost: what passes until it is back is not seen\n")

    def _note(self, error: Exception) -> None:
        if isinstance(error, NatsError) and not self._ended.is_set():
            sys.stderr.write(f"letrade: {error}\n")


def _reader_is_gone() -> bool:
    """Whoever read our output, such as head, has ended: with nothing to write we would never be told."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):  # no file at all
        return False
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _check_allowed(subscriptions: list[Subscription], address: Address) -> None:
    """PermissionRefused when the server does not let us listen, or does not any more."""
    for each in subscriptions:
        if each.refused:
            named = f"the user {address.user!r}" if address.user else "this user"
            who = named if address.has_login else "a connection without a login"
            raise PermissionRefused(
                f"{address.places} does not let {who} listen to {each.subject}: name another subject, or "
                f"another login with --nats nats://USER:PASSWORD@HOST ({each.refused})"
            )
