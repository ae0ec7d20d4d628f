"""A slow, obvious fee by volume: every trade is kept, and all of them are looked at for each fee."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple


class TradedModel(NamedTuple):
    """One trade of an account."""

    time_ns: int
    currency: str
    notional: Fraction


def day_of(time_ns: int) -> datetime:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time_ns // 1_000_000_000)
    return moment.replace(hour=0, minute=0, second=0)


def volume_before(trades: list[TradedModel], currency: str, time_ns: int) -> Fraction:
    today = day_of(time_ns)
    counted = [
        each.notional
        for each in trades
        if each.currency == currency and today - timedelta(days=30) <= day_of(each.time_ns) < today
    ]
    return sum(counted, Fraction(0))
