"""CoreEngine: runs one desk, from its files to its last word; a service embeds it, `letrade run` wraps it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import msgspec

from letrade.core import clock as clocks
from letrade.core import codec
from letrade.core.clock import PacedClock, WallClock
from letrade.core.config.desk import DESK_PROCESS, DeskConfig
from letrade.core.engine.blueprint import Blueprint, stage_of
from letrade.core.engine.build import driver_of
from letrade.core.engine.data_dir import DataDirectory, DeskRecord
from letrade.core.engine.driver import Driver
from letrade.core.engine.guard import Guard
from letrade.core.engine.network import DeskNetwork
from letrade.core.engine.options import EngineOptions, is_stepped
from letrade.core.engine.requests import verbs_of
from letrade.core.engine.station import Station
from letrade.core.engine.status import Status
from letrade.core.engine.supervisor import Launch, Worker, write_private
from letrade.core.errors import LetradeError, ResourceError
from letrade.core.messages.base import Message
from letrade.core.messages.events import Failure
from letrade.core.network.journal_stream import JournalStream
from letrade.core.network.service import DeskService
from letrade.core.stage import SKIPS_BAD_MESSAGES

VIEW_SECONDS = 1.0
VERSION = "0.1.0"


class CoreEngine:
    """One desk in this event loop: `await run()`, and `stop()` from anywhere in the loop.

    `on_view` is given the status once a second; `subscribe` gets every message that the desk's own process sees.
    """

    def __init__(
        self, config: DeskConfig, options: EngineOptions, on_view: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self.config = config
        self.options = options
        self.data = DataDirectory(options.data_dir)
        self.on_view = on_view
        self.station: Station | None = None
        self.driver: Driver | None = None
        self.network = DeskNetwork(config, options, self.data, self._report)
        self.workers: list[Worker] = []
        self.started = asyncio.Event()
        self._observers: list[Callable[[Message], None]] = []
        self._stop_asked = False
        self._lost: LetradeError | None = None
        self._early: list[tuple[str, str]] = []
        self._record: DeskRecord | None = None
        self._service: DeskService | None = None
        self._status: Status | None = None

    def subscribe(self, observer: Callable[[Message], None]) -> None:
        """Call with each message that enters or leaves the desk's own process, at once and in order."""
        self._observers.append(observer)
        if self.station is not None:
            self.station.process.node.observers.append(observer)

    def stop(self) -> None:
        """Drain as the desk file says, and end; `run` returns then."""
        self._stop_asked = True
        if self.driver is not None:
            self.driver.stop()

    def status(self) -> dict[str, Any]:
        """What the desk is doing; {} before it has started."""
        return self._status.view() if self._status is not None else {}

    async def run(self) -> dict[str, Any]:
        """Start, run until the end, stop in order; the summary. LetradeError says what broke it."""
        try:
            await self._open()
            await self._drive()
            return self._summary()
        finally:
            await self._close()

    async def _open(self) -> None:
        if not self.data.folder.try_lock():
            raise ResourceError(
                f"{self.data.path}: another desk uses this data directory: stop it (letrade stop), "
                "or choose another with --data-dir"
            )
        stepped = is_stepped(self.config)
        self._record = self.data.open(self.config, self.options.fresh, stepped)
        self._record.arguments = dict(self.options.desk_arguments)
        self.data.write(self._record)
        link, lease_epoch = await self.network.open(self._lease_lost)
        epoch = self.data.folder.next_epoch(lease_epoch)
        blueprint = Blueprint(self.config, self._record.uid)
        station = Station(blueprint, DESK_PROCESS, self.data.folder, link, epoch, WallClock())
        self.station = station
        station.process.node.observers.extend(self._observers)
        stream = JournalStream(link, self.config.desk.name)
        await stream.ensure()
        await station.start_shipping(stream)
        self.driver = driver_of(station)
        self._status = Status(self, station)
        self._service = DeskService(
            link, self.config.desk.name, VERSION, verbs_of(self), telemetry=self._status.telemetry
        )
        self._service.start()
        self.data.announce(self.network.address(os.getpid(), clocks.wall_ns()))
        await self._start_workers(stepped)
        for code, text in self._early:
            station.complain(code, text)

    async def _start_workers(self, stepped: bool) -> None:
        self.data.launches.mkdir(parents=True, exist_ok=True, mode=0o700)
        for config in self.config.workers:
            if config.external:
                continue
            path = self.data.launches / f"{config.name}.json"
            write_private(path, msgspec.json.encode(self._launch(config.name, stepped)))
            worker = Worker(config, path, self._report, self._worker_died)
            self.workers.append(worker)
            await worker.start()

    def _launch(self, process: str, stepped: bool) -> Launch:
        assert self.station is not None
        clock = self.station.clock
        origin = clock.origins if isinstance(clock, PacedClock) else (0, 0, 1.0)
        return Launch(
            process=process, desk_pid=os.getpid(), desk_arguments=dict(self.options.desk_arguments),
            data_dir=str(self.data.path.resolve()), **self.network.access.fields(),
            uid=self.station.blueprint.context.desk_uid, stepped=stepped,
            instruments=[codec.encode(each) for each in self.station.blueprint.catalogue.messages()],
            clock_origin=origin[0], clock_wall_origin=origin[1], clock_speed=origin[2],
        )  # fmt: skip

    async def _drive(self) -> None:
        """The driver, its workers, the guard and the view; the first that breaks ends all."""
        assert self.driver is not None
        if self._stop_asked:
            self.driver.stop()
        run = asyncio.create_task(self.driver.run(), name="driver")
        watches = [asyncio.create_task(worker.watch(), name=worker.config.name) for worker in self.workers]
        watches += [
            asyncio.create_task(self._guard(), name="guard"), asyncio.create_task(self._view(), name="view"),
            asyncio.create_task(self._end_in_time(), name="end"),
        ]  # fmt: skip
        self.started.set()
        try:
            await self._first_end(run, watches)
        finally:
            for task in (run, *watches):
                task.cancel()
            await asyncio.gather(run, *watches, return_exceptions=True)
        if self._lost is not None:
            raise self._lost
        assert self._record is not None
        self._record.finished = not self._stop_asked
        self.data.write(self._record)

    async def _first_end(self, run: asyncio.Task[None], watches: list[asyncio.Task[None]]) -> None:
        waiting: set[asyncio.Task[None]] = {run, *watches}
        while not run.done():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        run.result()

    async def _guard(self) -> None:
        assert self.station is not None
        assert self.driver is not None
        guard = Guard(self.station, self.driver, self.network.store, self.network.server)
        while True:
            await asyncio.sleep(VIEW_SECONDS)
            await guard.look()

    async def _view(self) -> None:
        while True:
            await asyncio.sleep(VIEW_SECONDS)
            if self.on_view is not None:
                self.on_view(self.status())

    async def _end_in_time(self) -> None:
        if self.options.run_for_ns is not None:
            await asyncio.sleep(self.options.run_for_ns / clocks.SECOND)
            self.stop()

    def _summary(self) -> dict[str, Any]:
        assert self._status is not None
        return self._status.summary()

    async def _close(self) -> None:
        """In the order that loses nothing: requests, workers, journal, lease, link, server."""
        if self._service is not None:
            await self._service.stop()
        await asyncio.gather(*(worker.stop() for worker in self.workers))
        for worker in self.workers:
            worker.launch.unlink(missing_ok=True)  # it holds the desk's password
        if self.station is not None:
            await self.station.stop_shipping()
        if self._record is not None:  # else the directory, and what it says of a running desk, is another's
            self.data.withdraw()
        await self.network.close()
        if self.station is not None:
            self.station.close()
        else:
            self.data.folder.release()

    def _worker_died(self, worker: Worker) -> None:
        """A stepped run waits for the worker, and cannot go on without it. By the clock the others are told at once
        that nobody guards the money that it guarded; and when it is given up, that none of its actors will speak."""
        if is_stepped(self.config):
            if worker.given_up:
                log = worker.launch.with_suffix(".log")
                self._lost = ResourceError(f"worker {worker.config.name} is gone for good; its log is {log}")
                self.stop()
            return
        for entry in self.config.actors:
            owns_money = stage_of(entry) not in SKIPS_BAD_MESSAGES
            if entry.name in worker.config.actors and (owns_money or worker.given_up) and self.driver is not None:
                text = f"worker {worker.config.name} died"
                self.driver.command(Failure(actor=entry.name, kind="", message_id="", error=text, stopped=True))

    def _lease_lost(self, error: LetradeError) -> None:
        """Another desk has our name: whatever we would decide now, it decides too."""
        self._lost = error
        self.stop()

    def _report(self, code: str, text: str) -> None:
        if self.station is None:
            self._early.append((code, text))
        else:
            self.station.complain(code, text)
