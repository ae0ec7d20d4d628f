"""Execution quality by hand: markouts, waiting, fill ratios, shortfall, exposure."""

import numpy as np
import pytest

from letrade.core.analysis.analyzer import Analysis, PerformanceAnalyzer, analyse
from letrade.core.analysis.builder import RecordBuilder
from letrade.core.analysis.exposure import time_in_trips
from letrade.core.analysis.record import KIND_CODES, STATE_CODES, InstrumentNote, RunSettings
from tests.core.analysis.simulated_run import SimulatedRun

NOTE = InstrumentNote(name="x.A-B", kind="linear", multiplier=2.0)
MS = 1_000_000


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    """A market buy filled in two parts, a resting sell filled by half and cancelled, and one that was rejected."""
    builder = RecordBuilder([NOTE], ["s"], ["a"])
    kinds, states = KIND_CODES, STATE_CODES
    builder.row("orders", order_id=1, side=1, kind=kinds["market"], size=2.0, filled=2.0, decided=1 * MS, sent=2 * MS,
                ended=12 * MS, state=states["filled"], mid_at_decision=100.0)  # fmt: skip
    builder.row("orders", order_id=2, side=-1, kind=kinds["limit"], price=103.0, size=2.0, filled=1.0, decided=3 * MS,
                sent=4 * MS, ended=50 * MS, state=states["cancelled"], mid_at_decision=102.0, replaced=3)  # fmt: skip
    builder.row("orders", order_id=3, side=1, kind=kinds["limit"], price=1.0, size=9.0, filled=0.0, decided=5 * MS,
                sent=6 * MS, ended=7 * MS, state=states["rejected"])  # fmt: skip
    quote = {"bid": 100.0, "ask": 101.0}
    builder.row("fills", order=1, time=10 * MS, side=1, size=1.0, price=101.0, fee=0.2, mid_1s=102.01, **quote)
    builder.row("fills", order=1, time=12 * MS, side=1, size=1.0, price=102.0, fee=0.2, mid_1s=100.98, **quote)
    builder.row("fills", order=2, time=24 * MS, side=-1, size=1.0, price=103.0, fee=-0.1, maker=True, bid=102.0,
                ask=103.0, mid_1s=105.06)  # fmt: skip
    for time, price in ((0, 100.0), (49, 99.0), (60, 90.0)):
        builder.row("prices", time=time * MS, price=price)
    return analyse(builder.record(RunSettings(starting_equity=1000.0, refused={"band": 2})))


def test_orders_are_counted_by_what_became_of_them(analysis: Analysis) -> None:
    found = analysis.total.execution
    assert (found.orders, found.fills, found.filled, found.partly_filled, found.unfilled) == (3, 3, 1, 1, 1)
    assert found.by_state == {"filled": 1, "cancelled": 1, "rejected": 1}
    assert found.by_kind == {"limit": 2, "market": 1}
    assert (found.cancelled, found.replaced, found.rejected, found.refused) == (1, 3, 1, {"band": 2})
    assert found.fill_ratio == pytest.approx((1.0 + 0.5 + 0.0) / 3)
    assert found.order_fill_ratio == pytest.approx(2 / 3)
    assert found.maker_share == pytest.approx(103 / 306)
    assert (found.fills_per_order, found.decision_to_send) == (1.5, MS)


def test_waiting_is_from_sending_to_the_first_fill(analysis: Analysis) -> None:
    wait = analysis.total.execution.time_to_fill
    assert (wait.orders, wait.mean, wait.p50) == (2, 14 * MS, 14 * MS)


def test_markouts_are_signed_by_side_and_weighted_by_worth(analysis: Analysis) -> None:
    first, second, _ = analysis.total.execution.markouts
    assert (first.horizon, first.known, second.known, second.all) == ("1s", 3, 0, None)
    assert first.taker == pytest.approx((100.0 * 101 - 100.0 * 102) / 203)
    assert first.maker == pytest.approx(-200.0)
    assert first.all == pytest.approx((100 * 101 - 100 * 102 - 200 * 103) / 306)
    assert first.unweighted == pytest.approx(-200 / 3)
    assert first.adverse_maker == pytest.approx((105.06 / 102.5 - 1) * 1e4)


def test_shortfall_is_price_fees_and_what_was_missed(analysis: Analysis) -> None:
    short = analysis.total.execution.shortfall
    assert short.orders == 2
    assert short.decided_worth == pytest.approx(2 * (200.0 + 204.0))
    assert short.execution == pytest.approx(2 * (1.0 + 2.0 - 1.0))
    assert short.fees == pytest.approx(0.3)
    assert short.opportunity == pytest.approx(2 * (102.0 - 99.0))
    assert short.basis_points == pytest.approx((4.0 + 0.3 + 6.0) / 808 * 1e4)


def test_spread_and_slippage_of_fills_without_a_known_bid_and_ask_are_not_known_and_not_0() -> None:
    builder = RecordBuilder([NOTE], ["s"], ["a"])
    builder.row("fills", order=1, time=10 * MS, side=1, size=1.0, price=101.0, fee=0.2)
    costs = analyse(builder.record(RunSettings(starting_equity=1000.0))).total.costs
    assert (costs.spread, costs.slippage, costs.spread_net, costs.spread_earned) == (None, None, None, 0.0)
    assert (costs.total, costs.unknown_quotes) == (0.2, 1)


def test_costs_part_the_touch_from_what_lies_beyond(analysis: Analysis) -> None:
    costs = analysis.total.costs
    assert costs.spread == pytest.approx(2 * (0.5 + 0.5))
    assert costs.slippage == pytest.approx(2 * (0.0 + 1.0))
    assert costs.spread_earned == pytest.approx(2 * -0.5)


def test_time_in_the_market_counts_overlaps_once() -> None:
    analyzer = PerformanceAnalyzer(SimulatedRun(hours=24 * 10).record())
    trips, end = analyzer.trips, analyzer.span[1]
    marks = np.zeros((end - analyzer.span[0]) // 1_000_000 + 1, dtype=bool)
    for opened, closed in zip(trips.opened.tolist(), trips.closed.tolist(), strict=True):
        first = (opened - analyzer.span[0]) // 1_000_000
        marks[first : ((closed or end) - analyzer.span[0]) // 1_000_000] = True
    assert time_in_trips(trips, end) / 1e6 == pytest.approx(marks.sum(), rel=1e-4)


def test_exposure_is_weighted_by_time() -> None:
    builder = RecordBuilder([NOTE], ["s"], ["a"])
    for time, gross in ((10, 100.0), (20, 300.0), (50, 0.0)):
        builder.row("equity", time=time, equity=1000.0, unrealised=0.0, exposure=gross)
    found = analyse(builder.record(RunSettings(data_from=10, data_to=110))).total.exposure
    assert found.mean_gross == pytest.approx((100 * 10 + 300 * 30) / 100)
    assert found.max_leverage == pytest.approx(0.3)
    assert (found.max_gross, found.turnover) == (300.0, 0.0)
