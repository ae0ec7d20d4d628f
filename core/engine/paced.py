"""Runs by the clock over NATS: the feeds, the network and the timers of one process, whatever the others do."""

from __future__ import annotations

import asyncio

from msgspec.structs import force_setattr

from letrade.core.clock import SECOND, Clock, monotonic_ns
from letrade.core.engine.alarm import Nap
from letrade.core.engine.cursor import FeedCursor
from letrade.core.engine.driver import Driver, stamp
from letrade.core.engine.healing import Healer
from letrade.core.engine.live import LiveRun
from letrade.core.engine.roll import Roll
from letrade.core.engine.shifting import shift_times
from letrade.core.engine.station import Station
from letrade.core.messages.base import Message
from letrade.core.messages.events import Drain, Heartbeat, Recovered
from letrade.core.stepping.course import OPERATOR, settle_ns
from letrade.core.stepping.reader import FeedReader

POLL_SECONDS = 0.05
CURSOR_EVERY_NS = SECOND // 2


class PacedDriver(Driver):
    """One process of a live or paced desk. `leads` is true for the desk's own process, which drains the others."""

    def __init__(self, station: Station, reader: FeedReader, shift: int, leads: bool) -> None:
        super().__init__(station)
        self.leads = leads
        self.reader = reader
        self.live = LiveRun(station.process, reader, station.clock, self._send, shift)
        seen = station.process.seen
        self._last_command = max((seen[key] for key in seen if key.partition(" ")[0] == OPERATOR), default=0)
        self.roll = Roll(station.wanted, station.blueprint.home, station.complain)
        self._journals: dict[str, str] = {}
        """What the others told of their journals."""
        self._links: dict[str, dict[str, int]] = {}
        """And of their links."""
        self.healer = Healer(station, self.roll, self.live.receive_late, self._waiting)

    def command(self, message: Message) -> None:
        now = self.station.clock.now()
        self._last_command = max(self._last_command + 1, now)
        stamp(message, now, self._last_command)
        self.healer.words.append(message)
        self.station.transport.send([message])
        self.live.receive(message)

    def _waiting(self) -> list[Message]:
        return [*self.live.mailbox.messages(), *(message for message, _ in self.live.late)]

    def queue_depth(self) -> int:
        return len(self.live.mailbox)

    def losses(self) -> dict[str, int]:
        """Conflated ones were replaced by newer ones of their kind."""
        mailbox = self.live.mailbox
        return {
            "missing": self.roll.lost.total() + sum(each.total() for each in self.roll.missing.values()),
            "overflowed": mailbox.dropped.total(),
            "conflated": mailbox.conflated.total(),
        }  # fmt: skip

    def troubled(self) -> dict[str, str]:
        return {**{process: told for process, told in self._journals.items() if told}, **super().troubled()}

    def links(self) -> dict[str, dict[str, int]]:
        return self._links

    async def run(self) -> None:
        station = self.station
        station.transport.listen(station.wanted, self._receive, station.complain)
        station.transport.listen(frozenset({"heartbeat"}), self._hear_beat, station.complain)
        station.transport.hear(self.healer.hear, station.complain)
        await station.link.flush()
        recovered = station.process.turn_number > 0
        station.measure()
        self.live.start()
        if recovered:
            self._say_recovered()
        beats = asyncio.create_task(self.beat())
        try:
            await self._until_stopped()
            if self.leads:
                await self._drain()
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)
            self.live.stop()
        station.snapshot()

    def _say_recovered(self) -> None:
        """The desk tells all; a worker its own actors, which may have missed what the others heard."""
        word = Recovered(process=self.station.name)
        if self.leads:
            self.command(word)
            return
        now = self.station.clock.now()
        last = self.station.process.seen.get(f"{self.station.name} recovered", 0)
        stamp(word, now, max(now, last + 1))
        force_setattr(word, "source", self.station.name)
        self.live.receive(word)

    def _receive(self, message: Message, payload: bytes) -> None:
        self.station.observe_receipt(message)
        self.roll.note(message)
        self.live.receive(message, payload)

    def _hear_beat(self, message: Message, payload: bytes) -> None:
        if isinstance(message, Heartbeat):
            self.roll.hear(message)
            self.healer.hear_beat(message)
            self._journals[message.process] = message.journal
            self._links[message.process] = message.link
            if message.tick_to_order_us is not None:
                self.station.told_latency = message.tick_to_order_us

    async def _until_stopped(self) -> None:
        stopping = asyncio.create_task(self.stopping.wait())
        try:
            while not self.stopping.is_set() and not self._over():
                news: set[asyncio.Future[object]] = {self.live.failed, stopping}  # type: ignore[arg-type]
                await asyncio.wait(news, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self._raise_failure()
                self.snapshot_if_due()
        finally:
            stopping.cancel()

    def _over(self) -> bool:
        """A recorded feed has ended, and its answers have had their time."""
        reader = self.reader
        if not self.leads or not reader.count or reader.peek_time() is not None:
            return False
        return self.station.clock.now() > reader.last_time + self.live.shift + settle_ns(self.station.blueprint.config)

    async def _drain(self) -> None:
        config = self.station.blueprint.config
        self.reader.close()
        self.command(Drain(on_stop=config.desk.on_stop))
        until = self.station.clock.now() + settle_ns(config)
        while self.station.clock.now() < until:
            await asyncio.sleep(POLL_SECONDS)
            self._raise_failure()

    def _raise_failure(self) -> None:
        if self.live.failed.done():
            self.live.failed.result()

    def _send(self, messages: list[Message]) -> None:
        self.station.transport.send(messages)
        self.station.wake_shipper()


class FeedDriver(Driver):
    """A process with feeds and no actors: sends each message when it is due, and stops at their end."""

    def __init__(self, station: Station, reader: FeedReader, shift: int, cursor: FeedCursor) -> None:
        super().__init__(station)
        self.reader = reader
        self.shift = shift
        self.cursor = cursor
        self._saved = 0

    def command(self, message: Message) -> None:
        raise TypeError("a feed takes no commands")

    async def run(self) -> None:
        beats = asyncio.create_task(self.beat())
        try:
            await self._feed()
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)

    async def _feed(self) -> None:
        clock, nap = self.station.clock, Nap()
        try:
            await self._feed_when_due(clock, nap)
        finally:
            nap.close()

    async def _feed_when_due(self, clock: Clock, nap: Nap) -> None:
        while not self.stopping.is_set():
            time = self.reader.peek_time()
            if time is None:
                (self.station.folder.path / "cursor").unlink(missing_ok=True)
                return
            delay = clock.seconds_until(time + self.shift)
            if delay:
                await nap.take(delay)
            self._send(self.reader.take(clock.now() - self.shift + 1))
            await asyncio.sleep(0)

    def _send(self, messages: list[Message]) -> None:
        cursor = self.cursor
        for message in messages:
            cursor.seen[message.source] = message.sequence
            shift_times(message, self.shift)
            force_setattr(message, "sequence", message.sequence + cursor.offset)
        self.feed_messages += len(messages)
        self.station.transport.send(messages)
        now = monotonic_ns()
        if now - self._saved > CURSOR_EVERY_NS:
            self._saved = now
            cursor.save(self.station.folder.path)
