"""Fills where only trades are known."""

from __future__ import annotations

from letrade.actors.venue.recorded import RecordedModel
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import Trade


class TradesModel(RecordedModel):
    """Takers at the last price, whatever their size; makers when a trade goes through theirs."""

    kind = "trades"
    market_kind = "trades"

    def hear_data(self, message: MarketMessage, time: int) -> list[tuple[int, ...]]:
        return self.hear_trade(message, time) if type(message) is Trade else []
