"""Stepped runs over NATS: the desk's process reads the feeds and leads, workers follow."""

from __future__ import annotations

import asyncio

from letrade.core.clock import SECOND
from letrade.core.engine.driver import Driver, stamp
from letrade.core.engine.station import Station
from letrade.core.errors import LetradeError
from letrade.core.messages.base import Message
from letrade.core.stepping.course import OPERATOR, Course
from letrade.core.stepping.leader import Leader
from letrade.core.stepping.member import Member, Outlet
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import Solo

YIELD_EVERY_WINDOWS = 16
FLUSH_EVERY_WINDOWS = 512


class SteppedDriver(Driver):
    """The desk's process in a stepped run: reads the feeds; alone, or as the leader of its workers."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        blueprint = station.blueprint
        self.reader = FeedReader(blueprint.feeds(None))
        self.course = Course(station.process, self.reader, blueprint.config)
        self._commands: list[Message] = []
        self._alone = not blueprint.config.workers

    def command(self, message: Message) -> None:
        self._commands.append(message)

    def stop(self) -> None:
        super().stop()
        self.course.stop()

    async def run(self) -> None:
        """All windows of the course."""
        await (self._run_alone() if self._alone else self._run_leader())

    async def _run_alone(self) -> None:
        station = self.station
        solo = Solo(station.process, self.reader, station.blueprint.step_ns)
        solo.recover()
        count = 0
        while (following := self.course.next(solo.next_window())) is not None:
            window, words = following
            inputs, outputs = solo.run(window, *self._spoken(window.start), *words)
            self._send(inputs, outputs)
            count += 1
            if count % YIELD_EVERY_WINDOWS == 0:
                await asyncio.sleep(0)
            if count % FLUSH_EVERY_WINDOWS == 0:
                await self._keep_up()
            self.snapshot_if_due()
        station.snapshot()

    async def _run_leader(self) -> None:
        station = self.station
        feeds = frozenset(feed.name for feed in station.blueprint.config.feeds) | {OPERATOR}
        outlet = Outlet(station.transport.send, station.transport.signal)
        leader = Leader(station.process, station.barrier(), outlet, self.reader, station.blueprint.step_ns, feeds)
        station.transport.listen(station.wanted, leader.receive, station.complain)
        station.transport.hear(leader.hear, station.complain)
        await station.link.flush()
        leader.recover()
        leader.rejoin()
        await leader.finish_window()
        while (following := self.course.next(await leader.next_window())) is not None:
            window, words = following
            self._count(await leader.run_window(window, *self._spoken(window.start), *words))
            station.wake_shipper()
            self.snapshot_if_due()
        station.snapshot()
        leader.end()

    def _spoken(self, time: int) -> list[Message]:
        """Numbered from the window's time on; the time itself is the number of its Drain."""
        commands, self._commands = self._commands, []
        for place, message in enumerate(commands, start=1):
            stamp(message, time, time + place)
        return commands

    def _send(self, inputs: list[Message], outputs: list[Message]) -> None:
        self._count(inputs)
        self.station.transport.send(inputs)
        self.station.transport.send(outputs)
        self.station.wake_shipper()

    def _count(self, inputs: list[Message]) -> None:
        self.feed_messages += len(inputs)

    async def _keep_up(self) -> None:
        """Let the server take what was sent, so that what waits does not grow without bound; a dead one is no reason
        to stop: observers lose, the desk does not."""
        if self.station.link.connected:
            try:
                await self.station.link.flush()
            except LetradeError as error:
                self.station.complain("nats", str(error))


class FollowerDriver(Driver):
    """A worker in a stepped run."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        outlet = Outlet(station.transport.send, station.transport.signal)
        self.member = Member(station.process, station.barrier(), outlet)

    def command(self, message: Message) -> None:
        raise TypeError("a worker takes its commands from the desk")

    async def run(self) -> None:
        station = self.station
        station.transport.listen(station.wanted, self.member.receive, station.complain)
        station.transport.hear(self.member.hear, station.complain)
        await station.link.flush()
        station.process.recover()
        following = asyncio.create_task(self.member.follow())
        stopping = asyncio.create_task(self.stopping.wait())
        snapshots = asyncio.create_task(self._snapshots())
        await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, snapshots):
            task.cancel()
        if not following.done():
            following.cancel()
        await asyncio.gather(following, stopping, snapshots, return_exceptions=True)
        if following.done() and not following.cancelled() and following.exception() is not None:
            raise following.exception()  # type: ignore[misc]
        if not self.member.in_window:
            station.snapshot()

    async def _snapshots(self) -> None:
        every = self.station.blueprint.config.desk.snapshot_every / SECOND
        while True:
            await asyncio.sleep(every)
            if not self.member.in_window:
                self.station.snapshot()
            self.station.wake_shipper()
