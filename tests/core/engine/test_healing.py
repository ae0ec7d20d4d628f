"""Messages that a network really drops between two processes by the clock: noticed, asked for, and taken once each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from letrade.core.actor import Actor
from letrade.core.clock import SECOND, WallClock
from letrade.core.config.desk import ActorEntry, Desk, DeskConfig, NoSettings, WorkerConfig
from letrade.core.engine import driver as drivers
from letrade.core.engine.blueprint import Blueprint
from letrade.core.engine.folder import Folder
from letrade.core.engine.healing import Healer
from letrade.core.engine.paced import PacedDriver
from letrade.core.engine.station import Station
from letrade.core.messages.base import Timer
from letrade.core.messages.events import Halt
from letrade.core.messages.orders import CashEntry, OrderUpdate
from letrade.core.money import money
from letrade.core.network.link import LinkCounters
from letrade.core.stage import Stage
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.signals import Again, StepSignal

EVERY_NS = 2_000_000


class Teller(Actor):
    """Tells of cash, and of one order that goes on and on, every two milliseconds."""

    stage: ClassVar[Stage] = Stage.EXECUTION
    told = 0

    def start(self) -> None:
        self.set_timer(self.now() + EVERY_NS, "tell")

    def on_timer(self, timer: Timer) -> None:
        self.told += 1
        self.publish(
            CashEntry(
                strategy="-", account="a", instrument="x.A-B", entry_id=str(self.told), origin="fee",
                amount=money("USDT", self.told),
            )
        )  # fmt: skip
        self.publish(
            OrderUpdate(
                strategy="-", account="a", instrument="x.A-B", order_id="o", client_order_id="c", venue_order_id="v",
                state="open", side=1, size=1e6, filled=float(self.told), price=1.0, reduce_only=False,
            )
        )  # fmt: skip
        self.set_timer(self.now() + EVERY_NS, "tell")

    def state(self) -> Any:
        return self.told

    def restore(self, state: Any) -> None:
        self.told = state


class Listener(Actor):
    """Keeps what it hears."""

    stage: ClassVar[Stage] = Stage.LEDGER

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.entries: list[int] = []
        self.filled: list[float] = []
        self.halts: list[str] = []

    def on_cash_entry(self, entry: CashEntry) -> None:
        self.entries.append(int(entry.entry_id))

    def on_order_update(self, update: OrderUpdate) -> None:
        self.filled.append(update.filled)

    def on_halt(self, halt: Halt) -> None:
        self.halts.append(halt.reason)

    def state(self) -> Any:
        return [self.entries, self.filled, self.halts]

    def restore(self, state: Any) -> None:
        self.entries, self.filled, self.halts = state


class Wire:
    """Carries messages among links by subject, in order; `drops` says which are lost."""

    def __init__(self) -> None:
        self.links: list[WireLink] = []
        self.drops: Callable[[str], bool] = lambda subject: False
        self.dropped = 0

    def carry(self, sender: WireLink, subject: str, payload: bytes) -> None:
        if self.drops(subject):
            self.dropped += 1
            return
        for link in self.links:
            if link is not sender:
                for pattern, handler in link.handlers:
                    if subject == pattern or subject.startswith(pattern.rstrip(">*")):
                        asyncio.get_running_loop().call_soon(handler, subject, payload, "")


class WireLink:
    """As much of a Link as a driver needs."""

    connected = True

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.counters = LinkCounters()
        self.handlers: list[tuple[str, Any]] = []
        wire.links.append(self)

    def publish(self, subject: str, payload: bytes, **options: Any) -> None:
        self.wire.carry(self, subject, payload)

    def subscribe(self, subject: str, handler: Any) -> None:
        self.handlers.append((subject, handler))

    def subscribe_decoded(self, subject: str, decode: Any, handler: Any, refuse: Any) -> None:
        self.handlers.append((subject, lambda subject, payload, reply: handler(subject, decode(payload), payload)))

    async def flush(self) -> None:
        await asyncio.sleep(0)


def config() -> DeskConfig:
    entries = [
        ActorEntry(name=name, path=kind.__qualname__, actor_class=kind, config=NoSettings())
        for name, kind in (("teller", Teller), ("listener", Listener))
    ]
    return DeskConfig(desk=Desk(name="test"), actors=entries, workers=[WorkerConfig(name="one", actors=["listener"])])


class Life:
    """One process from its start to its end."""

    def __init__(self, wire: Wire, folder: Path, name: str, epoch: int = 1) -> None:
        place = Folder(folder / name)
        assert place.try_lock()
        self.link = WireLink(wire)
        link: Any = self.link
        self.station = Station(Blueprint(config(), "uid"), name, place, link, epoch, WallClock())
        self.station.process.recover()
        self.driver = PacedDriver(self.station, FeedReader([]), 0, leads=name == "desk")
        self.task = asyncio.create_task(self.driver.run())

    async def die(self) -> None:
        """At once: what has not been written down is gone."""
        self.driver.live.stop()
        self.link.wire.links.remove(self.link)
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.station.close()

    def actor(self, name: str) -> Any:
        (found,) = (slot.actor for slot in self.station.process.node.slots if slot.actor.name == name)
        return found


@pytest.fixture(autouse=True)
def beats_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "HEARTBEAT_SECONDS", 0.05)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


def whole(listener: Any) -> bool:
    return sorted(listener.entries) == list(range(1, len(listener.entries) + 1))


def test_facts_that_are_dropped_on_the_way_are_taken_once_each_and_no_old_state_after_a_newer(tmp_path: Path) -> None:
    async def live() -> None:
        wire = Wire()
        worker, desk = Life(wire, tmp_path, "one"), Life(wire, tmp_path, "desk")
        listener = worker.actor("listener")
        await until(lambda: len(listener.entries) > 50)
        wire.drops = lambda subject: ".do." in subject
        await until(lambda: wire.dropped > 40)
        wire.drops = lambda subject: False
        count = len(listener.entries)
        await until(lambda: len(listener.entries) > count + wire.dropped // 2 + 20 and whole(listener))
        await until(lambda: worker.driver.losses()["missing"] == 0)  # nor is the last one still on its way
        assert worker.driver.live.process.duplicates == 0
        assert worker.driver.healer.healed >= wire.dropped // 2
        assert listener.filled == sorted(listener.filled)
        for life in (worker, desk):
            await life.die()

    asyncio.run(live())


@pytest.mark.parametrize("who", ["one", "desk"])
def test_what_was_said_while_one_of_the_two_was_dead_is_heard_after_its_restart(tmp_path: Path, who: str) -> None:
    async def live() -> None:
        wire = Wire()
        lives = {name: Life(wire, tmp_path, name) for name in ("one", "desk")}
        await until(lambda: len(lives["one"].actor("listener").entries) > 50)
        wire.drops = lambda subject: ".do." in subject or ".halt." in subject  # written down, but never sent
        lives["desk"].driver.command(Halt(account="*", reason="lost at first"))
        await until(lambda: wire.dropped > 20)
        await lives[who].die()
        await asyncio.sleep(0.05)
        wire.drops = lambda subject: False
        lives[who] = Life(wire, tmp_path, who, epoch=2)
        listener = lives["one"].actor("listener")
        before = len(listener.entries)
        await until(lambda: len(listener.entries) > before + wire.dropped // 2 + 20 and whole(listener))
        assert listener.halts == ["lost at first"] or who == "desk"
        for life in lives.values():
            await life.die()

    asyncio.run(live())


def test_what_was_healed_is_not_healed_again_after_a_restart(tmp_path: Path) -> None:
    async def live() -> None:
        wire = Wire()
        worker, desk = Life(wire, tmp_path, "one"), Life(wire, tmp_path, "desk")
        listener = worker.actor("listener")
        await until(lambda: len(listener.entries) > 20)
        wire.drops = lambda subject: ".do." in subject
        await until(lambda: wire.dropped > 20)
        wire.drops = lambda subject: False
        await until(lambda: worker.driver.healer.healed > 10 and whole(listener))
        worker.station.snapshot()
        await worker.die()
        again = Life(wire, tmp_path, "one", epoch=2)
        listener = again.actor("listener")
        before = len(listener.entries)
        await until(lambda: len(listener.entries) > before + 30 and whole(listener))
        for life in (again, desk):
            await life.die()

    asyncio.run(live())


def test_an_answer_may_come_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letrade.core.engine.healing.PART_BYTES", 200)
    parts, hear = list[int](), Healer.hear

    def counted(healer: Healer, signal: StepSignal) -> None:
        if isinstance(signal, Again):
            parts.append(signal.parts)
        hear(healer, signal)

    monkeypatch.setattr(Healer, "hear", counted)
    test_facts_that_are_dropped_on_the_way_are_taken_once_each_and_no_old_state_after_a_newer(tmp_path)
    assert max(parts) > 1


def test_what_was_lost_after_the_last_heartbeat_and_is_in_the_answer_is_not_told_as_lost(tmp_path: Path) -> None:
    async def live() -> None:
        wire = Wire()
        worker, desk = Life(wire, tmp_path, "one"), Life(wire, tmp_path, "desk")
        listener, carry = worker.actor("listener"), wire.carry
        await until(lambda: len(listener.entries) > 20)

        def slow_to_ask(sender: WireLink, subject: str, payload: bytes) -> None:
            if b"since" in payload:
                asyncio.get_running_loop().call_later(10 * EVERY_NS / SECOND, carry, sender, subject, payload)
                return
            if b"again" in payload:
                wire.drops = lambda subject: False
            carry(sender, subject, payload)

        wire.carry = slow_to_ask  # type: ignore[method-assign]
        wire.drops = lambda subject: ".do." in subject
        count = len(listener.entries)
        await until(lambda: len(listener.entries) > count + 100 and whole(listener))
        assert worker.driver.healer.healed > 0
        assert worker.driver.losses()["missing"] == 0
        for life in (worker, desk):
            await life.die()

    asyncio.run(live())


def test_what_is_too_much_to_be_sent_again_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letrade.core.engine.healing.AGAIN_MAX", 5)

    async def live() -> None:
        wire = Wire()
        worker, desk = Life(wire, tmp_path, "one"), Life(wire, tmp_path, "desk")
        await until(lambda: len(worker.actor("listener").entries) > 20)
        wire.drops = lambda subject: ".do." in subject
        await until(lambda: wire.dropped > 40)
        wire.drops = lambda subject: False
        await until(lambda: desk.station.alert_counts["lost"] > 0)
        for life in (worker, desk):
            await life.die()

    asyncio.run(live())


def test_what_was_said_to_the_dead_is_heard_though_its_sender_died_too_some_snapshots_later(tmp_path: Path) -> None:
    async def live() -> None:
        wire = Wire()
        lives = {name: Life(wire, tmp_path, name) for name in ("one", "desk")}
        await until(lambda: len(lives["one"].actor("listener").entries) > 20)
        await lives["one"].die()
        teller = lives["desk"].actor("teller")
        for _ in range(4):
            told = teller.told
            await until(lambda told=told: teller.told > told + 5)  # type: ignore[misc]
            lives["desk"].station.snapshot()
        await lives["desk"].die()
        lives = {name: Life(wire, tmp_path, name, epoch=2) for name in ("desk", "one")}
        listener = lives["one"].actor("listener")
        await until(lambda: len(listener.entries) > teller.told + 5 and whole(listener))
        for life in lives.values():
            await life.die()

    asyncio.run(live())


def test_who_did_not_answer_before_our_next_restart_is_asked_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("letrade.core.engine.healing.MARGIN_NS", 15 * EVERY_NS)

    async def live() -> None:
        wire = Wire()
        lives = {name: Life(wire, tmp_path, name) for name in ("one", "desk")}
        await until(lambda: len(lives["one"].actor("listener").entries) > 20)
        await lives["one"].die()
        told = lives["desk"].actor("teller").told
        await until(lambda: lives["desk"].actor("teller").told > told + 10)
        await lives["desk"].die()
        for epoch in (2, 3):  # while the other is away
            lives["one"] = Life(wire, tmp_path, "one", epoch)
            await asyncio.sleep(0.15)
            lives["one"].driver.command(Halt(account="*", reason="a turn of a later time"))
            await until(lambda: len(lives["one"].actor("listener").halts) == epoch - 1)  # noqa: B023
            await lives["one"].die()
        lives = {name: Life(wire, tmp_path, name, epoch=4) for name in ("one", "desk")}
        listener = lives["one"].actor("listener")
        await until(lambda: len(listener.entries) > told + 20 and whole(listener))
        for life in lives.values():
            await life.die()

    asyncio.run(live())
