"""Round trips by hand: turns, partial exits, fees in the asset, dust, inverse contracts, excursions."""

from typing import Any

import numpy as np
import pytest

from letrade.core.analysis.builder import RecordBuilder
from letrade.core.analysis.record import InstrumentNote, RunRecord, RunSettings
from letrade.core.analysis.round_trips import RoundTrips, round_trips

LINEAR = InstrumentNote(name="x.BTC-USDT_USDT", kind="linear", base="BTC", quote="USDT", settle="USDT")
SPOT = InstrumentNote(name="x.BTC-USDT", kind="spot", base="BTC", quote="USDT", settle="USDT", lot=0.001)
INVERSE = InstrumentNote(name="x.BTC-USD_BTC", kind="inverse", base="BTC", quote="USD", settle="BTC", multiplier=100.0)
Trade = tuple[int, float, float, float]
"""time, signed size, price, fee"""


def record_of(
    note: InstrumentNote, trades: list[Trade], prices: list[tuple[int, float]] = [], **more: Any  # noqa: B006
) -> RunRecord:  # fmt: skip
    builder = RecordBuilder([note], ["s"], ["a"])
    builder.currencies.place("USDT")
    builder.currencies.place("BTC")
    for time, size, price, fee in trades:
        values = {"fee_units": round(fee * 1e8), "fee": fee, **more}
        builder.row("fills", time=time, side=1 if size > 0 else -1, size=abs(size), price=price, **values)
    for time, price in prices:
        builder.row("prices", time=time, price=price)
    return builder.record(RunSettings())


def trips_of(note: InstrumentNote, trades: list[Trade], **more: Any) -> RoundTrips:
    return round_trips(record_of(note, trades, **more))


def test_entries_and_exits_are_averaged() -> None:
    trips = trips_of(
        LINEAR, [(10, 1.0, 100.0, 0.1), (20, 3.0, 104.0, 0.3), (30, -2.0, 106.0, 0.2), (40, -2.0, 110.0, 0.2)]
    )
    assert len(trips) == 1
    assert (trips.entry_price[0], trips.exit_price[0], trips.size[0]) == (103.0, 108.0, 4.0)
    assert (trips.opened[0], trips.closed[0], trips.fills[0], trips.side[0]) == (10, 40, 4, 1)
    assert trips.gross[0] == pytest.approx(20.0)
    assert trips.profit[0] == pytest.approx(19.2)
    assert trips.profit_fraction[0] == pytest.approx(19.2 / 412)


def test_a_fill_that_turns_the_position_ends_one_trip_and_starts_the_next() -> None:
    trips = trips_of(LINEAR, [(10, 1.0, 100.0, 0.0), (20, -4.0, 110.0, 4.0), (30, 3.0, 100.0, 0.0)])
    assert trips.side.tolist() == [1, -1]
    assert trips.closed.tolist() == [20, 30]
    assert trips.fees == pytest.approx([1.0, 3.0])
    assert trips.gross == pytest.approx([10.0, 30.0])


def test_sizes_that_floats_cannot_hold_still_come_to_nothing() -> None:
    sizes = (0.1, 0.2, -0.3, 0.7, -0.1, -0.6)
    trips = trips_of(LINEAR, [(10 * place, size, 100.0, 0.0) for place, size in enumerate(sizes, 1)])
    assert trips.closed.tolist() == [30, 60]


def test_an_open_trip_is_marked_and_split_by_average_cost() -> None:
    record = record_of(LINEAR, [(10, 2.0, 100.0, 0.0), (20, -1.0, 130.0, 0.0), (30, 1.0, 120.0, 0.0)], [(40, 150.0)])
    trips = round_trips(record)
    assert trips.closed.tolist() == [0]
    assert trips.held.tolist() == [2.0]
    assert trips.gross[0] == pytest.approx(30.0 + 50.0 + 30.0)
    assert trips.unrealised[0] == pytest.approx(2 * (150.0 - 110.0))


def test_a_fee_in_the_asset_shrinks_what_is_held_and_counts_once() -> None:
    trades = [(10, 1.0, 100.0, 0.001), (20, -0.999, 110.0, 0.0)]
    trips = trips_of(SPOT, trades, fee_currency=1, fee=0.1)
    assert trips.closed.tolist() == [20]
    assert trips.profit[0] == pytest.approx(0.999 * 110.0 - 100.0)
    assert trips.gross[0] == pytest.approx(trips.profit[0] + trips.fees[0])


def test_less_than_a_lot_is_dust_and_does_not_keep_a_trip_open() -> None:
    trades = [(10, 1.0, 100.0, 0.0015), (20, -0.998, 110.0, 0.0), (30, 1.0, 100.0, 0.0), (40, -1.0, 101.0, 0.0)]
    trips = trips_of(SPOT, trades, fee_currency=1)
    assert trips.closed.tolist() == [20, 40]
    assert trips.held[-1] == pytest.approx(0.0005)


def test_inverse_contracts_earn_in_the_asset() -> None:
    trips = trips_of(INVERSE, [(10, -50.0, 20_000.0, 0.0), (20, 50.0, 25_000.0, 0.0)], rate=25_000.0)
    assert trips.gross[0] == pytest.approx(50 * 100 * (1 / 25_000 - 1 / 20_000) * 25_000)
    assert trips.entry_price[0] == pytest.approx(20_000.0)
    assert trips.exit_price[0] == pytest.approx(25_000.0)


def test_excursions_are_of_the_prices_on_the_way() -> None:
    prices = [(5, 500.0), (11, 104.0), (15, 90.0), (25, 120.0)]
    trips = round_trips(
        record_of(LINEAR, [(10, 1.0, 100.0, 0.0), (20, -1.0, 106.0, 0.0), (30, -1.0, 100.0, 0.0)], prices)
    )
    assert trips.best[0] == pytest.approx(0.06)
    assert trips.worst[0] == pytest.approx(0.10)
    assert np.isnan(trips.best[1])


def test_strategies_and_instruments_are_kept_apart() -> None:
    builder = RecordBuilder([LINEAR, SPOT], ["s", "t"], ["a"])
    for time, strategy, side in ((1, 0, 1), (2, 1, -1), (3, 0, -1), (4, 1, 1), (5, -1, 1)):
        builder.row("fills", time=time, strategy=strategy, side=side, size=1.0, price=100.0, fee=0.0)
    trips = round_trips(builder.record(RunSettings()))
    assert trips.strategy.tolist() == [0, 1, -1]
    assert trips.side.tolist() == [1, -1, 1]
    assert trips.closed.tolist() == [3, 4, 0]


def test_a_fill_of_nothing_is_no_trip() -> None:
    assert len(trips_of(LINEAR, [(10, 0.0, 100.0, 0.0)])) == 0
    assert len(trips_of(LINEAR, [])) == 0
