"""A stepped run ends after its last message and the answers under way, then drains, then is over."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from letrade.core.config.desk import Desk, DeskConfig, VenueConfig
from letrade.core.messages.base import Message
from letrade.core.messages.events import Drain
from letrade.core.stepping.course import DRAIN_KEY, OPERATOR, Course, settle_ns
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import Solo, Window
from tests.core.test_process import STEP_NS, process_in, solo_of
from tests.core.test_reader import Times
from tests.core.worlds import CONTEXT, RandomTrades

Ran = tuple[Window, list[Message]]


CONFIG = DeskConfig(
    desk=Desk(step=STEP_NS), venues=[VenueConfig(name="x", order_latency=STEP_NS, response_latency=2 * STEP_NS)]
)


def windows(solo: Solo, course: Course, stop_at: int = 10**9) -> list[Ran]:
    ran: list[Ran] = []
    while (following := course.next(solo.next_window())) is not None:
        window, words = following
        solo.run(window, *words)
        ran.append((window, words))
        if len(ran) == stop_at:
            course.stop()
        assert len(ran) < 1_000
    return ran


def drains(ran: list[Ran]) -> list[Window]:
    return [window for window, words in ran if any(type(word) is Drain for word in words)]


def test_answers_may_take_four_round_trips_and_four_steps() -> None:
    assert settle_ns(CONFIG) == 4 * 3 * STEP_NS + 4 * STEP_NS


def test_the_drain_comes_once_after_the_last_message_and_its_answers(tmp_path: Path) -> None:
    solo = solo_of(process_in(tmp_path))
    course = Course(solo.process, solo.reader, CONFIG)
    ran = windows(solo, course)
    (drain,) = drains(ran)
    last = solo.reader.last_time
    assert last + settle_ns(CONFIG) < drain.start <= last + settle_ns(CONFIG) + STEP_NS
    assert course.drained_at == solo.process.seen[DRAIN_KEY] == drain.start
    assert [window.number for window, _ in ran] == list(range(1, len(ran) + 1))
    assert all(before.end <= after.start for (before, _), (after, _) in pairwise(ran))
    assert ran[-1][0].start <= drain.start + settle_ns(CONFIG)
    assert course.next(solo.next_window()) is None


def test_a_stop_reads_nothing_more_and_drains_at_once(tmp_path: Path) -> None:
    solo = solo_of(process_in(tmp_path))
    ran = windows(solo, Course(solo.process, solo.reader, CONFIG), stop_at=20)
    (drain,) = drains(ran)
    assert ran[20][0] == drain
    assert ran[19][0].end <= drain.start <= ran[19][0].end + STEP_NS
    assert solo.reader.peek_time() is None


@pytest.mark.parametrize("lost_after", [5, 20, 22, 23])
def test_a_run_that_died_before_or_in_its_drain_ends_like_the_others(lost_after: int, tmp_path: Path) -> None:
    whole = solo_of(process_in(tmp_path / "whole"))
    expected = windows(whole, Course(whole.process, whole.reader, CONFIG))
    first = solo_of(process_in(tmp_path / "died"))
    course = Course(first.process, first.reader, CONFIG)
    ran: list[Ran] = []
    cut = len(expected) - lost_after
    while len(ran) < cut and (following := course.next(first.next_window())) is not None:
        first.run(following[0], *following[1])
        ran.append(following)
    second = solo_of(process_in(tmp_path / "died"))
    assert second.recover()
    ran.extend(windows(second, Course(second.process, second.reader, CONFIG)))
    assert ran == expected
    assert len(drains(ran)) == 1


def test_a_desk_without_any_message_drains_and_is_over(tmp_path: Path) -> None:
    process = process_in(tmp_path)
    reader = FeedReader([Times("feed")])
    ran = windows(Solo(process, reader, STEP_NS), Course(process, reader, CONFIG))
    assert len(drains(ran)) == 1
    (words,) = [words for _, words in ran if words]
    assert (words[0].source, words[0].sequence) == (OPERATOR, words[0].time)


def test_timers_that_go_on_for_ever_do_not_keep_a_run_alive(tmp_path: Path) -> None:
    solo = solo_of(process_in(tmp_path))
    feed = RandomTrades("feed", None, CONTEXT)
    feed.count = 3
    solo.reader = FeedReader([feed])
    ran = windows(solo, Course(solo.process, solo.reader, CONFIG))
    assert solo.next_window() is not None
    assert len(drains(ran)) == 1
    assert len(ran) < 60
