"""Fills where the best bid and ask are known."""

from __future__ import annotations

from letrade.actors.venue.recorded import RecordedModel
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import Quote, Trade
from letrade.hotpath.constants import BUY, SELL


class QuotesModel(RecordedModel):
    """Takers get what is shown, makers trade when trades come to them; without any trades, when quotes reach them."""

    kind = "quotes"
    market_kind = "quotes"

    def hear_data(self, message: MarketMessage, time: int) -> list[tuple[int, ...]]:
        if type(message) is Quote:
            down = self.scales.size_units_down
            bid = (self.grid_units(message.bid), down(message.bid_size)) if message.bid > 0 else (0, 0)
            ask = (self.grid_units(message.ask), down(message.ask_size)) if message.ask > 0 else (0, 0)
            return self.door.hear_quote(time, *bid, *ask)
        return self.hear_trade(message, time) if type(message) is Trade else []

    def best(self) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
        bid, ask = self.door.best(BUY), self.door.best(SELL)
        return (self.price(bid), 0) if bid else None, (self.price(ask), 0) if ask else None
