"""What must add up: equity, round trips, costs and periods of a seeded run, against a ledger in exact decimals."""

import math

import numpy as np
import pytest

from letrade.core.analysis.analyzer import PerformanceAnalyzer
from letrade.core.analysis.costs import FUNDING
from letrade.core.analysis.numbers import decimal_text
from tests.core.analysis.simulated_run import START, SimulatedRun

NEAR = 1e-9 * START


@pytest.fixture(scope="module", params=[7, 8])
def run(request: pytest.FixtureRequest) -> tuple[SimulatedRun, PerformanceAnalyzer]:
    simulated = SimulatedRun(seed=request.param)
    return simulated, PerformanceAnalyzer(simulated.record())


def test_equity_ends_where_start_profit_fees_and_funding_lead(run: tuple[SimulatedRun, PerformanceAnalyzer]) -> None:
    simulated, analyzer = run
    profit = analyzer.analysis().total.profit
    assert profit.realised == pytest.approx(float(simulated.realised), abs=NEAR)
    assert profit.fees == pytest.approx(float(simulated.fees), abs=NEAR)
    assert profit.funding == pytest.approx(float(-simulated.funding), abs=NEAR)
    assert profit.unrealised == pytest.approx(analyzer.record.equity.unrealised[-1], abs=NEAR)
    assert profit.end == analyzer.record.equity.equity[-1]
    assert profit.other == pytest.approx(0.0, abs=NEAR)


def test_round_trips_and_what_is_open_sum_to_the_whole(run: tuple[SimulatedRun, PerformanceAnalyzer]) -> None:
    simulated, analyzer = run
    trips, record = analyzer.trips, analyzer.record
    assert len(trips) > 100
    assert (trips.closed == 0).sum() == sum(bool(held.quantity) for held in simulated.held.values())
    assert math.fsum(trips.gross - trips.unrealised) == pytest.approx(math.fsum(record.fills.realised), abs=NEAR)
    assert math.fsum(trips.fees) == pytest.approx(float(simulated.fees), abs=NEAR)
    held = {key: float(each.quantity) for key, each in simulated.held.items() if each.quantity}
    found = zip(trips.strategy.tolist(), trips.instrument.tolist(), trips.held.tolist(), strict=True)
    assert {(strategy, instrument): quantity for strategy, instrument, quantity in found if quantity} == held
    ended = trips.where(trips.closed > 0)
    assert (np.diff(ended.closed) >= 0).all()
    assert (ended.opened <= ended.closed).all()
    assert ended.profit == pytest.approx(
        ended.side * (ended.exit_price - ended.entry_price) * ended.size
        * np.where(ended.instrument == 2, 10.0, 1.0) - ended.fees, abs=NEAR,
    )  # fmt: skip


def test_parts_sum_to_the_total(run: tuple[SimulatedRun, PerformanceAnalyzer]) -> None:
    analysis = run[1].analysis()
    for parts in (analysis.strategies, analysis.instruments):
        for figure in ("realised", "unrealised", "fees", "funding", "profit"):
            whole = getattr(analysis.total.profit, figure)
            assert math.fsum(getattr(part.profit, figure) for part in parts) == pytest.approx(whole, abs=NEAR)
        assert sum(part.trades.trades for part in parts) == analysis.total.trades.trades
        assert sum(part.execution.orders for part in parts) == analysis.total.execution.orders
        assert math.fsum(part.costs.total for part in parts) == pytest.approx(analysis.total.costs.total, abs=NEAR)


def test_a_parts_curve_ends_at_its_own_profit(run: tuple[SimulatedRun, PerformanceAnalyzer]) -> None:
    for part in run[1].analysis().strategies:
        assert part.profit.profit is not None
        assert part.ratios.days == 60
        growth = (1 + part.profit.profit / START) ** (365 / 60) - 1
        assert part.ratios.cagr == pytest.approx(growth, rel=1e-6)


def test_periods_sum_to_the_profit_and_hold_every_trade(run: tuple[SimulatedRun, PerformanceAnalyzer]) -> None:
    analysis = run[1].analysis()
    for kind in ("day", "week", "month", "year", "weekday"):
        periods = getattr(analysis.periods, kind)
        assert math.fsum(each.profit for each in periods) == pytest.approx(analysis.total.profit.profit, abs=NEAR)
        assert sum(each.trades for each in periods) == analysis.total.trades.trades
        assert all(each.wins + each.draws + each.losses == each.trades for each in periods)
    assert [each.name for each in analysis.periods.month] == ["2024-01", "2024-02"]
    assert [each.name for each in analysis.periods.week][:2] == ["2024-W01", "2024-W02"]
    assert [each.name for each in analysis.periods.year] == ["2024"]
    assert analysis.periods.weekday[0].name == "Monday"


def test_sums_of_whole_units_are_exact(run: tuple[SimulatedRun, PerformanceAnalyzer]) -> None:
    simulated, analyzer = run
    costs = analyzer.analysis().total.costs
    assert costs.fees_by_currency == {"USDT": decimal_text(int(simulated.fees.scaleb(8)))}
    assert costs.cash_by_currency == {FUNDING: {"USDT": decimal_text(int(simulated.funding.scaleb(8)))}}
    assert costs.fees == pytest.approx(costs.fees_maker + costs.fees_taker, abs=NEAR)
    assert costs.rebates == pytest.approx(costs.fees_maker, abs=NEAR)


def test_spread_and_slippage_are_price_against_mid(run: tuple[SimulatedRun, PerformanceAnalyzer]) -> None:
    analyzer = run[1]
    fills, costs = analyzer.record.fills, analyzer.analysis().total.costs
    size = fills.size * np.where(fills.instrument == 2, 10.0, 1.0)
    mid = (fills.bid + fills.ask) / 2
    paid = fills.side * (fills.price - mid) * size
    assert costs.spread + costs.slippage == pytest.approx(paid[~fills.maker].sum(), rel=1e-9)
    assert costs.spread_earned == pytest.approx(paid[fills.maker].sum(), rel=1e-9)
    assert costs.spread == pytest.approx((((fills.ask - fills.bid) / 2) * size)[~fills.maker].sum(), rel=1e-9)
    assert costs.spread_earned < 0 < costs.slippage
