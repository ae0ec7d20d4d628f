"""A window takes what is right, says what is wrong, and tells its rows as they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.hotpath.simulation.columns import KINDS, Window
from letrade.hotpath.simulation.tape import Tape
from tests.models.columns import bars

NAMES = ("start", "open", "high", "low", "close", "volume")
small = st.integers(0, 6)
rows_of_bars = st.lists(st.tuples(small, small, small, st.integers(2, 6), st.integers(-1, 4), small, small), max_size=4)


@given(rows_of_bars)
def test_bars_are_refused_for_what_is_wrong_with_them(rows: list[tuple[int, int, int, int, int, int, int]]) -> None:
    columns = {name: np.array([row[place + 1] for row in rows], np.int64) for place, name in enumerate(NAMES)}
    ends = np.array([row[0] for row in rows], np.int64)
    if bars(rows):
        with pytest.raises(ValueError, match="row"):
            Window(KINDS["bars"], ends, columns)
        return
    window = Window(KINDS["bars"], ends, columns)
    tape, told = Tape(), []
    tape.add(0, 0, [window])
    while (event := tape.read()) is not None:
        told.append((event[0], *event[7]))
    assert told == rows
