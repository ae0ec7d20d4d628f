"""One process of a running desk: its journal is forced to the disk, and no full disk ends it at a snapshot."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from letrade.core.clock import WallClock
from letrade.core.config.desk import Desk, DeskConfig
from letrade.core.engine import station as stations
from letrade.core.engine.blueprint import Blueprint
from letrade.core.engine.folder import Folder
from letrade.core.engine.station import Station
from letrade.core.errors import NatsError
from letrade.core.journal.files import segment_paths
from letrade.core.messages.events import Halt
from letrade.core.network.link import LinkCounters


class NoLink:
    """A link whose server is away."""

    connected = False
    counters = LinkCounters()

    def publish(self, *arguments: Any, **options: Any) -> None:
        raise NatsError("away")


class NoStream:
    """The journal's stream while the server is away."""

    name = "LETRADE_test_JOURNAL"

    def subject(self, process: str) -> str:
        return f"letrade.test.journal.{process}"

    async def ensure(self) -> bool:
        raise NatsError("away")


def station_in(folder: Path, **desk: Any) -> Station:
    config = DeskConfig(desk=Desk(name="test", **desk))
    place = Folder(folder / "desk")
    assert place.try_lock()
    link: Any = NoLink()
    return Station(Blueprint(config, "uid"), "desk", place, link, 1, WallClock())


def turn(station: Station, number: int) -> None:
    process = station.process
    process.open_window(number, number)
    process.take(Halt(account="*", reason="x", time=number, source="operator", epoch=1, sequence=number))
    process.turn(number, number, -1)
    process.open_window(number + 1, number)


@pytest.mark.parametrize(("policy", "syncs"), [("interval", True), ("never", False)])
def test_the_journal_is_forced_to_the_disk_as_often_as_the_policy_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, syncs: bool
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(stations, "SYNC_SECONDS", 0.01)
    monkeypatch.setattr(os, "fsync", synced.append)

    async def live() -> None:
        station = station_in(tmp_path, journal_fsync=policy)
        stream: Any = NoStream()
        await station.start_shipping(stream)
        turn(station, 1)
        await asyncio.sleep(0.1)
        station.process.journal.rotate()  # type: ignore[union-attr]
        await asyncio.sleep(0.05)
        await station.stop_shipping()
        station.close()

    asyncio.run(live())
    assert (len(synced) > 2) is syncs
    assert bool(synced) is syncs


def test_a_snapshot_that_the_disk_refuses_is_told_and_the_desk_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = station_in(tmp_path)
    turn(station, 1)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", _refuse)
        station.snapshot()
    assert station.alert_counts["snapshot"] == 1
    assert list(station.snapshots.folder.iterdir()) == []
    station.snapshot()
    assert station.snapshots.oldest_turn() == 1
    station.close()


def _refuse(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_segments_stay_as_long_as_the_oldest_snapshot_that_is_kept_needs_them(tmp_path: Path) -> None:
    station = station_in(tmp_path)
    station.journal.bytes_max = 0
    for number in range(1, 5):
        turn(station, number)
        station.snapshot()
    turn(station, 5)
    assert station.snapshots.oldest_turn() == 3
    assert [int(path.stem) for path in segment_paths(station.folder.journal)] == [4, 5]
    station.process.take(Halt(account="*", reason="x", time=6, source="operator", epoch=1, sequence=6))
    station.snapshot()  # not the time: an input waits for its turn
    assert [int(path.stem) for path in segment_paths(station.folder.journal)] == [4, 5]
    station.close()
