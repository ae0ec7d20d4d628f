"""The ranges of a message's numbers, against the same asked field by field in Python."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.hotpath.ranges import Ranges
from tests.models.ranges import hold

LIMITS = [("first", 0.0, True, 1e15), ("second", 0.0, False, 1e15), ("third", -5.0, False, 5.0)]
NUMBERS = st.one_of(
    st.floats(), st.integers(-10, 10), st.sampled_from((0.0, -0.0, 1e15, 5.0, -5.0, 2e15, numpy.float64(3.0), True))
)


class Three(msgspec.Struct):
    first: Any
    second: Any
    third: Any
    rest: int = 0


def slowly(message: Any) -> bool:
    return hold(LIMITS, message)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_it_says_what_the_fields_one_by_one_say(first: Any, second: Any, third: Any) -> None:
    message = Three(first, second, third)
    assert Ranges(Three, LIMITS, None, slowly).hold(message) == slowly(message)


def test_the_rest_is_asked_when_all_numbers_are_in_range() -> None:
    ranges = Ranges(Three, LIMITS, lambda message: message.rest == 1, lambda message: slowly(message) and message.rest)
    assert [ranges.hold(Three(1.0, 1.0, 1.0, rest)) for rest in (0, 1)] == [False, True]
    assert not ranges.hold(Three(0.0, 1.0, 1.0, 1))


def test_another_type_and_a_field_that_is_no_slot_are_refused() -> None:
    with pytest.raises(TypeError, match="expected a Three, found int"):
        Ranges(Three, LIMITS, None, slowly).hold(3)
    with pytest.raises(TypeError, match="'fourth' in Three"):
        Ranges(Three, [("fourth", 0.0, False, 1.0)], None, slowly)
