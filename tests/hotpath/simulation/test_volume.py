"""What accounts have traded by day, against every trade looked at anew."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.hotpath.simulation.volume import Volume
from tests.models.volume import TradedModel, volume_before

HOUR = 3_600_000_000_000
trades = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 24 * 20), st.integers(0, 10**20)), max_size=60)


@given(trades, st.integers(0, 10**6))
def test_what_was_traded_before_today_is_the_sum_of_thirty_days(rows: list[tuple[int, int, int]], start: int) -> None:
    volume, known, time = Volume(2), list[TradedModel](), start * HOUR
    for place, hours, amount in rows:
        time += hours * HOUR
        assert volume.known(place, time) == volume_before(known, str(place), time)
        volume.traded(place, time, amount)
        known.append(TradedModel(time, str(place), Fraction(amount)))


def test_a_place_that_is_not_there_is_an_error() -> None:
    with pytest.raises(IndexError, match="expected a place below 2, found 2"):
        Volume(2).known(2, 0)
