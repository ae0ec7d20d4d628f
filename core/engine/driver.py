"""What every run of a process has in common: it starts, takes an operator's words, drains, and ends."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from msgspec.structs import force_setattr

from letrade.core.clock import monotonic_ns
from letrade.core.engine.link_watch import link_troubles
from letrade.core.engine.station import Station
from letrade.core.messages.base import Message
from letrade.core.messages.events import Heartbeat
from letrade.core.stepping.course import OPERATOR

HEARTBEAT_SECONDS = 1.0


class Driver(ABC):
    """Drives the station of one process until its feeds end, it is stopped, or something breaks."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.stopping = asyncio.Event()
        self.feed_messages = 0
        self._last_snapshot = monotonic_ns()

    @abstractmethod
    async def run(self) -> None:
        """Until the end. Raises what broke the run."""

    @abstractmethod
    def command(self, message: Message) -> None:
        """An operator's word, taken at the next turn."""

    def stop(self) -> None:
        """Drain and end."""
        self.stopping.set()

    def losses(self) -> dict[str, int]:
        """Messages that did not reach the actors here, by what became of them."""
        return {}

    def queue_depth(self) -> int:
        """Messages from other processes that wait for the next turn."""
        return 0

    async def beat(self) -> None:
        """Tell the others once a second that we live, and how much we sent."""
        station = self.station
        sequence = station.clock.now()
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            sequence += 1
            beat = Heartbeat(
                process=station.name, sent=dict(station.transport.sent), time=station.clock.now(),
                source=station.name, epoch=station.process.node.epoch, sequence=sequence,
                tick_to_order_us=station.tick_to_order.summary(), journal=station.journal_trouble(),
                link=link_troubles(station.link.counters),
            )  # fmt: skip
            station.transport.send([beat])

    def troubled(self) -> dict[str, str]:
        """What is wrong with the journals of this process and of the others that tell, by process."""
        trouble = self.station.journal_trouble()
        return {self.station.name: trouble} if trouble else {}

    def links(self) -> dict[str, dict[str, int]]:
        """What went wrong between the other processes and their NATS server, by process, as far as they tell."""
        return {}

    def snapshot_if_due(self) -> None:
        """Write the state down every so often; only where a turn has just ended."""
        now = monotonic_ns()
        if now - self._last_snapshot > self.station.blueprint.config.desk.snapshot_every:
            self._last_snapshot = now
            self.station.snapshot()


def stamp(message: Message, time: int, sequence: int) -> None:
    """Make a message an operator's."""
    force_setattr(message, "time", time)
    force_setattr(message, "source", OPERATOR)
    force_setattr(message, "epoch", 1)
    force_setattr(message, "sequence", sequence)
