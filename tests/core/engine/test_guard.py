"""What a desk stands on is watched: journals that grow or fall behind, in any process, and a server that is stuck."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from letrade.core.engine.driver import Driver
from letrade.core.engine.guard import STUCK_LOOKS, Guard
from letrade.core.engine.paced import PacedDriver
from letrade.core.engine.station import Station
from letrade.core.messages.base import Message
from letrade.core.messages.events import Halt, Heartbeat, Resume
from letrade.core.network.shipper import Shipper, ShipperState
from letrade.core.stepping.reader import FeedReader
from tests.core.test_station import NoStream, station_in, turn


class Told(Driver):
    """A driver that keeps what it is told."""

    def __init__(self, station: Station) -> None:
        super().__init__(station)
        self.words: list[Message] = []

    async def run(self) -> None:
        """Nothing is driven here."""

    def command(self, message: Message) -> None:
        self.words.append(message)


class Server:
    """A private server that is started again."""

    def __init__(self, directory: Path) -> None:
        self.config = type("Config", (), {"directory": directory})
        self.restarts = 0

    def restart(self) -> None:
        self.restarts += 1


def guard_of(driver: Driver, server: Any = None) -> Guard:
    store: Any = None
    return Guard(driver.station, driver, store, server)


def test_a_journal_beyond_its_limit_pauses_the_desk_until_it_is_below(tmp_path: Path) -> None:
    driver = Told(station_in(tmp_path))
    guard = guard_of(driver)
    for number in range(1, 5):
        turn(driver.station, number)
    asyncio.run(guard.look())
    assert driver.words == []
    driver.station.journal.bytes_max = driver.station.journal.bytes_kept - 1
    for _ in range(3):
        asyncio.run(guard.look())
    (halt,) = driver.words
    assert isinstance(halt, Halt)
    assert halt.pause
    driver.station.journal.bytes_max += 1
    asyncio.run(guard.look())
    (_, resume) = driver.words
    assert isinstance(resume, Resume)
    assert resume.pauses_only
    driver.station.close()


def test_the_bytes_of_a_journal_are_known_after_restarts_and_drops(tmp_path: Path) -> None:
    station = station_in(tmp_path)
    for number in range(1, 6):
        turn(station, number)
        station.process.snapshot()
    journal = station.journal
    station.close()
    again = station_in(tmp_path).journal
    assert again.bytes_kept == journal.bytes_kept == sum(each.stat().st_size for each in again.folder.glob("*.journal"))
    again.bytes_max = again.bytes_kept
    again.drop_before(turn=5, shipped=99)
    kept = sum(each.stat().st_size for each in again.folder.glob("*.journal"))
    assert 0 < kept == again.bytes_kept <= again.bytes_max // 2


@pytest.mark.parametrize(("trouble", "pause"), [("full", False), ("behind", True)])
def test_the_journal_of_a_worker_counts_as_well(tmp_path: Path, trouble: str, pause: bool) -> None:
    async def live() -> None:
        station = station_in(tmp_path)
        driver = PacedDriver(station, FeedReader([]), 0, leads=True)
        guard = guard_of(driver)
        driver._hear_beat(Heartbeat(process="one", sent={}, journal=trouble), b"")
        await guard.look()
        (halt,) = driver.live.mailbox.messages()
        assert isinstance(halt, Halt)
        assert halt.pause is pause
        station.close()

    asyncio.run(live())


def test_a_server_that_stores_nothing_though_there_is_room_is_started_again(tmp_path: Path) -> None:
    driver = Told(station_in(tmp_path))
    station, server = driver.station, Server(tmp_path)
    station.link.connected = True  # type: ignore[misc]
    stream: Any = NoStream()
    shipper = station.shipper = Shipper(station.link, stream, "desk", station.journal)  # type: ignore[arg-type]
    guard = guard_of(driver, server)
    for state, restarts in ((ShipperState.SHIPPING, 0), (ShipperState.AWAY, 1), (ShipperState.REFUSED, 1)):
        shipper.state = state
        for _ in range(STUCK_LOOKS):
            asyncio.run(guard.look())
        assert server.restarts == restarts
    station.close()


def test_a_worker_whose_desk_is_gone_before_it_starts_does_not_start() -> None:
    code = "import sys; from letrade.core.engine.supervisor import die_with_parent; die_with_parent(int(sys.argv[1]))"
    ended = None
    for parent, expected in ((os.getpid(), 0), (1, 1)):
        ended = subprocess.run([sys.executable, "-c", code, str(parent)], capture_output=True, text=True, check=False)
        assert ended.returncode == expected
    assert ended is not None
    assert "ResourceError" in ended.stderr
