"""Indicators of bars and the order flow of quotes: what is published when, and that a restart changes nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest

from letrade.actors.features.indicators import Indicators, IndicatorsConfig
from letrade.actors.features.order_flow import OrderFlowConfig, OrderFlowImbalance
from letrade.core.messages.base import Message
from letrade.core.messages.features import Features
from letrade.core.messages.market import Bar, Quote
from tests.actors.cuts import with_a_cut, without_a_cut
from tests.models import indicators as slow
from tests.models import rolling
from tests.stage import BTC, PERP, StageOf, context, of_kind

SECOND = 1_000_000_000
ALL: dict[str, Any] = {
    "rsi": (3,), "atr": (4,), "volatility": (5,), "bollinger": (3,), "macd": ((2, 4, 2),), "vwap": (3,), "channel": (3,)
}  # fmt: skip


def bars(count: int, instrument: str = BTC.instrument, seed: int = 3) -> list[Bar]:
    draw = random.Random(seed)
    rows = [sorted(draw.uniform(90.0, 110.0) for _ in range(3)) for _ in range(count)]
    return [
        Bar(
            time=number * SECOND, instrument=instrument, start=(number - 1) * SECOND, end=number * SECOND, open=middle,
            low=low, high=high, close=middle, volume=float(draw.randrange(1, 9)),
        )
        for number, (low, middle, high) in enumerate(rows, 1)
    ]  # fmt: skip


def indicators(**config: Any) -> Indicators:
    return Indicators("set", IndicatorsConfig(**config), context())


def order_flow() -> OrderFlowImbalance:
    return OrderFlowImbalance("flow", OrderFlowConfig(), context())


def test_each_value_is_that_of_its_definition() -> None:
    told = bars(12)
    last = of_kind(StageOf(indicators(**ALL)).tell(*told), Features)[-1]
    found = dict(zip(last.names, last.values, strict=True))
    closes, highs, lows = ([getattr(bar, key) for bar in told] for key in ("close", "high", "low"))
    typical = [((bar.high + bar.low + bar.close) / 3, bar.volume) for bar in told]
    upper, middle, lower = rolling.bollinger(closes, 3, 2.0) or (0.0,) * 3
    macd, signal, histogram = slow.macd(closes, 2, 4, 2) or (0.0,) * 3
    assert found == pytest.approx(
        {
            "rsi_3": slow.rsi(closes, 3), "atr_4": slow.atr(highs, lows, closes, 4),
            "volatility_5": rolling.volatility(closes, 5, None), "bollinger_3_upper": upper,
            "bollinger_3_middle": middle, "bollinger_3_lower": lower, "macd_2_4_2": macd, "macd_2_4_2_signal": signal,
            "macd_2_4_2_histogram": histogram, "vwap_3": rolling.vwap(typical, 3),
            "lowest_3": min(lows[-3:]), "highest_3": max(highs[-3:]),
        },
        rel=1e-9,
    )  # fmt: skip
    assert (last.price, last.bar_end, last.count, last.feature_set) == (closes[-1], 12 * SECOND, 12, "set")


def test_what_is_not_warm_is_left_out() -> None:
    said = of_kind(StageOf(indicators(rsi=(2,), volatility=(4,))).tell(*bars(5)), Features)
    assert [features.names for features in said] == [("rsi_2",), ("rsi_2",), ("rsi_2", "volatility_4")]


def test_instruments_and_durations_do_not_mix_and_repeats_change_nothing() -> None:
    stage = StageOf(indicators(rsi=(1,), instruments=(PERP.instrument,), bar=SECOND))
    ours, others = bars(3, PERP.instrument), bars(3)
    assert len(of_kind(stage.tell(*others, *ours, ours[-1]), Features)) == 2


def quote(time: int, bid_size: float, ask_size: float, bid: float = 100.0, ask: float = 101.0) -> Quote:
    return Quote(time=time, instrument=BTC.instrument, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size)


QUOTES = [quote(1, 5.0, 5.0), quote(2, 8.0, 5.0), quote(3, 8.0, 4.0), quote(SECOND + 1, 2.0, 4.0),
          quote(SECOND + 2, 0.0, 4.0, bid=0.0), quote(SECOND + 3, 9.0, 4.0), quote(SECOND + 4, 9.0, 1.0)]  # fmt: skip


def flows(*told: Message) -> list[tuple[float, int]]:
    return [(each.values[0], each.count) for each in of_kind(StageOf(order_flow()).tell(*told), Features)]


def test_the_flow_of_a_bar_is_that_of_its_quotes_and_an_empty_side_begins_anew() -> None:
    first, second = bars(2)
    assert flows(*QUOTES[:3], first, *QUOTES[3:], second) == [(3.0 + 1.0, 1), (-6.0 + 3.0, 2)]


def test_a_bar_before_the_first_quote_has_no_flow() -> None:
    assert flows(bars(1)[0]) == []


@pytest.mark.parametrize("cut", range(1, 30, 5))
def test_a_restart_changes_no_indicator(cut: int) -> None:
    told = [bar for pair in zip(bars(15), bars(15, PERP.instrument, 4), strict=True) for bar in pair]
    made = lambda: indicators(**ALL)  # noqa: E731
    assert with_a_cut(made, told, cut, 0) == without_a_cut(made, told, cut, 0)


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_restart_changes_no_flow(cut: int) -> None:
    first, second = bars(2)
    told = [*QUOTES[:3], first, *QUOTES[3:], second]
    assert with_a_cut(order_flow, told, cut, 0) == without_a_cut(order_flow, told, cut, 0)
