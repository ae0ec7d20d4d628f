"""Recorder: makes a RunRecord of the messages that a desk's actors send each other; an observer, never an actor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import structs

from letrade.core.analysis.builder import Grid, RecordBuilder
from letrade.core.analysis.ends import ShortDays, ends_of
from letrade.core.analysis.markets import Markets
from letrade.core.analysis.record import KIND_CODES, STATE_CODES, InstrumentNote, RunRecord, RunSettings
from letrade.core.analysis.sent_orders import sent_alone
from letrade.core.analysis.timed_board import TimedBoard
from letrade.core.clock import SECOND
from letrade.core.instruments import Catalogue
from letrade.core.messages.accounts import Account, Position
from letrade.core.messages.base import NO_STRATEGY, DeskMessage, Message
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import LiquidationNear
from letrade.core.messages.market import Bar, Instrument, MarkPrice, Middle, Quote, Trade
from letrade.core.messages.orders import ApprovedOrder, CashEntry, Fill, OrderIntent, OrderUpdate
from letrade.core.money import DEFAULT_SCALE, Money, rescale
from letrade.core.orders import SENT, TERMINAL

HORIZONS_NS = {"mid_1s": SECOND, "mid_10s": 10 * SECOND, "mid_60s": 60 * SECOND}
KEEP_NS = 2 * SECOND
"""How late a fill may be told of, after data that is newer than it."""
AMENDED = "amended"
"""Execution's reason of an update that tells of a change in place."""


