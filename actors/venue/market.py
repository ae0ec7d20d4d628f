"""One instrument at the venue: its grid, its prices, and the fill model that the data it has calls for."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.bars import BarsModel
from letrade.actors.venue.book import BookModel
from letrade.actors.venue.matching import MatchingModel
from letrade.actors.venue.model import FillModel, Terms
from letrade.actors.venue.orders import Order
from letrade.actors.venue.quotes import QuotesModel
from letrade.actors.venue.scales import scales_of
from letrade.actors.venue.trades import TradesModel
from letrade.core.config.desk import FillsConfig
from letrade.core.instruments import Catalogue, Specification
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import BarOpen, BookDelta, BookSnapshot, MarketFlow, Quote, Trade
from letrade.core.quantities import TEN

MODELS: dict[str, type[FillModel]] = {
    model.kind: model for model in (TradesModel, BarsModel, QuotesModel, BookModel, MatchingModel)
}
RANKS = {kind: rank for rank, kind in enumerate(MODELS)}
"""The more a kind of data tells, the higher: a model gives way to one that knows more, never to one that knows less."""
CALLS_FOR: dict[type[MarketMessage], str] = {
    Trade: TradesModel.kind,
    BarOpen: BarsModel.kind,
    Quote: QuotesModel.kind,
    BookDelta: BookModel.kind,
    BookSnapshot: BookModel.kind,
    MarketFlow: MatchingModel.kind,
}

Best = tuple[tuple[float, int] | None, tuple[float, int] | None]
BOOKS = (QuotesModel.kind, BookModel.kind)
"""Where a desk file asks for the book, the best bid and ask are the book until one is told."""


class Market:
    """`fixed` is the fill model that the desk file asks for, None to go by the data."""

    def __init__(
        self, instrument: str, catalogue: Catalogue, fixed: str | None, fills: FillsConfig | None = None, time: int = 0
    ) -> None:
        self.instrument = instrument
        self.catalogue = catalogue
        self.scales = scales_of(catalogue, instrument)
        self.choices = tuple(MODELS) if fixed is None else BOOKS if fixed == BookModel.kind else (fixed,)
        rules = self.rules(time)
        self.terms = Terms(
            fills=fills or FillsConfig(),
            tick=rules.price.step_units * TEN[self.scales.price_decimals - rules.price.decimals],
            lot=rules.size.step_units * TEN[self.scales.size_decimals - rules.size.decimals],
            contract=rules.kind != "spot",
        )
        only = self.choices[0] if len(self.choices) == 1 else None
        self.model: FillModel | None = self._new(only) if only else None
        self.mark = self.index = self.last = 0.0
        self.mark_time = self.index_time = self.last_time = 0
        """When the venue said so, 0 where it never did."""
        self.complaints = 0
        self.served: dict[type[MarketMessage], None] = {}
        """Kinds of data that call for no other model."""
        self.shown: Best = (None, None)
        """The best prices as last published, by a model whose quotes are the market's."""

    def _new(self, kind: str) -> FillModel:
        return MODELS[kind](self.scales, self.terms)

    def rules(self, time: int) -> Specification:
        return self.catalogue.at(self.instrument, time)

    def ready(self) -> FillModel | None:
        """The fill model, once it has a market."""
        return self.model if self.model is not None and self.model.has_market else None

    def outgrown(self, message: MarketMessage) -> list[Order]:
        """Takes the model that this data calls for; the orders of the model that gave way, to be placed again."""
        wanted = CALLS_FOR.get(type(message))
        known = -1 if self.model is None else RANKS[self.model.kind]
        if wanted is None or wanted not in self.choices or RANKS[wanted] <= known:
            self.served[type(message)] = None
            return []
        orders = self.model.orders() if self.model is not None else []
        self.model = self._new(wanted)
        return orders

    def value_price(self) -> float:
        """What positions are valued at: the mark price, else the last trade, else the middle of the best; or 0."""
        return self.mark or self.last or self._middle()

    def _middle(self) -> float:
        bid, ask = self.model.best() if self.model is not None else (None, None)
        known = [level[0] for level in (bid, ask) if level is not None]
        return sum(known) / len(known) if known else 0.0

    def state(self) -> Any:
        model = [self.model.kind, self.model.state()] if self.model is not None else None
        values = [self.mark, self.mark_time, self.index, self.index_time, self.last, self.last_time]
        return [model, values, self.complaints, self.shown]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        model, values, self.complaints, (bid, ask) = state
        self.mark, self.mark_time, self.index, self.index_time, self.last, self.last_time = values
        self.shown = (tuple(bid) if bid else None, tuple(ask) if ask else None)
        if model is not None:
            self.model = self._new(model[0])
            self.model.restore(model[1], orders)
