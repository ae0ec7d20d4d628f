"""The record of a run by actors, noted from what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from letrade.actors.monitor.report import starts_of
from letrade.backtesting.recording import sampled
from letrade.backtesting.settings import data_in_words, notes_of, settings_of
from letrade.backtesting.terms import strategies_of
from letrade.core.analysis.builder import RecordBuilder
from letrade.core.analysis.record import KIND_CODES, STATE_CODES, RunRecord
from letrade.core.config.desk import DeskConfig
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.market import Bar, Quote, Trade
from letrade.core.messages.orders import CashEntry, Fill, OrderUpdate
from letrade.core.money import DEFAULT_SCALE, rescale
from letrade.core.orders import SENT, TERMINAL
from letrade.core.quantities import ONE
from letrade.hotpath.simulation.watch import Watch

NAN = float("nan")
UNIT = 10.0**DEFAULT_SCALE


class Observer:
    """Call it with every message of the run; `record` at the end."""

    def __init__(self, config: DeskConfig, catalogue: Catalogue) -> None:
        self.config = config
        self.notes = notes_of(catalogue)
        self.places = {note.name: place for place, note in enumerate(self.notes)}
        self.accounts = {account.name: place for place, account in enumerate(config.accounts)}
        self.watch = Watch(len(self.notes), len(self.accounts))
        strategies = [each.name for each in strategies_of(config)]
        self.builder = RecordBuilder(self.notes, strategies, self.accounts)
        self.rows: dict[str, int] = {}
        """The row of each order by its id."""
        self.fills: list[int] = []
        """The place of each fill in the watch."""
        self.quotes: dict[str, tuple[float, float]] = {}
        self.prices: dict[str, float] = {}
        self.quoted: set[str] = set()
        self.span = (0, 0)
        self._hears = {
            Quote: self._on_quote, Trade: self._on_trade, Bar: self._on_bar, OrderUpdate: self._on_update,
            Fill: self._on_fill, CashEntry: self._on_cash,
        }  # fmt: skip

    def __call__(self, message: Message) -> None:
        hears: Any = self._hears.get(type(message))
        if hears is not None:
            hears(message)

    def _price(self, instrument: str, time: int, price: float) -> None:
        self.span = (self.span[0] or time, max(time, self.span[1]))
        self.prices[instrument] = price
        self.watch.note_price(self.places[instrument], time, price)
        self.watch.note_time(time)

    def _on_quote(self, quote: Quote) -> None:
        if quote.bid > 0 and quote.ask > 0:
            self.quoted.add(quote.instrument)
            self.quotes[quote.instrument] = (quote.bid, quote.ask)
            self._price(quote.instrument, quote.time, (quote.bid + quote.ask) / 2)

    def _on_trade(self, trade: Trade) -> None:
        if trade.instrument not in self.quoted:
            self._price(trade.instrument, trade.time, trade.price)

    def _on_bar(self, bar: Bar) -> None:
        if bar.instrument not in self.quoted:
            self._price(bar.instrument, bar.time, bar.close)

    def _on_update(self, update: OrderUpdate) -> None:
        builder = self.builder
        row = self.rows.get(update.order_id)
        if row is None:
            if update.state != SENT:
                return
            row = self.rows[update.order_id] = builder.row(
                "orders",
                order_id=len(self.rows) + 1,
                strategy=builder.strategies.place(update.strategy),
                account=builder.accounts.place(update.account),
                instrument=builder.instrument_places.place(update.instrument),
                side=update.side,
                kind=KIND_CODES["market" if update.price is None else "limit"],
                decided=update.time,
                sent=update.time,
                mid_at_decision=self.prices.get(update.instrument, NAN),
            )
        price = NAN if update.price is None else update.price
        changed = {"price": price, "size": update.size, "filled": update.filled, "state": STATE_CODES[update.state]}
        if update.state in TERMINAL:
            changed["ended"] = update.time
        builder.change("orders", row, **changed)

    def _on_fill(self, fill: Fill) -> None:
        builder, place = self.builder, self.places[fill.instrument]
        bid, ask = self.quotes.get(fill.instrument, (NAN, NAN))
        units = rescale(fill.fee.integer, fill.fee.scale, DEFAULT_SCALE)
        builder.row(
            "fills",
            order=self.rows.get(fill.order_id, -1) + 1,
            time=fill.time,
            venue_time=fill.venue_time,
            strategy=builder.strategies.place(fill.strategy),
            account=builder.accounts.place(fill.account),
            instrument=builder.instrument_places.place(fill.instrument),
            side=fill.side,
            price=fill.price,
            size=fill.size,
            fee=units / UNIT,
            fee_units=units,
            fee_currency=builder.currencies.place(fill.fee.currency),
            maker=fill.maker,
        )
        self.fills.append(self.watch.note_trade(place, fill.venue_time or fill.time, bid, ask))
        change = fill.side * fill.size * self.notes[place].multiplier
        self.watch.note_fill(self.accounts[fill.account], place, change, fill.price, units / UNIT)

    def _on_cash(self, entry: CashEntry) -> None:
        builder = self.builder
        amount = rescale(entry.amount.integer, entry.amount.scale, DEFAULT_SCALE)
        builder.row(
            "cash",
            time=entry.time,
            account=builder.accounts.place(entry.account),
            currency=builder.currencies.place(entry.amount.currency),
            amount=amount / UNIT,
            amount_units=amount,
            origin=builder.origins.place(entry.origin),
            instrument=self.places.get(entry.instrument, -1),
        )
        if entry.amount.currency == self.config.desk.reporting_currency:
            self.watch.note_cash(self.accounts[entry.account], amount / UNIT)

    def record(self, summary: Mapping[str, Any]) -> RunRecord:
        """What was noted."""
        self.watch.finish(self.span[1])
        noted = self.watch.after()
        for row, place in enumerate(self.fills):
            bid, ask, one, ten, sixty = noted[place]
            self.builder.change("fills", row, bid=bid, ask=ask, mid_1s=one, mid_10s=ten, mid_60s=sixty)
        starts = starts_of(self.config)
        begun = [(starts[name].equity or 0) / ONE if name in starts else 0.0 for name in self.accounts]
        equity, prices = sampled(self.watch, begun)
        settings = settings_of(self.config, summary, "actors", data_in_words(self.config), self.span)
        made = self.builder.record(settings)
        return RunRecord(made.names, settings, made.orders, made.fills, made.cash, equity, prices)
