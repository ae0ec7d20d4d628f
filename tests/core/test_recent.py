"""The newest outputs in memory are those that a plain list would hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from letrade.core.journal.recent import Output, RecentOutputs


@given(st.lists(st.integers(1, 5), max_size=40), st.integers(1, 30), st.integers(0, 130), st.integers(1, 20))
def test_what_is_held_is_the_end_of_all_and_at_least_as_long_as_asked(
    sizes: list[int], kept: int, sequence: int, limit: int
) -> None:
    recent, everything = RecentOutputs(kept), list[Output]()
    for epoch, size in enumerate(sizes):
        first = len(everything) + 1
        payloads = [b"%d" % (first + place) for place in range(size)]
        assert recent.add(epoch, first, payloads) == first + size - 1
        everything += [Output(epoch, first + place, payload) for place, payload in enumerate(payloads)]
    held = list(recent.newest())[::-1]
    assert held == everything[len(everything) - recent.count :]
    assert min(kept, len(everything)) <= len(held) < kept + 5
    assert recent.holds(sequence) == (sequence in [output.sequence for output in held])
    expected = [output for output in held if output.sequence > sequence][:limit]
    assert recent.after(sequence, limit) == (expected if recent.holds(sequence + 1) else [])


def test_numbers_that_do_not_follow_on_the_last_begin_anew() -> None:
    recent = RecentOutputs(10)
    recent.add(1, 1, [b"a", b"b"])
    recent.add(2, 7, [b"c"])
    assert list(recent.newest()) == [Output(2, 7, b"c")]
