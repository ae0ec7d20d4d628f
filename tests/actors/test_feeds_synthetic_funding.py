"""Seeded funding rates: alike for a seed, told before they are paid, around their means."""

from __future__ import annotations

from itertools import islice
from typing import Any

from letrade.actors.feeds.synthetic_funding import MeanRate, SyntheticFunding, SyntheticFundingConfig
from letrade.core.config.durations import parse_duration
from tests.stage import context

HOUR = parse_duration("1h")
CONFIG = SyntheticFundingConfig(
    rates=(MeanRate(name="a.BTC-USDT_USDT", rate=0.0008), MeanRate(name="b.BTC-USDT_USDT", rate=-0.0008)), interval=HOUR
)


def told(count: int, seed: int = 1) -> list[Any]:
    return list(islice(SyntheticFunding("funding", CONFIG, context(seed=seed)).messages(), count))


def test_each_rate_is_told_one_interval_before_it_is_paid() -> None:
    messages = told(6)
    assert [message.funding_time - message.time for message in messages] == [HOUR] * 6
    assert [message.time for message in messages[::2]] == [messages[0].time + step * HOUR for step in range(3)]
    assert [message.sequence for message in messages] == [1, 2, 3, 4, 5, 6]


def test_rates_wander_around_their_share_of_eight_hours() -> None:
    messages = told(4_000)
    for place, mean in ((0, 0.0001), (1, -0.0001)):
        found = [message.rate for message in messages[place::2]]
        assert abs(sum(found) / len(found) - mean) < 0.00001
        assert max(found) != min(found)


def test_a_seed_gives_the_same_rates_and_another_seed_others() -> None:
    assert told(10) == told(10)
    assert told(10)[1].rate != told(10, seed=2)[1].rate
