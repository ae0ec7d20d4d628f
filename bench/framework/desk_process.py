"""The roles of the desk benchmarks: a process of a desk as the engine builds it, and one of planned ticks."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from letrade.assembly import assemble
from letrade.bench.framework.child import Pipe, run_async
from letrade.bench.framework.desk_actors import Counting
from letrade.bench.framework.desk_files import FEED_WORKER, tick_maker
from letrade.bench.framework.latencies import fold
from letrade.bench.framework.pacing import Schedule, pace_async
from letrade.bench.framework.servers import Place
from letrade.core import codec, ids, subjects
from letrade.core.clock import WallClock, monotonic_ns, process_cpu_ns, wall_ns
from letrade.core.engine.blueprint import Blueprint
from letrade.core.engine.live import LiveRun
from letrade.core.engine.transport import Transport
from letrade.core.journal.files import Journal
from letrade.core.messages.base import Message
from letrade.core.messages.orders import OrderRefused
from letrade.core.messages.registry import tag
from letrade.core.messages.venue import VenueSubmit
from letrade.core.network.link import ClientName, Link, LinkConfig
from letrade.core.network.links import new_link
from letrade.core.process import Process
from letrade.core.stepping.reader import FeedReader

UID = "bench"
DESK = "bench"
LEGS_MAX = 4


class DeskProcess:
    """Node, journal, transport and turns of one process; without a place its messages go nowhere."""

    def __init__(self, desk: str, process: str, folder: Path, link_config: LinkConfig | None) -> None:
        file = folder / "desk.toml"
        file.write_text(desk)
        blueprint = Blueprint(assemble([file], {}), UID)
        journal = Journal(folder / "journal", "never")
        self.process = Process(process, blueprint.node(process), journal, None)
        self.link = new_link(link_config) if link_config is not None else None
        self.transport = Transport(self.link, DESK, process, blueprint.home) if self.link is not None else None
        self.live = LiveRun(self.process, FeedReader([]), WallClock(), self._send)
        self.orders: list[tuple[str, int]] = []
        """(client order id, when it left or came) of each order, by the wall clock."""
        self.refused = 0
        self.complaints: list[str] = []

    async def open(self) -> None:
        if self.link is not None and self.transport is not None:
            await self.link.connect()
            wanted = frozenset(tag(kind) for kind in self.process.node.kinds())
            self.transport.listen(wanted, self._receive, self._complain)
            await self.link.flush()
        self.live.start()

    async def close(self) -> None:
        self.live.stop()
        if self.link is not None:
            await self.link.close()
        assert self.process.journal is not None
        self.process.journal.close()

    def _send(self, messages: list[Message]) -> None:
        """Called once the turn is written down: from here on it may show."""
        for message in messages:
            if type(message) is VenueSubmit:
                self.orders.append((message.client_order_id, wall_ns()))
            elif type(message) is OrderRefused:
                self.refused += 1
        if self.transport is not None:
            self.transport.send(messages)

    def _receive(self, message: Message, payload: bytes) -> None:
        if type(message) is VenueSubmit:
            self.orders.append((message.client_order_id, wall_ns()))
        self.live.receive(message, payload)

    def _complain(self, code: str, text: str) -> None:
        self.complaints.append(f"{code}: {text}")

    def report(self, order: dict[str, Any]) -> dict[str, Any]:
        """What the process did; raises what ended its turns."""
        if self.live.failed.done():
            self.live.failed.result()
        slots = {slot.actor.name: slot.actor for slot in self.process.node.slots}
        counting = {name: actor for name, actor in slots.items() if isinstance(actor, Counting)}
        told: dict[str, Any] = {
            "ticks": {name: actor.ticks for name, actor in slots.items() if hasattr(actor, "ticks")},
            "signals": {name: actor.signal for name, actor in slots.items() if hasattr(actor, "signal")},
            "out_of_order": sum(actor.out_of_order for actor in counting.values()),
            "refused": self.refused, "complaints": self.complaints[:10], "cpu_ns": process_cpu_ns(),
        }  # fmt: skip
        if counting:
            told["folded"] = _folded_lateness(list(counting.values()), order["warm_up_share"])
        if self.orders:
            told["orders"] = self._order_latencies(order)
        return told

    def _order_latencies(self, order: dict[str, Any]) -> dict[str, Any]:
        """From the planned instant of the tick that caused each signal; of several orders for one, the first."""
        schedule = msgspec.convert(order["schedule"], Schedule)
        every = order["every"]
        signals = schedule.count // every
        number_of = {
            ids.client_order_id(UID, ids.order_id("climb", signal, leg)): signal
            for signal in range(1, signals + 1)
            for leg in range(LEGS_MAX)
        }
        first: dict[int, int] = {}
        for client_order_id, time in self.orders:
            first.setdefault(number_of.get(client_order_id, 0), time)
        latencies = [
            time - order["wall_offset_ns"] - schedule.planned_ns(signal * every - 1)
            for signal, time in first.items()
            if signal * every > order["warm_up"]
        ]
        folded = fold(np.array(latencies or [0], dtype=np.int64))
        known = len(first) - (0 in first)
        return {"signals": known, "unknown": int(0 in first), "values": folded.values, "counts": folded.counts}


def _folded_lateness(actors: list[Counting], warm_up_share: float) -> dict[str, Any]:
    parts = []
    for actor in actors:
        late = np.frombuffer(actor.late_ns, dtype=np.int64)
        parts.append(late[int(len(late) * warm_up_share) :])
    folded = fold(np.concatenate(parts))
    return {"values": folded.values, "counts": folded.counts}


def play(pipe: Pipe, place: dict[str, Any] | None, client: ClientName, desk: str, process: str) -> None:
    """Ready once it turns; orders send local ticks, or ask for the report."""
    config = None if place is None else _link_config(msgspec.convert(place, Place), client, process)
    with tempfile.TemporaryDirectory(prefix="letrade-bench-") as folder:
        run_async(_play(pipe, desk, process, Path(folder), config))


def _link_config(place: Place, client: ClientName, process: str) -> LinkConfig:
    return msgspec.structs.replace(place.link_config(client, process), no_echo=True)


async def _play(pipe: Pipe, desk: str, process: str, folder: Path, config: LinkConfig | None) -> None:
    running = DeskProcess(desk, process, folder, config)
    await running.open()
    pipe.say("ready")
    async for order in pipe.orders_async():
        if order["do"] == "ticks":
            pipe.say({"count": await _local_ticks(running, order), "cpu_ns": process_cpu_ns()})
        else:
            pipe.say(running.report(order))
    await running.close()


async def _local_ticks(running: DeskProcess, order: dict[str, Any]) -> int:
    tick, receive = tick_maker(order["instruments"]), running.live.receive
    schedule = msgspec.convert(order["schedule"], Schedule)

    def send(first: int, count: int) -> None:
        for k in range(first, first + count):
            receive(tick(k, schedule.planned_ns(k) + order["wall_offset_ns"]))

    return await pace_async(schedule, send)


def play_ticks(pipe: Pipe, place: dict[str, Any], client: ClientName) -> None:
    """Ready once connected; each order publishes ticks by its schedule."""
    run_async(_play_ticks(pipe, _link_config(msgspec.convert(place, Place), client, FEED_WORKER)))


async def _play_ticks(pipe: Pipe, config: LinkConfig) -> None:
    link = new_link(config)
    await link.connect()
    pipe.say("ready")
    async for order in pipe.orders_async():
        sent = await _publish_ticks(link, order)
        pipe.say({"count": sent, "cpu_ns": process_cpu_ns()})
    await link.close()


async def _publish_ticks(link: Link, order: dict[str, Any]) -> int:
    tick, publish, encode = tick_maker(order["instruments"]), link.publish, codec.encode
    names = [subjects.of_message(DESK, "trade", tick(k, 0)) for k in range(order["instruments"])]
    many = len(names)
    schedule = msgspec.convert(order["schedule"], Schedule)

    def send(first: int, count: int) -> None:
        for k in range(first, first + count):
            publish(names[k % many], encode(tick(k, schedule.planned_ns(k) + order["wall_offset_ns"])))

    sent = await pace_async(schedule, send)
    await link.flush()
    return sent


async def _lateness(schedule: Schedule) -> list[int]:
    late: list[int] = []

    def send(first: int, count: int) -> None:
        now = monotonic_ns()
        late.extend(now - schedule.planned_ns(k) for k in range(first, first + count))

    await pace_async(schedule, send)
    return late


def schedule_only(pipe: Pipe) -> None:
    """The floor of one process: how late the schedule itself is."""

    async def measure() -> None:
        pipe.say("ready")
        async for order in pipe.orders_async():
            late = await _lateness(msgspec.convert(order["schedule"], Schedule))
            folded = fold(np.array(late[order["warm_up"] :], dtype=np.int64))
            pipe.say({"values": folded.values, "counts": folded.counts})

    run_async(measure())
