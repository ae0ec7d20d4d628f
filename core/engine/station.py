"""One process of a running desk: its node, journal and link, and the run that drives them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import Any

from letrade.core.clock import SECOND, Clock, monotonic_ns
from letrade.core.config.desk import DESK_PROCESS
from letrade.core.engine.blueprint import Blueprint
from letrade.core.engine.folder import Folder
from letrade.core.engine.latency import TickToOrder
from letrade.core.engine.transport import Transport
from letrade.core.errors import LetradeError, ResourceError
from letrade.core.journal.files import Journal
from letrade.core.journal.snapshots import SnapshotStore
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.registry import tag
from letrade.core.network.journal_stream import JournalStream
from letrade.core.network.link import Link
from letrade.core.network.shipper import Record, Shipper, ShipperState
from letrade.core.process import Process
from letrade.core.stage import Stage
from letrade.core.stepping.barrier import Barrier

ALERTS_KEPT = 100
ALERT_INTERVAL_NS = SECOND
SYNC_SECONDS = 1.0
LAG_RECORDS_MAX = 200_000
FULL, BEHIND = "full", "behind"


class Station:
    """Built before the run, closed after it; `alerts` are the last ones, newest last."""

    def __init__(self, blueprint: Blueprint, name: str, folder: Folder, link: Link, epoch: int, clock: Clock) -> None:
        desk = blueprint.config.desk
        self.blueprint = blueprint
        self.name = name
        self.folder = folder
        self.link = link
        self.clock = clock
        self.journal = Journal(folder.journal, desk.journal_fsync, desk.journal_max_bytes)
        self.snapshots = SnapshotStore(folder.snapshots)
        self.process = Process(name, blueprint.node(name, epoch), self.journal, self.snapshots)
        self.transport = Transport(link, desk.name, name, blueprint.home)
        self.tick_to_order = TickToOrder()
        self.told_latency: dict[str, int] | None = None
        """Tick to order, as the process tells in which the venue lives."""
        self.alerts: deque[Alert] = deque(maxlen=ALERTS_KEPT)
        self.alert_counts: Counter[str] = Counter()
        self._alerted_at: dict[str, int] = {}
        self.last_manifest: dict[str, Any] | None = None
        """What the last snapshot holds, as key-value shows it."""
        self.shipper: Shipper | None = None
        self._behind = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def wanted(self) -> frozenset[str]:
        """The kinds that actors here take."""
        return frozenset(tag(kind) for kind in self.process.node.kinds())

    def has_stage(self, stage: Stage) -> bool:
        return any(slot.place.stage == stage for slot in self.process.node.slots)

    def barrier(self) -> Barrier:
        """What this process must know of the others in a stepped run."""
        return Barrier(self.name, DESK_PROCESS, self.blueprint.phases, self.wanted, self.blueprint.home)

    def measure(self) -> None:
        """Watch orders arrive, where the venue lives; only in runs by the clock."""
        if self.has_stage(Stage.VENUE):
            self.tick_to_order.clock = self.clock
            self.process.node.observers.append(self._observe_own)

    def observe_receipt(self, message: Message) -> None:
        """A message of another process, at the moment that it came."""
        self.tick_to_order.observe(message)

    def _observe_own(self, message: Message) -> None:
        """An order that was decided in this process reaches the venue when it is published."""
        if self.blueprint.home.get(message.source) == self.name:
            self.tick_to_order.observe(message)

    def latency(self) -> dict[str, int] | None:
        """Tick to order in microseconds, measured where the venue lives."""
        return self.tick_to_order.summary() or self.told_latency

    def complain(self, code: str, text: str) -> None:
        """Something that an operator should see: counted always, kept and shown at most once a second and code."""
        self.alert_counts[code] += 1
        now = monotonic_ns()
        if now - self._alerted_at.get(code, 0) < ALERT_INTERVAL_NS:
            return
        self._alerted_at[code] = now
        alert = Alert(
            level="warning", code=code, text=text, time=self.clock.now(), source=self.name,
            epoch=self.process.node.epoch, sequence=self.alert_counts.total(),
        )  # fmt: skip
        self.alerts.append(alert)
        self.transport.send([alert])

    async def start_shipping(self, stream: JournalStream) -> None:
        """Copy the journal to the stream from now on."""
        self.shipper = Shipper(self.link, stream, self.name, _Outputs(self.journal), self._report)
        self.shipper.wake(self.journal.last_output)
        self._tasks.append(asyncio.create_task(self.shipper.run(), name=f"shipper-{self.name}"))
        if self.journal.fsync == "interval":
            self._tasks.append(asyncio.create_task(self._sync(), name=f"sync-{self.name}"))
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def _sync(self) -> None:
        """Once a second a loss of power can take no more than the last second."""
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            await asyncio.to_thread(self.journal.sync)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Neither task may end by itself: whoever relies on it is told."""
        if not task.cancelled() and task.exception() is not None:
            self.complain("journal_task", f"{task.get_name()} has stopped: {task.exception()!r}")

    def snapshot(self) -> None:
        """Write the state down, and drop what it makes unneeded. Where the disk refuses, the older ones stay."""
        process = self.process
        try:
            if not process.snapshot():
                return
            self.journal.drop_before(self.snapshots.oldest_turn(), self.shipper.stored_sequence if self.shipper else 0)
        except (ResourceError, OSError) as error:
            self.complain("snapshot", str(error))
            return
        self.last_manifest = {
            "process": self.name, "turn": process.turn_number, "window": process.window, "time": process.node.latest,
            "records": process.output_number, "epoch": process.node.epoch,
        }  # fmt: skip

    def wake_shipper(self) -> None:
        if self.shipper is not None:
            self.shipper.wake(self.journal.last_output)

    async def stop_shipping(self) -> None:
        """Give the copy a while to come to its end."""
        if self.shipper is not None:
            self.shipper.wake(self.journal.last_output)
            await self.shipper.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self) -> None:
        self.journal.close()
        self.folder.release()

    def journal_trouble(self) -> str:
        """Why nothing new may open: `full`, as the disk refused, `behind`, as too much is not in the stream, or ''."""
        if self.journal.full:
            return FULL
        lag = self.shipper.lag if self.shipper is not None else 0
        # Once it is behind it has to catch up by half before that is over.
        part = 2 if self._behind else 1
        self._behind = lag > LAG_RECORDS_MAX // part or self.journal.bytes_kept > self.journal.bytes_max
        return BEHIND if self._behind else ""

    def journal_view(self) -> dict[str, Any]:
        """The journal as an operator sees it."""
        return {
            "lag": self.shipper.lag if self.shipper is not None else 0,
            "records": self.journal.last_output,
            "bytes": self.journal.bytes_written,
            "state": str(self.shipper.state) if self.shipper is not None else "off",
            "full": self.journal.full,
        }

    def _report(self, error: LetradeError) -> None:
        """A server that is away is told apart from a stream that refuses: only the latter waits for an operator."""
        refused = self.shipper is not None and self.shipper.state is ShipperState.REFUSED
        self.complain("journal_refused" if refused else "journal_stream", str(error))


class _Outputs:
    """The journal as the shipper reads it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def read_after(self, sequence: int, limit: int) -> list[Record]:
        return [Record(*output) for output in self._journal.read_after(sequence, limit)]
