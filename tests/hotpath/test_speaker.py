"""What an actor says waits in the order in which it was said."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.hotpath.speaker import Speaker
from tests.models.speaker import SlowSpeaker

TIMES = st.one_of(st.none(), st.integers(-(2**62), 2**62))
CAUSES = st.one_of(st.none(), st.text(max_size=3))
DEEDS = st.lists(st.tuples(st.sampled_from(("say", "set", "cancel", "back")), TIMES, CAUSES), max_size=30)


def do(speaker: Any, deeds: list[tuple[str, int | None, str | None]]) -> tuple[list[Any], list[Any]]:
    for number, (deed, at, cause) in enumerate(deeds):
        if deed == "say":
            speaker.publish(number, at=at, cause=cause)
        elif deed == "set":
            speaker.set_timer(at or 0, str(number), cause=cause)
        elif deed == "cancel":
            speaker.cancel_timer(str(number))
        elif number % 7 == 0:
            speaker.take_back()
    return speaker.outgoing, speaker.timers_set


@given(DEEDS)
def test_it_holds_what_a_list_would(deeds: list[tuple[str, int | None, str | None]]) -> None:
    assert do(Speaker(), deeds) == do(SlowSpeaker(), deeds)


def test_what_it_holds_is_let_go_with_it() -> None:
    word = object()
    before = sys.getrefcount(word)
    speaker: Speaker[object] = Speaker()
    for _ in range(100):
        speaker.publish(word, cause="because")
    speaker.take_back()
    assert sys.getrefcount(word) == before
    speaker.publish(word)
    del speaker
    assert sys.getrefcount(word) == before


@pytest.mark.parametrize("at", [1.5, "soon", 2**63])
def test_a_time_is_a_whole_number_of_64_bits(at: Any) -> None:
    speaker: Speaker[object] = Speaker()
    with pytest.raises((TypeError, OverflowError)):
        speaker.publish(object(), at=at)
    with pytest.raises((TypeError, OverflowError)):
        speaker.set_timer(at, "key")
    assert (speaker.outgoing, speaker.timers_set) == ([], [])
