"""A hedge that its venue liquidates, or that the desk cuts before that: what it hedged follows it at once."""

from __future__ import annotations

from typing import Any

import pytest

from letrade.actors.capital.manager import CapitalConfig
from letrade.actors.liquidation.config import LiquidationMonitorConfig
from letrade.actors.liquidation.monitor import LiquidationMonitor
from letrade.actors.strategies.delta_neutral import DeltaNeutral, DeltaNeutralConfig
from letrade.actors.venue.faults import Faults
from letrade.core.actor import Actor
from letrade.core.config.desk import FaultsConfig
from letrade.core.messages.market import MarkPrice, Trade
from letrade.core.messages.orders import Fill
from tests.actors.desk_parts import MS, SECOND, SPOT, TradingDesk
from tests.actors.liquidation_parts import LINEAR, PERP, margin_settings
from tests.stage import BTC, context, of_kind

PRICE = 60_000.0
MINUTE = 60 * SECOND


class MarginPair(TradingDesk):
    """Spot against a perpetual in one account, which has little more than the spot costs."""

    def __init__(self, groups: Any = None) -> None:
        config = margin_settings(balance=70_000, leverage=10)
        shared = context(BTC, PERP, settings=config)
        keys: dict[str, Any] = {"instrument": SPOT, "hedge": LINEAR, "account": "main", "size": 1.0}
        actors: list[Actor] = [DeltaNeutral("alpha", DeltaNeutralConfig(**keys), shared)]
        if groups is not None:
            actors.append(LiquidationMonitor("liquidation", LiquidationMonitorConfig(groups=groups), shared))
        super().__init__(config, extra=actors, instruments=(BTC, PERP), capital=CapitalConfig(leverage=10.0))

    def prices(self, price: float, wait: int = 2 * SECOND) -> None:
        for instrument in (SPOT, LINEAR):
            self.trade(price, instrument, wait=10 * MS, size=1_000.0)
        self.tell(MarkPrice(instrument=LINEAR, price=price, source="feed", epoch=1), wait=50 * MS)
        self.tell(Trade(instrument=SPOT, price=price, size=1_000.0, source="feed", epoch=1), wait=wait)

    def pair(self) -> tuple[float, float]:
        return self.held(), self.held(instrument=LINEAR)

    def climb(self, wait: int = 2 * SECOND) -> list[float]:
        """The market rises by a fifth in small steps; how far the legs were apart after each."""
        apart = []
        for step in range(1, 49):
            self.prices(PRICE + 250.0 * step, wait)
            apart.append(abs(sum(self.pair())))
        return apart


def test_what_a_liquidated_hedge_held_up_is_sold() -> None:
    desk = MarginPair()
    desk.prices(PRICE)
    assert desk.pair() == (1.0, -1.0)
    assert max(desk.climb()) < 0.001
    assert "liquidation" in {fill.origin for fill in of_kind(desk.said, Fill)}
    assert desk.pair()[0] < 1.0


@pytest.mark.parametrize("groups", [(), ((SPOT, LINEAR),)])
def test_what_the_monitor_cuts_of_a_hedge_before_its_venue_would_is_followed_once(groups: Any) -> None:
    desk = MarginPair(groups)
    desk.prices(PRICE)
    assert max(desk.climb(wait=30 * MINUTE)) < 0.001
    assert "liquidation" not in {fill.origin for fill in of_kind(desk.said, Fill)}
    assert 0.0 < desk.pair()[0] < 1.0


def test_a_liquidation_whose_news_is_lost_is_found_while_nothing_else_happens() -> None:
    desk = MarginPair()
    desk.prices(PRICE)
    venue: Any = desk.venue
    whole, venue.faults = venue.faults, Faults(FaultsConfig(lose=1.0))
    desk.prices(PRICE * 1.2)
    venue.faults = whole
    assert not venue.exchange.accounts["main"].held(LINEAR)
    assert desk.pair() == (1.0, -1.0)
    desk.prices(PRICE * 1.2, wait=10 * MINUTE + 10 * SECOND)
    desk.prices(PRICE * 1.2)
    assert desk.pair() == (0.0, 0.0)
