"""A process with feeds alone: started again it goes on where it was, and what comes twice has the same sequence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from letrade.core.actor import ActorConfig
from letrade.core.clock import WallClock
from letrade.core.config.desk import Desk, DeskConfig, FeedEntry, WorkerConfig
from letrade.core.engine import paced
from letrade.core.engine.blueprint import Blueprint
from letrade.core.engine.build import driver_of
from letrade.core.engine.folder import Folder
from letrade.core.engine.station import Station
from letrade.core.feed import Feed
from letrade.core.messages.base import Message
from letrade.core.messages.market import FlowOrder, MarketFlow

COUNT = 300


class Flow(Feed):
    """Orders with ids that count up, one a millisecond."""

    def messages(self) -> Iterator[Message]:
        for number in range(1, COUNT + 1):
            yield MarketFlow(
                instrument="x.A-B", orders=(FlowOrder("limit", number, 1, 1.0, 1.0),), time=number * 1_000_000,
                source=self.name, epoch=1, sequence=number,
            )  # fmt: skip


def station_of(folder: Path) -> Station:
    entry = FeedEntry(name="flow", path="flow", feed_class=Flow, config=ActorConfig(), speed="live")
    config = DeskConfig(desk=Desk(name="test"), feeds=[entry], workers=[WorkerConfig(name="market", feeds=["flow"])])
    place = Folder(folder / "market")
    assert place.try_lock()
    link: Any = None
    return Station(Blueprint(config, "uid"), "market", place, link, 1, WallClock())


async def life(folder: Path, until: int | None) -> list[Message]:
    """What a process sends until it has sent so much, and is killed."""
    station = station_of(folder)
    sent: list[Message] = []
    station.transport.send = sent.extend  # type: ignore[method-assign, assignment]
    running = asyncio.create_task(driver_of(station).run())
    while not running.done() and (until is None or len(sent) < until):
        await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    station.close()
    return [message for message in sent if isinstance(message, MarketFlow)]


def test_a_feed_goes_on_after_a_restart_and_begins_anew_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paced, "CURSOR_EVERY_NS", 5_000_000)
    first = asyncio.run(life(tmp_path, 100))
    second = asyncio.run(life(tmp_path, None))
    numbers = {message.sequence: message.orders[0].order_id for message in first}  # type: ignore[attr-defined]
    again = {message.sequence: message.orders[0].order_id for message in second}  # type: ignore[attr-defined]
    assert len(again) < COUNT
    assert all(numbers[sequence] == number for sequence, number in again.items() if sequence in numbers)
    assert sorted({**numbers, **again}.values()) == list(range(1, COUNT + 1))
    third = asyncio.run(life(tmp_path, 10))
    assert third[0].orders[0].order_id == 1  # type: ignore[attr-defined]
    assert third[0].sequence > max(again)
