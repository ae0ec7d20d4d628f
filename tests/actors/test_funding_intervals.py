"""Funding at the simulated venue by whatever interval: each told payment is made once, at its instant."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from letrade.core.messages.base import Message
from letrade.core.messages.market import FundingRate, MarkPrice
from letrade.core.messages.venue import VenueCash
from tests.actors.venue_parts import LINEAR, Desk, submit, trade
from tests.stage import of_kind

HOUR = 3600 * 10**9
SECOND = 10**9


def rate(hour: float, value: float = 0.0001) -> FundingRate:
    return FundingRate(instrument=LINEAR, rate=value, funding_time=round(hour * HOUR))


def desk(**venue: object) -> Desk:
    """Account a is long one contract at a mark of 100."""
    made = Desk(funding=True, maker_fee=Decimal(0), taker_fee=Decimal(0), funding_price_age=100 * HOUR, **venue)
    made.tell(trade(100.0, instrument=LINEAR), MarkPrice(instrument=LINEAR, price=100.0))
    made.tell(submit("a", 1, 1.0, instrument=LINEAR))
    return made


def paid_at(made: Desk, told: Sequence[tuple[float, list[FundingRate]]], until: float) -> list[float]:
    """The hours of the payments when these rates are told at these hours."""
    said: list[Message] = []
    for hour, rates in [*told, (until, [])]:
        said += made.tell(wait=max(0, round(hour * HOUR) - made.time))
        said += made.tell(*rates, wait=SECOND)
    return [cash.venue_time / HOUR for cash in of_kind(said, VenueCash)]


@pytest.mark.parametrize("interval", [1, 4, 8])
def test_each_interval_is_paid_whether_told_before_or_at_the_instant(interval: int) -> None:
    hours = range(interval, 25, interval)
    before = [(hour - interval + 0.1, [rate(hour)]) for hour in hours]
    at = [(float(hour), [rate(hour)]) for hour in hours]
    assert paid_at(desk(), before, 25) == list(hours)
    assert paid_at(desk(), at, 25) == list(hours)


def test_an_interval_that_changes_is_paid_by_what_is_told() -> None:
    hours = [8, 16, 20, 24, 25, 26, 34]
    told = [(hour - 0.5, [rate(hour)]) for hour in hours]
    assert paid_at(desk(), told, 40) == hours


def test_a_payment_that_is_put_in_between_takes_nothing_from_the_next() -> None:
    """16:00 is told; then the interval is halved, and 12:00 comes first."""
    told = [(8.5, [rate(16)]), (11.0, [rate(12)])]
    assert paid_at(desk(), told, 17) == [12, 16]


@pytest.mark.parametrize("lag", [None, 50_000])
def test_the_next_rate_told_at_the_very_instant_does_not_take_the_place_of_what_is_due(lag: int | None) -> None:
    told = [(0.5, [rate(8)]), (8.0, [rate(16)]), (16.0, [rate(24)])]
    assert paid_at(desk(data_latency=lag), told, 25) == [8, 16, 24]


def test_rates_told_long_before_are_all_paid_and_a_newer_word_of_one_counts() -> None:
    made = desk()
    said = made.tell(rate(8, 0.5), rate(16, 0.002), rate(8, 0.001))
    said += made.tell(wait=17 * HOUR)
    assert [cash.amount.decimal for cash in of_kind(said, VenueCash)] == [Decimal("-0.1"), Decimal("-0.2")]


def test_rates_told_before_survive_a_restart() -> None:
    made = desk()
    made.tell(rate(8, 0.001), rate(16, 0.002))
    made.restarted()
    said = made.tell(wait=9 * HOUR)
    made.restarted()
    said += made.tell(wait=9 * HOUR)
    assert [cash.amount.decimal for cash in of_kind(said, VenueCash)] == [Decimal("-0.1"), Decimal("-0.2")]
