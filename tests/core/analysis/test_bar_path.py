"""The price of an exchange that is known by the bars of several feeds."""

from __future__ import annotations

import math

from letrade.core.analysis.bar_path import BarPath
from letrade.core.messages.market import Bar, BarOpen

NAME = "binance.BTC-USDT"


def opened(source: str, start: int, price: float) -> BarOpen:
    return BarOpen(time=start, source=source, epoch=1, sequence=1, instrument=NAME, start=start, open=price)


def closed(source: str, start: int, end: int, price: float) -> Bar:
    return Bar(
        time=end, source=source, epoch=1, sequence=2, instrument=NAME, start=start, end=end,
        open=price, high=price, low=price, close=price, volume=1.0,
    )  # fmt: skip


def test_the_first_feed_counts_until_a_shorter_bar_closes() -> None:
    path = BarPath()
    assert path.opened(opened("long", 0, 10.0)) == 10.0
    assert path.opened(opened("short", 0, 11.0)) == 10.0
    assert path.closed(closed("short", 0, 1, 12.0)) == 12.0
    assert path.opened(opened("short", 1, 13.0)) == 13.0
    assert path.closed(closed("long", 0, 5, 15.0)) == 13.0
    assert path.closed(closed("short", 1, 2, 16.0)) == 16.0
    assert path.opened(opened("long", 5, 17.0)) == 16.0
    assert path.opened(opened("short", 5, 18.0)) == 18.0
    assert path.closed(closed("long", 5, 10, 19.0)) == 18.0


def test_a_longer_bar_counts_where_no_shorter_one_began_in_it() -> None:
    path = BarPath()
    path.opened(opened("short", 0, 10.0))
    path.opened(opened("long", 0, 10.0))
    assert path.closed(closed("short", 0, 1, 11.0)) == 11.0
    assert path.closed(closed("long", 0, 5, 15.0)) == 11.0
    assert path.opened(opened("long", 5, 16.0)) == 11.0
    assert path.closed(closed("long", 5, 10, 17.0)) == 17.0
    assert path.opened(opened("long", 10, 18.0)) == 18.0
    assert path.closed(closed("short", 12, 13, 19.0)) == 19.0


def test_bars_that_nobody_opened_tell_no_price() -> None:
    assert math.isnan(BarPath().closed(closed("long", 0, 5, 15.0)))
