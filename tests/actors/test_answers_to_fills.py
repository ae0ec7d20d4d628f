"""Who judges what is asked for knows first what has happened: a strategy may answer a fill at once."""

from __future__ import annotations

import pytest

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import Fill, OrderRefused
from tests.actors.desk_parts import LINEAR, SECOND, SPOT, TradingDesk, settings
from tests.stage import context, of_kind


class InAndOut(BaseStrategy):
    """Sells what it has bought as soon as it hears of it."""

    def on_trade(self, trade: Trade) -> None:
        if self.signal == 0:
            self.target(1.0)

    def on_fill(self, fill: Fill) -> None:
        if fill.side > 0:
            self.target(0.0)


@pytest.mark.parametrize("instrument", [SPOT, LINEAR])
def test_what_was_bought_may_be_sold_in_answer_to_its_fill(instrument: str) -> None:
    config = settings()
    strategy = InAndOut("alpha", StrategyConfig(instrument=instrument, account="main"), context(settings=config))
    desk = TradingDesk(config, extra=[strategy])
    for _ in range(3):
        desk.trade(60_000.0, instrument, wait=SECOND)
    assert [fill.side for fill in of_kind(desk.said, Fill)] == [1, -1]
    assert not of_kind(desk.said, OrderRefused)
    assert desk.held("alpha", instrument) == 0.0
