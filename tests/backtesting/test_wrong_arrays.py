"""What cannot be meant is refused as it is handed over: arrays by argument, length and row, accounts by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from letrade.actors.strategies.hold import Hold
from letrade.backtesting.facade import BacktestEngine
from letrade.core.errors import ConfigurationError, DataError
from tests.backtesting.golden import INSTRUMENT, START, quotes, tables

ROWS = 6
TIME = START + np.arange(ROWS, dtype=np.int64) * 1_000
ONES = np.ones(ROWS)
LATE = TIME + np.array([0, 0, 0, 1, 0, 0])
NAN = np.array([1.0, 1.0, np.nan, 1.0, 1.0, 1.0])


def engine(tick: str = "0.1") -> BacktestEngine:
    desk = tables()
    return BacktestEngine({**desk, "instrument": [{**desk["instrument"][0], "tick": tick}]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bid": ONES[:-1]}, r"bid: expected 6 values, as many as time, found 5"),
        ({"venue_time": TIME[:-1]}, r"venue_time: expected 6 values, as many as time, found 5"),
        ({"ask": np.ones((ROWS, 2))}, r"ask: expected an array of one dimension, found 2"),
        ({"ask": 5.0}, r"ask: expected an array of one dimension, found 0"),
        ({"bid_size": ["much"] * ROWS}, r"bid_size: expected numbers, found"),
        ({"time": TIME.astype(np.float64)}, r"time: expected integers \(times are int64 ns UTC\), found float64"),
        ({"time": TIME[::-1]}, r"row 1 .*sort the rows by time"),
        ({"venue_time": LATE}, r"venue_time: row 3: expected a time from 1970 on and not after time"),
        ({"bid": NAN}, r"bid: row 2: expected a number .*found nan"),
        ({"ask_size": NAN * np.inf}, r"ask_size: row 0: expected a number .*found inf"),
        ({"time": TIME + (2**63 - 1 - TIME[-1])}, r"time: row 0: expected a time before 2262 in ns, found 92233720"),
        ({"bid": ONES.astype(np.complex128)}, r"bid: expected numbers, found complex128"),
        ({"bid": ONES.astype(bool)}, r"bid: expected numbers, found bool"),
        ({"ask": np.ma.masked_less([1, 2, 2, 2, 2, 2], 2)}, r"ask: expected a value in each row, found 1 masked"),
        ({"time": np.ma.array(TIME, mask=TIME[3] == TIME)}, r"time: expected a value in each row, found 1 masked"),
        ({"bid": ONES * 3}, r"row 0 .*expected a bid that is not above the ask; found bid 3.0"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_quotes_that_do_not_belong_together_are_refused(changes: dict[str, Any], said: str) -> None:
    told = {"time": TIME, "bid": ONES, "bid_size": ONES, "ask": 2 * ONES, "ask_size": ONES, **changes}
    made = engine()
    with pytest.raises(DataError, match=said):
        made.add_quotes(INSTRUMENT, **told)
    assert made.config.feeds == []


def test_prices_off_the_grid_are_refused() -> None:
    with pytest.raises(DataError, match=r"price: row 1: expected a multiple of 0.5, found 0.7"):
        engine("0.5").add_trades(INSTRUMENT, TIME, [0.5, 0.7, *ONES[2:]], ONES, [1] * ROWS)


def test_a_side_that_is_none_and_sides_that_are_too_few_are_refused() -> None:
    with pytest.raises(DataError, match=r"side: row 1: expected one of -1, 0, 1, found 257"):
        engine().add_trades(INSTRUMENT, TIME, ONES, ONES, [1, 257, 1, 1, 1, 1])
    with pytest.raises(DataError, match=r"side: expected 6 values, as many as time, found 2"):
        engine().add_trades(INSTRUMENT, TIME, ONES, ONES, [1, -1])


def test_sides_that_are_true_or_false_are_refused_and_snapshots_that_are_so_are_not() -> None:
    with pytest.raises(DataError, match=r"side: expected integers, found bool"):
        engine().add_trades(INSTRUMENT, TIME, ONES, ONES, [True] * ROWS)
    made = engine()
    made.add_levels(INSTRUMENT, TIME[:1], [0, 2], [1, -1], [1.0, 2.0], ONES[:2], [True])
    assert len(made.config.feeds) == 1


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (TIME + 1_500, r"start: row 1: expected a bar that starts at or after the end of the one above"),
        (TIME, r"row 0 .*expected a start before the end"),
        (TIME[:-1] + 1_000, r"start: expected 5 values, as many as end, found 6"),
    ],
)
def test_bars_that_overlap_or_end_before_they_start_are_refused(end: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        engine().add_bars(INSTRUMENT, TIME, end, ONES, ONES, ONES, ONES, ONES)


def test_the_same_bar_twice_is_refused() -> None:
    start = np.repeat(TIME[:3], 2)
    with pytest.raises(DataError, match=r"start: row 1: expected a bar that starts at or after the end"):
        engine().add_bars(INSTRUMENT, start, start + 1_000, ONES, ONES, ONES, ONES, ONES)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"offset": [0, 2, 4]}, r"offset: expected 4 values, one more than time has, found 3"),
        ({"offset": [0, 2, 4, 5]}, r"offset: expected 0 to 6, the count of levels, found 0 to 5"),
        ({"offset": [0, 4, 2, 6]}, r"offset: row 1: expected no less than the row above, found 2"),
        ({"side": [1, -1]}, r"side: expected 6 values, as many as price, found 2"),
        ({"side": [1, -1, 0, 1, 1, 1]}, r"side: row 2: expected one of -1, 1, found 0"),
        ({"snapshot": [0, 1, 0]}, r"snapshot: row 0: expected 1 of the first event, the whole book, found 0"),
        ({"snapshot": [1, 0]}, r"snapshot: expected 3 values, as many as time, found 2"),
    ],
)
def test_levels_that_do_not_belong_together_are_refused(changes: dict[str, Any], said: str) -> None:
    told: dict[str, Any] = {"offset": [0, 2, 4, 6], "side": [1, -1] * 3, "snapshot": [1, 0, 0], **changes}
    with pytest.raises(DataError, match=said):
        engine().add_levels(INSTRUMENT, TIME[:3], told["offset"], told["side"], ONES, ONES, told["snapshot"])


def test_years_from_1970_on_and_no_rows_at_all_are_no_error() -> None:
    made, told = engine(), quotes(5)
    made.add_quotes(INSTRUMENT, **{**told, "time": np.arange(5)})
    made.add_trades(INSTRUMENT, [], [], [], [])
    assert len(made.config.feeds) == 2


def test_a_strategy_on_an_account_that_the_desk_does_not_have_is_refused_by_name() -> None:
    engine = BacktestEngine(tables())
    with pytest.raises(ConfigurationError, match=r"mine: account: there is no account 'papre'.*paper"):
        engine.add_strategy(Hold, "mine", instrument=INSTRUMENT, account="papre", position=1.0)


def test_a_desk_is_refused_as_its_file_would_be() -> None:
    desk = tables()
    made = BacktestEngine({**desk, "account": [{**desk["account"][0], "position_mode": "hedge"}]})
    made.add_quotes(INSTRUMENT, **quotes(5))
    made.add_strategy(Hold, "mine", instrument=INSTRUMENT, account="paper", position=1.0)
    for run in (made.run, made.verify):
        with pytest.raises(ConfigurationError, match=r'mine.*"paper" is in hedge mode'):
            run()


def test_arrays_that_a_program_uses_again_change_no_data() -> None:
    times, sides, offsets = TIME.copy(), np.ones(ROWS, dtype=np.int8), np.arange(ROWS + 1)
    made = engine()
    made.add_quotes(INSTRUMENT, times, ONES, ONES, 2 * ONES, ONES, venue_time=times)
    made.add_trades(INSTRUMENT, times, ONES, ONES, sides)
    made.add_bars(INSTRUMENT, times, times + 1, ONES, ONES, ONES, ONES, ONES)
    made.add_levels(INSTRUMENT, times, offsets, sides, ONES, ONES, sides)
    for given in (times, sides, offsets):
        given[:] = 0
    for feed in made.config.feeds:
        config: Any = feed.config
        for column in (config.time, config.venue_time, *config.rows):
            assert column is None or not any(np.shares_memory(column, given) for given in (times, sides, offsets))
