"""One worker process of a desk: started by its desk, or by hand for a process that outlives it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from letrade.core import codec
from letrade.core.clock import Clock, PacedClock, WallClock
from letrade.core.config.desk import DeskConfig
from letrade.core.engine.blueprint import Blueprint
from letrade.core.engine.build import driver_of
from letrade.core.engine.driver import Driver
from letrade.core.engine.folder import Folder
from letrade.core.engine.link_watch import watch_link
from letrade.core.engine.station import Station
from letrade.core.engine.supervisor import Launch
from letrade.core.errors import ConfigurationError
from letrade.core.messages.market import Instrument
from letrade.core.network.journal_stream import JournalStream
from letrade.core.network.links import new_link

CONNECT_SECONDS = 15.0


class WorkerProcess:
    """`await run()`; `stop()` writes the state down and ends."""

    def __init__(self, config: DeskConfig, launch: Launch) -> None:
        if launch.process not in {worker.name for worker in config.workers}:
            names = ", ".join(worker.name for worker in config.workers) or "none"
            raise ConfigurationError(f"the desk has no worker {launch.process!r}; its workers are: {names}")
        self.config = config
        self.launch = launch
        self.driver: Driver | None = None
        self.station: Station | None = None
        self._stop_asked = False

    def stop(self) -> None:
        self._stop_asked = True
        if self.driver is not None:
            self.driver.stop()

    async def run(self) -> dict[str, Any]:
        """Until the desk ends the run, or `stop`; what this process did."""
        launch = self.launch
        folder = Folder(Path(launch.data_dir) / launch.process)
        await folder.lock()
        name = f"letrade-{self.config.desk.name}-{launch.process}"
        link = new_link(launch.link_config(name, no_echo=True, connect_timeout_seconds=CONNECT_SECONDS))
        await link.connect()
        known = [codec.decode(payload) for payload in launch.instruments]
        blueprint = Blueprint(
            self.config, launch.uid, [message for message in known if isinstance(message, Instrument)]
        )
        station = Station(blueprint, launch.process, folder, link, folder.next_epoch(), self._clock())
        self.station = station
        watch_link(link, station.complain)
        stream = JournalStream(link, self.config.desk.name)
        await stream.ensure()
        await station.start_shipping(stream)
        try:
            self.driver = driver_of(station)
            if self._stop_asked:
                self.driver.stop()
            await self.driver.run()
            return self._summary()
        finally:
            await station.stop_shipping()
            await self._farewell(link.drain if link.connected else link.close)
            station.close()

    def _clock(self) -> Clock:
        launch = self.launch
        if launch.clock_origin:
            return PacedClock(launch.clock_origin, launch.clock_wall_origin, launch.clock_speed)
        return WallClock()

    def _summary(self) -> dict[str, Any]:
        assert self.station is not None
        assert self.driver is not None
        return {
            "process": self.launch.process,
            "handled": self.station.process.node.handled,
            "feed_messages": self.driver.feed_messages,
            "tick_to_order_us": self.station.tick_to_order.summary(),
            "counters": dict(self.station.transport.counters),
            "sent": dict(self.station.transport.sent),
        }

    @staticmethod
    async def _farewell(end: Callable[[], Any]) -> None:
        try:
            await asyncio.wait_for(end(), 5.0)
        except TimeoutError:
            return
