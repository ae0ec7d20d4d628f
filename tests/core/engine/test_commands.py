"""An operator's words are numbered so that none is taken for a repetition."""

from __future__ import annotations

import asyncio
from pathlib import Path

from letrade.core.engine.paced import PacedDriver
from letrade.core.engine.stepped import SteppedDriver
from letrade.core.messages.events import Drain, Flatten
from letrade.core.process import Process
from letrade.core.stepping.course import Course
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import window_at
from tests.core.test_station import station_in, turn

TOMORROW = 5 * 10**18
"""Later than the clock of the machine that runs the test."""


def test_a_word_is_heard_though_the_clock_was_set_back_between_two_runs(tmp_path: Path) -> None:
    async def live() -> None:
        station = station_in(tmp_path)
        turn(station, TOMORROW)
        driver = PacedDriver(station, FeedReader([]), 0, leads=True)
        driver.command(Flatten(account="*"))
        (word,) = driver.live.mailbox.messages()
        assert station.process.take(word)
        station.close()

    asyncio.run(live())


def test_a_word_in_the_window_of_the_drain_is_heard_and_so_is_the_drain(tmp_path: Path) -> None:
    station = station_in(tmp_path)
    driver = SteppedDriver(station)
    driver.command(Flatten(account="*"))
    driver.command(Flatten(account="a"))
    process: Process = station.process
    course = Course(process, FeedReader([]), station.blueprint.config)
    following = course.next(window_at(1, 10**9, 10**6))
    assert following is not None
    window, words = following
    assert [type(word) for word in words] == [Drain]
    spoken = driver._spoken(window.start)
    process.open_window(window.number, window.start)
    assert all(process.take(word) for word in (*spoken, *words))
    station.close()
