"""An EMA cross on a hundred thousand seeded quotes comes to the documented result, to the last unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from letrade.actors.strategies.ema_cross import EmaCross
from letrade.backtesting.facade import BacktestEngine
from letrade.core.errors import ConfigurationError
from tests.backtesting.golden import INSTRUMENT, START, STEP_NS, quotes, tables

AT_ONCE = {"order_latency": "1ns", "response_latency": "0ns", "fills": {"beyond_quote": "one_tick"}}


def engine(rows: int, **venue: Any) -> BacktestEngine:
    made = BacktestEngine(tables(**{**AT_ONCE, **venue}))
    made.add_quotes(INSTRUMENT, **quotes(rows))
    made.add_strategy(EmaCross, "ema", instrument=INSTRUMENT, account="paper", on="quotes", size=0.1)
    return made


def test_the_compiled_engine_gives_the_documented_balance_orders_and_fills() -> None:
    backtest = engine(100_000)
    summary = backtest.run("compiled")
    assert summary["balances"] == {"paper": {"USDT": "9977088.6478521"}}
    assert (summary["orders"], summary["fills"], summary["entries"]) == (4_558, 4_610, 4_558)
    assert summary["engine"] == "compiled"


@pytest.mark.parametrize(
    "venue",
    [
        {},
        {"order_latency": "50ms", "response_latency": "5ms", "fills": {"beyond_quote": "wait"}},
        {"order_latency": "100ms", "response_latency": "0ns"},
        {"order_latency": "130ms", "response_latency": "270ms"},
        {"order_latency": "20ms", "response_latency": "20ms", "latency": {"jitter": "300ms"}},
        {"order_latency": "20ms", "response_latency": "20ms", "latency": {"jitter": "30ms", "reject": 0.1}},
    ],
    ids=["at once", "default", "on the grid of the data", "slow", "jittered", "overloaded"],
)
def test_both_engines_give_the_same_orders_fills_and_balances(venue: dict[str, Any]) -> None:
    assert engine(2_000, **venue).verify() == []


def test_both_engines_agree_on_latencies_as_they_were_recorded(tmp_path: Path) -> None:
    """Some answers fall further than time passes, so that what came behind them would overtake."""
    draw = np.random.Generator(np.random.PCG64(8))
    times = START + np.sort(draw.integers(0, 2_000 * STEP_NS, 300))
    ways = draw.integers(20_000_000, 700_000_000, (2, 300))
    rows = zip(times, np.where(draw.random(300) < 0.1, -ways[0], ways[0]), ways[1], strict=True)
    file = tmp_path / "latency.csv"
    file.write_text("".join(f"{time},{request},{answer}\n" for time, request, answer in rows))
    venue = {"order_latency": "20ms", "response_latency": "20ms", "latency": {"recorded": str(file)}}
    assert engine(2_000, **venue).verify() == []


def test_orders_meet_the_market_as_it_is_at_the_exchange_while_we_see_it_later() -> None:
    data = quotes(500)
    for late, place in (("0ns", 0), ("150ms", 1), ("250ms", 2)):
        backtest = engine(500, data_latency=late, order_latency="1ms")
        backtest.run("compiled")
        fills = backtest.record().fills
        decided = backtest.record().orders.decided[fills.order - 1]
        rows = np.searchsorted(data["time"], decided) + place
        taken = np.where(fills.side > 0, data["ask"][rows], data["bid"][rows])
        first = np.unique(fills.order, return_index=True)[1]
        assert fills.price[first] == pytest.approx(taken[first])


@pytest.mark.parametrize("late", ["0ns", "1ms", "50ms", "100ms"])
@pytest.mark.parametrize("latency", ["1ms", "50ms"])
def test_both_engines_agree_where_all_data_come_late_by_the_same(late: str, latency: str) -> None:
    venue = {"data_latency": late, "order_latency": latency, "response_latency": "100ms"}
    assert engine(1_000, **venue).verify() == []
    assert engine(1_000, **venue).verify(run_for_ns=60_025_000_000) == []


def test_the_actors_refuse_data_that_come_late_each_by_its_own_or_not_at_all() -> None:
    data = quotes(100)
    own = BacktestEngine(tables(**AT_ONCE, data_latency="0ns"))
    own.add_quotes(INSTRUMENT, **data, venue_time=data["time"] - np.arange(100))
    own.add_strategy(EmaCross, "ema", instrument=INSTRUMENT, account="paper", on="quotes", size=0.1)
    assert own.run()["engine"] == "compiled"
    with pytest.raises(ConfigurationError, match="each at its own delay: the compiled engine alone"):
        own.run("actors")
    bars = BacktestEngine(tables(**AT_ONCE, data_latency="0ns"))
    ends, price = data["time"][1:], data["bid"][1:]
    bars.add_bars(INSTRUMENT, data["time"][:-1], ends, price, price, price, price, np.ones(99))
    bars.add_strategy(EmaCross, "ema", instrument=INSTRUMENT, account="paper", on="bars", size=0.1)
    assert bars.run()["engine"] == "compiled"
    with pytest.raises(ConfigurationError, match="told in bars, which are never late"):
        bars.run("actors")


def test_equity_is_sampled_to_the_end_and_prices_after_trades_are_noted() -> None:
    backtest = engine(3_000)
    summary = backtest.run("compiled")
    record = backtest.record()
    assert record.equity.equity[-1] == pytest.approx(float(summary["equity"]), abs=1e-6)
    known = ~np.isnan(record.fills.mid_1s)
    assert known.any()
    # A quote each 100 ms: the middle a second after a trade is that of the tenth quote after it.
    data = quotes(3_000)
    places = np.searchsorted(data["time"], record.fills.venue_time[known] + 10**9, side="right") - 1
    assert record.fills.mid_1s[known] == pytest.approx((data["bid"][places] + data["ask"][places]) / 2)


def test_both_engines_record_the_same_orders_and_fills() -> None:
    compiled, actors = engine(1_000), engine(1_000)
    compiled.run("compiled")
    actors.run("actors")
    ours, theirs = compiled.record(), actors.record()
    np.testing.assert_allclose(ours.fills.mid_1s, theirs.fills.mid_1s, rtol=1e-12)
    for name in ("time", "venue_time", "side", "price", "size", "fee_units", "maker"):
        np.testing.assert_array_equal(getattr(ours.fills, name), getattr(theirs.fills, name), err_msg=name)
    for name in ("decided", "sent", "ended", "side", "size", "filled", "state"):
        np.testing.assert_array_equal(getattr(ours.orders, name), getattr(theirs.orders, name), err_msg=name)


def test_fees_by_volume_are_a_matter_of_both_engines() -> None:
    tiers = [{"volume": "1000", "maker_fee": "0", "taker_fee": "0.0004"}]
    assert engine(50, fee_tier=tiers).run()["engine"] == "compiled"
    assert engine(50, fee_tier=tiers).verify() == []