class Recorder:
    """Call it with each message, in the order in which the node's observers hear them; then take `record`.

    Decisions and fills are valued at the prices that were known at their own time, not at the newest.
    """

    def __init__(
        self, catalogue: Catalogue, reporting_currency: str, *, keep_ns: int = KEEP_NS,
        believed: Mapping[str, str] | None = None, lags: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        self.catalogue = catalogue
        self.reporting = reporting_currency
        self.builder = RecordBuilder()
        self.board = TimedBoard(keep_ns)
        self.markets = Markets(catalogue, keep_ns, believed or {}, lags or {})
        self.short = ShortDays()
        self.start = self.end = 0
        """The times of the first and the last data."""
        self.now = 0
        """Of the last message."""
        self._rows: dict[str, int] = {}
        """Of orders, by order id."""
        self._equity_grids: dict[str, Grid] = {}
        self._last_equity: dict[str, tuple[int, float, float, float]] = {}
        self._realised: dict[tuple[str, str, str], float] = {}
        self._booked: dict[str, int] = {}
        """Rows of fills, by message, until the ledger tells what they realised."""
        self._handlers: dict[type[Message], Callable[[Any], None]] = {
            **dict.fromkeys((Quote, Trade, Bar, MarkPrice, Middle), self.board.see),
            **dict.fromkeys((Alert, LiquidationNear), self.short.hear),
            ApprovedOrder: self._on_order, OrderUpdate: self._on_update, Fill: self._on_fill, CashEntry: self._on_cash,
            Position: self._on_position, Account: self._on_account,
        }  # fmt: skip

    def __call__(self, message: Message) -> None:
        self.now = max(self.now, message.time)
        if self.markets.hear(message):
            self.start, self.end = self.start or message.time, max(self.end, message.time)
        handle = self._handlers.get(type(message))
        if handle is not None:
            handle(message)

    @property
    def span(self) -> tuple[int, int]:
        """From the first of the data to the last, ns UTC."""
        return self.start, self.end

    def record(self, settings: RunSettings) -> RunRecord:
        """Everything so far. `settings.data_to` is where the data ended; 0: at the last of it."""
        end = settings.data_to or self.end
        self.markets.close(end)
        for account, sample in self._last_equity.items():
            self._equity_grids[account].add(*sample)
        self._write_grids()
        ends = ends_of(self.board.latest(), self.catalogue, self.reporting)
        record = self.builder.record(structs.replace(settings, short_days=self.short.told(), **ends))
        orders, fills = sent_alone(record.orders, record.fills)
        return replace(record, orders=orders, fills=fills)

    def _write_grids(self) -> None:
        """The sampled rows take the place of those of an earlier record()."""
        self.builder.clear("prices")
        self.builder.clear("equity")
        order = {name: place for place, name in enumerate(self.catalogue.ids())}
        for name in sorted(self.markets.grids, key=lambda name: order.get(name, len(order))):
            for time, price in self.markets.grids[name].rows:
                self.builder.row("prices", time=time, instrument=self._instrument(name), price=price)
        for account, grid in self._equity_grids.items():
            place = self.builder.accounts.place(account)
            for time, equity, unrealised, gross in grid.rows:
                self.builder.row(
                    "equity", time=time, account=place, equity=equity, unrealised=unrealised, exposure=gross
                )  # fmt: skip

    def _on_order(self, approved: ApprovedOrder) -> None:
        order = approved.order
        if order.order_id in self._rows:
            return
        self._rows[order.order_id] = self.builder.row(
            "orders", order_id=len(self._rows) + 1, **self._about(approved), side=order.side, kind=_kind_of(order),
            price=float("nan") if order.price is None else order.price, size=order.size, filled=0.0,
            decided=approved.time, state=STATE_CODES["pending"],
            mid_at_decision=self.markets.seen_at(approved.instrument, approved.time),
        )  # fmt: skip

    def _on_update(self, update: OrderUpdate) -> None:
        self.short.hear(update)
        row = self._rows.get(update.order_id)
        if row is None:
            return
        ended = update.time if update.state in TERMINAL else 0
        changed: dict[str, float] = {"state": STATE_CODES[update.state], "filled": update.filled}
        if update.price is not None:
            changed["price"] = update.price
        if update.state == SENT:
            changed["sent"] = update.time
        if not ended or not self.builder.value("orders", row, "ended"):
            changed["ended"] = ended
        self.builder.change("orders", row, **changed)
        if update.reason == AMENDED:
            self.builder.change("orders", row, size=update.size)
            self.builder.add("orders", row, replaced=1)

    def _on_fill(self, fill: Fill) -> None:
        time = fill.venue_time or fill.time
        self.board.at(fill.time).prices.setdefault(fill.instrument, fill.price)
        if not fill.size:
            return
        order = self._rows.get(fill.order_id)
        bid, ask = self.markets.quote_before(fill.instrument, time)
        row = self.builder.row(
            "fills", order=0 if order is None else order + 1, time=fill.time, venue_time=time, **self._about(fill),
            side=fill.side, price=fill.price, size=fill.size,
            fee=_number(fill.fee) * self._rate(fill.fee.currency, fill.time),
            fee_units=_units(fill.fee), fee_currency=self.builder.currencies.place(fill.fee.currency), maker=fill.maker,
            realised=0.0, bid=bid, ask=ask,
            rate=self._rate(self._settle(fill.instrument), fill.time),
        )  # fmt: skip
        self._booked[fill.id] = row
        for column, horizon in HORIZONS_NS.items():
            self.markets.when(fill.instrument, time + horizon, partial(self._after, row, column))

    def _after(self, row: int, column: str, middle: float) -> None:
        self.builder.change("fills", row, **{column: middle})

    def _on_cash(self, entry: CashEntry) -> None:
        currency, known = entry.amount.currency, entry.instrument in self.catalogue
        self.builder.row(
            "cash", time=entry.time, account=self.builder.accounts.place(entry.account),
            currency=self.builder.currencies.place(currency), amount=_number(entry.amount),
            amount_units=_units(entry.amount), origin=self.builder.origins.place(entry.origin),
            instrument=self._instrument(entry.instrument) if known else -1, strategy=self._strategy(entry.strategy),
            rate=self._rate(currency, entry.time),
        )  # fmt: skip

    def _on_position(self, position: Position) -> None:
        if position.strategy == NO_STRATEGY:
            return
        key = (position.strategy, position.account, position.instrument)
        realised, row = _number(position.realised), self._booked.pop(position.cause, None)
        gained = realised - self._realised.get(key, 0.0)
        self._realised[key] = realised
        if gained and row is not None:
            rate = self._rate(position.realised.currency, position.time)
            self.builder.add("fills", row, realised=gained * rate)

    def _on_account(self, account: Account) -> None:
        name, unknown = account.account, float("nan")
        grid = self._equity_grids.setdefault(name, Grid())
        transit = 0.0 if account.transit is None else _number(account.transit)
        equity = unknown if account.equity is None else _number(account.equity) + transit
        unrealised = unknown if account.unrealised is None else _number(account.unrealised)
        exposure = unknown if account.exposure is None else _number(account.exposure)
        sample = (account.time, equity, unrealised, exposure)
        self._last_equity[name] = sample
        if grid.due(account.time):
            grid.add(*sample)

    def _rate(self, currency: str, time: int) -> float:
        """As it was known at a time; NaN where no price tells it."""
        rate = self.board.at(time).rate(currency, self.reporting, self.catalogue)
        return float("nan") if rate is None else float(rate)

    def _settle(self, instrument: str) -> str:
        rules = self.catalogue.at(instrument, self.now)
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
            self.builder.instruments[name] = note_of(self.catalogue.at(name, self.now).message)
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
