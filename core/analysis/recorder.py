"""Recorder: makes a RunRecord of the messages that a desk's actors send each other; an observer, never an actor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import structs

from letrade.core.analysis.builder import Grid, RecordBuilder
from letrade.core.analysis.ends import ShortDays, ends_of
from letrade.core.analysis.price_history import PriceHistory
from letrade.core.analysis.record import KIND_CODES, STATE_CODES, InstrumentNote, RunRecord, RunSettings
from letrade.core.clock import SECOND
from letrade.core.instruments import Catalogue
from letrade.core.messages.accounts import Account, Position
from letrade.core.messages.base import NO_STRATEGY, DeskMessage, Message
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import LiquidationNear
from letrade.core.messages.market import Bar, Instrument, MarkPrice, Middle, Quote, Trade
from letrade.core.messages.orders import ApprovedAmend, ApprovedOrder, CashEntry, Fill, OrderIntent, OrderUpdate
from letrade.core.money import DEFAULT_SCALE, Money, rescale
from letrade.core.orders import SENT, TERMINAL
from letrade.core.valuation import PriceBoard

HORIZONS_NS = {"mid_1s": SECOND, "mid_10s": 10 * SECOND, "mid_60s": 60 * SECOND}
KEEP_NS = 2 * SECOND
"""How late a fill may be told of, after data that is newer than it."""
BARS, TRADES, QUOTES = 1, 2, 3


class Recorder:
    """Call it with each message, in the order in which the node's observers hear them; then take `record`.

    Decisions and fills are valued at the prices that were known at their own time, not at the newest.
    """

    def __init__(self, catalogue: Catalogue, reporting_currency: str, keep_ns: int = KEEP_NS) -> None:
        self.catalogue = catalogue
        self.reporting = reporting_currency
        self.keep_ns = keep_ns
        self.builder = RecordBuilder()
        self.board = PriceBoard()
        self.short = ShortDays()
        self.start = self.end = 0
        """The times of the first and the last message."""
        self._rows: dict[str, int] = {}
        """Of orders, by order id."""
        self._histories: dict[str, PriceHistory] = {}
        self._price_grids: dict[str, Grid] = {}
        self._equity_grids: dict[str, Grid] = {}
        self._last_equity: dict[str, tuple[int, float, float, float]] = {}
        self._held: dict[tuple[str, str], float] = {}
        self._realised: dict[tuple[str, str, str], float] = {}
        self._booked: dict[str, int] = {}
        """Rows of fills, by message, until the ledger tells what they realised."""
        self._handlers: dict[type[Message], Callable[[Any], None]] = {
            Quote: self._on_quote, Trade: self._on_trade, Bar: self._on_bar, MarkPrice: self._on_mark_price,
            ApprovedOrder: self._on_order, ApprovedAmend: self._on_amend, OrderUpdate: self._on_update,
            Fill: self._on_fill, CashEntry: self._on_cash, Position: self._on_position, Account: self._on_account,
            Middle: self.board.see, Alert: self.short.hear, LiquidationNear: self.short.hear,
        }  # fmt: skip

    def __call__(self, message: Message) -> None:
        handle = self._handlers.get(type(message))
        if handle is not None:
            self.start, self.end = self.start or message.time, max(self.end, message.time)
            handle(message)

    @property
    def span(self) -> tuple[int, int]:
        """From the first message to the last, ns UTC."""
        return self.start, self.end

    def record(self, settings: RunSettings) -> RunRecord:
        """Everything so far. `settings.data_to` is where the data ended; 0: at the last message."""
        end = settings.data_to or self.end
        for name, history in self._histories.items():
            history.close(end)
            for time, price in history.last():
                self._price_grids[name].add(time, price)
        for account, sample in self._last_equity.items():
            self._equity_grids[account].add(*sample)
        self._write_grids()
        ends = ends_of(self.board, self.catalogue, self.reporting)
        return self.builder.record(structs.replace(settings, short_days=self.short.told(), **ends))

    def _write_grids(self) -> None:
        """The sampled rows take the place of those of an earlier record()."""
        self.builder.clear("prices")
        self.builder.clear("equity")
        for name, grid in self._price_grids.items():
            for time, price in grid.rows:
                self.builder.row("prices", time=time, instrument=self._instrument(name), price=price)
        for account, grid in self._equity_grids.items():
            place = self.builder.accounts.place(account)
            for time, equity, unrealised, gross in grid.rows:
                self.builder.row(
                    "equity", time=time, account=place, equity=equity, unrealised=unrealised, exposure=gross
                )  # fmt: skip

    def _on_quote(self, quote: Quote) -> None:
        self.board.see(quote)
        if quote.bid > 0 and quote.ask > 0:
            self._see(quote.instrument, quote.time, QUOTES, (quote.bid + quote.ask) / 2, quote.bid, quote.ask)

    def _on_trade(self, trade: Trade) -> None:
        self.board.see(trade)
        self._see(trade.instrument, trade.time, TRADES, trade.price)

    def _on_bar(self, bar: Bar) -> None:
        self.board.see(bar)
        self._see(bar.instrument, bar.time, BARS, bar.close)

    def _on_mark_price(self, mark: MarkPrice) -> None:
        self.board.see(mark)

    def _see(self, instrument: str, time: int, rank: int, price: float, *quote: float) -> None:
        if not self._history(instrument).see(time, rank, price, *quote):
            return
        grid = self._price_grids[instrument]
        if grid.due(time):
            grid.add(time, price)

    def _history(self, instrument: str) -> PriceHistory:
        found = self._histories.get(instrument)
        if found is None:
            found = self._histories[instrument] = PriceHistory(self.keep_ns)
            self._price_grids[instrument] = Grid()
        return found

    def _on_order(self, approved: ApprovedOrder) -> None:
        order = approved.order
        if order.order_id in self._rows:
            return
        self._rows[order.order_id] = self.builder.row(
            "orders", order_id=len(self._rows) + 1, **self._about(approved), side=order.side, kind=_kind_of(order),
            price=float("nan") if order.price is None else order.price, size=order.size, filled=0.0,
            decided=approved.time, state=STATE_CODES["pending"],
            mid_at_decision=self._history(approved.instrument).at(approved.time),
        )  # fmt: skip

    def _on_amend(self, approved: ApprovedAmend) -> None:
        row = self._rows.get(approved.amend.order_id)
        if row is not None:
            self.builder.add("orders", row, replaced=1)

    def _on_update(self, update: OrderUpdate) -> None:
        self.short.hear(update)
        row = self._rows.get(update.order_id)
        if row is None:
            return
        ended = update.time if update.state in TERMINAL else 0
        changed: dict[str, float] = {"state": STATE_CODES[update.state], "size": update.size, "filled": update.filled}
        if update.price is not None:
            changed["price"] = update.price
        if update.state == SENT:
            changed["sent"] = update.time
        if not ended or not self.builder.value("orders", row, "ended"):
            changed["ended"] = ended
        self.builder.change("orders", row, **changed)

    def _on_fill(self, fill: Fill) -> None:
        time = fill.venue_time or fill.time
        self.board.prices.setdefault(fill.instrument, fill.price)
        history, order = self._history(fill.instrument), self._rows.get(fill.order_id)
        bid, ask = history.quote_before(time)
        row = self.builder.row(
            "fills", order=0 if order is None else order + 1, time=fill.time, venue_time=time, **self._about(fill),
            side=fill.side, price=fill.price, size=fill.size, fee=_number(fill.fee) * self._rate(fill.fee.currency),
            fee_units=_units(fill.fee), fee_currency=self.builder.currencies.place(fill.fee.currency), maker=fill.maker,
            realised=0.0, bid=bid, ask=ask, rate=self._rate(self._settle(fill.instrument)),
        )  # fmt: skip
        self._booked[fill.id] = row
        for column, horizon in HORIZONS_NS.items():
            history.when(time + horizon, partial(self._after, row, column))

    def _after(self, row: int, column: str, middle: float) -> None:
        self.builder.change("fills", row, **{column: middle})

    def _on_cash(self, entry: CashEntry) -> None:
        currency, known = entry.amount.currency, entry.instrument in self.catalogue
        self.builder.row(
            "cash", time=entry.time, account=self.builder.accounts.place(entry.account),
            currency=self.builder.currencies.place(currency), amount=_number(entry.amount),
            amount_units=_units(entry.amount), origin=self.builder.origins.place(entry.origin),
            instrument=self._instrument(entry.instrument) if known else -1, strategy=self._strategy(entry.strategy),
            rate=self._rate(currency),
        )  # fmt: skip

    def _on_position(self, position: Position) -> None:
        if position.strategy == NO_STRATEGY:
            self._held[position.account, position.instrument] = position.quantity
            return
        key = (position.strategy, position.account, position.instrument)
        realised, row = _number(position.realised), self._booked.pop(position.cause, None)
        gained = realised - self._realised.get(key, 0.0)
        self._realised[key] = realised
        if gained and row is not None:
            self.builder.add("fills", row, realised=gained * self._rate(position.realised.currency))

    def _on_account(self, account: Account) -> None:
        name, unknown = account.account, float("nan")
        grid = self._equity_grids.setdefault(name, Grid())
        transit = 0.0 if account.transit is None else _number(account.transit)
        equity = unknown if account.equity is None else _number(account.equity) + transit
        unrealised = unknown if account.unrealised is None else _number(account.unrealised)
        sample = (account.time, equity, unrealised, self._exposure(name))
        self._last_equity[name] = sample
        if grid.due(account.time):
            grid.add(*sample)

    def _exposure(self, account: str) -> float:
        """Gross, of all positions whose price and rate are known."""
        total = 0.0
        for (holder, instrument), quantity in self._held.items():
            price = self.board.prices.get(instrument)
            if holder == account and quantity and price is not None:
                rules = self.catalogue.at(instrument, self.end)
                worth = float(rules.multiplier) / price if rules.inverse else price * float(rules.multiplier)
                total += abs(quantity) * worth * self._rate(rules.currency)
        return total

    def _rate(self, currency: str) -> float:
        """NaN where no price tells it."""
        rate = self.board.rate(currency, self.reporting, self.catalogue)
        return float("nan") if rate is None else float(rate)

    def _settle(self, instrument: str) -> str:
        rules = self.catalogue.at(instrument, self.end)
        return rules.quote if rules.kind == "spot" else rules.settle

    def _about(self, message: DeskMessage) -> dict[str, int]:
        return {
            "strategy": self._strategy(message.strategy),
            "account": self.builder.accounts.place(message.account),
            "instrument": self._instrument(message.instrument),
        }

    def _strategy(self, name: str) -> int:
        return -1 if name == NO_STRATEGY else self.builder.strategies.place(name)

    def _instrument(self, name: str) -> int:
        if name not in self.builder.instruments and name in self.catalogue:
            self.builder.instruments[name] = note_of(self.catalogue.at(name, self.end).message)
        return self.builder.instrument_places.place(name)


def note_of(message: Instrument) -> InstrumentNote:
    """What the record keeps of an instrument's rules."""
    spot = message.kind == "spot"
    return InstrumentNote(
        name=message.instrument, kind=message.kind, base=message.base, quote=message.quote,
        settle=message.quote if spot else message.settle, multiplier=float(message.multiplier), lot=float(message.lot),
    )  # fmt: skip


def _kind_of(order: OrderIntent) -> int:
    if order.kind in ("stop", "take_profit"):
        return KIND_CODES[f"{order.kind}_{'market' if order.price is None else 'limit'}"]
    if order.kind == "trailing_stop":
        return KIND_CODES["trailing_stop"]
    return KIND_CODES["market" if order.price is None else "limit"]


def _number(amount: Money) -> float:
    return amount.integer / 10.0**amount.scale


def _units(amount: Money) -> int:
    return rescale(amount.integer, amount.scale, DEFAULT_SCALE)
