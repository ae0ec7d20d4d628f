"""Synthetic feeds: the same for a seed, in order of time, and a market that one can trade on."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import islice, pairwise
from statistics import fmean
from typing import Any

import pytest

from letrade.actors.feeds.synthetic_flow import DEPTH_MAX, Listing, SyntheticFlow, SyntheticFlowConfig
from letrade.actors.feeds.synthetic_trades import SyntheticTrades, SyntheticTradesConfig
from letrade.core.actor import Context
from letrade.core.errors import ConfigurationError
from letrade.core.instruments import Catalogue, Specification
from letrade.core.messages.market import Instrument, MarketFlow, Trade
from letrade.hotpath.matching import MatchingEngine
from tests.stage import BTC

SECOND = 1_000_000_000


def flow(seed: int = 1, known: tuple[Instrument, ...] = (), **config: Any) -> SyntheticFlow:
    return SyntheticFlow("flow", SyntheticFlowConfig(**config), Context("t", "uid", seed, Catalogue(known), None))


def taken(feed: SyntheticFlow, count: int) -> list[MarketFlow]:
    return [message for message in islice(feed.messages(), count) if isinstance(message, MarketFlow)]


def trades(**config: Any) -> list[Trade]:
    feed = SyntheticTrades("load", SyntheticTradesConfig(**config), Context("t", "uid", 1, Catalogue(), None))
    return [message for message in feed.messages() if isinstance(message, Trade)]


def test_the_same_seed_gives_the_same_flow_and_another_seed_another() -> None:
    assert taken(flow(1), 500) == taken(flow(1), 500)
    assert taken(flow(1), 500) != taken(flow(2), 500)


def test_the_flow_starts_at_its_origin_and_its_time_never_falls() -> None:
    feed = flow()
    feed.origin = 7 * SECOND
    found = taken(feed, 1_000)
    times = [message.time for message in found]
    assert times[:2] == [7 * SECOND] * 2
    assert times == sorted(times)
    assert [message.sequence for message in found] == list(range(1, 1_001))


def test_the_flow_keeps_a_bounded_two_sided_book_near_its_start() -> None:
    feed = flow()
    rules = {message.instrument: Specification(message) for message in feed.instruments()}
    engines = {name: MatchingEngine() for name in rules}
    spreads: Counter[int] = Counter()
    traded = 0
    for message in taken(feed, 12_000):
        engine, grid = engines[message.instrument], rules[message.instrument]
        for order in message.orders:
            if order.kind == "limit":
                price, size = grid.price.steps(order.price), grid.size.steps(order.size)
                traded += len(engine.limit(order.order_id, 0, order.side, price, size)[2])
            elif order.kind == "market":
                traded += len(engine.market(order.order_id, 0, order.side, grid.size.steps(order.size))[2])
            else:
                engine.cancel(order.order_id)
        bid, ask = engine.best()
        assert bid is not None
        assert ask is not None
        spreads[ask[0] - bid[0]] += 1
        assert engine.order_count() <= 2 * DEPTH_MAX
        assert 3 <= engine.levels(1) <= 30
        assert 3 <= engine.levels(-1) <= 30
    assert traded > 1_000
    assert sum(count for spread, count in spreads.items() if spread <= 4) > 0.95 * sum(spreads.values())


def test_the_flow_is_on_the_grid_of_an_instrument_that_the_desk_defines() -> None:
    grid = Specification(BTC)
    for message in taken(flow(known=(BTC,)), 300):
        if message.instrument == BTC.instrument:
            for order in message.orders:
                assert grid.price.steps(order.price) >= 0
                assert grid.size.steps(order.size) >= 0


def test_trades_are_evenly_spaced_over_all_instruments_and_end() -> None:
    found = trades(count=4, trades_per_second=50.0, duration=2 * SECOND, origin=SECOND)
    assert len(found) == 400
    assert [trade.time for trade in found] == [SECOND + k * 5_000_000 for k in range(400)]
    assert Counter(trade.instrument for trade in found) == dict.fromkeys({trade.instrument for trade in found}, 100)
    assert found == trades(count=4, trades_per_second=50.0, duration=2 * SECOND, origin=SECOND)


def test_prices_of_trades_swing_so_that_averages_of_their_bars_cross_often() -> None:
    found = trades(names=("paper.A-USDT",), trades_per_second=100.0, duration=60 * SECOND)
    closes = list({trade.time // SECOND: trade.price for trade in found}.values())
    above = [sum(closes[k - 1 : k + 1]) / 2 > sum(closes[k - 2 : k + 1]) / 3 for k in range(2, len(closes))]
    assert sum(before != after for before, after in pairwise(above)) >= 25


def test_a_market_that_follows_another_moves_with_it() -> None:
    names = ("paper.BTC-USDT", "paper.BTC-USDT_USDT")
    listings = (
        Listing(name=names[0], price=Decimal(60_000)), Listing(name=names[1], price=Decimal(60_600), follows=names[0])
    )  # fmt: skip
    limits: dict[str, list[float]] = {name: [] for name in names}
    for message in taken(flow(instruments=listings, volatility=20.0), 4_000):
        limits[message.instrument] += [order.price for order in message.orders if order.kind == "limit"]
    first, second = (fmean(limits[name][-500:]) for name in names)
    assert abs(first / 60_000 - 1) > 0.002
    assert second / first == pytest.approx(1.01, abs=0.001)


def test_who_follows_a_market_that_is_not_listed_before_it_is_told() -> None:
    alone = (Listing(name="paper.BTC-USDT_USDT", price=Decimal(60_000), follows="paper.BTC-USDT"),)
    with pytest.raises(ConfigurationError, match="listed before it"):
        next(flow(instruments=alone).messages())
