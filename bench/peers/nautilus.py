"""NautilusTrader on the same quotes, bars or book: the question is read as JSON, the answer is one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import nautilus_trader
import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType, BookOrder, OrderBookDelta, OrderBookDeltas, QuoteTick
from nautilus_trader.model.enums import AccountType, BookAction, BookType, OmsType, OrderSide, RecordFlag
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("BINANCE")
NAME = InstrumentId(Symbol("BTCUSDT-PERP"), VENUE)
BAR_TYPE = BarType.from_str(f"{NAME}-1-MINUTE-LAST-EXTERNAL")
SIDES = {1: OrderSide.BUY, 2: OrderSide.SELL}
ACTIONS = {1: BookAction.ADD, 2: BookAction.UPDATE, 3: BookAction.DELETE}


def instrument() -> CryptoPerpetual:
    """Tick 0.1, lot 0.001, taker 0.0005, maker 0."""
    return CryptoPerpetual(
        instrument_id=NAME, raw_symbol=Symbol("BTCUSDT"), base_currency=BTC, quote_currency=USDT,
        settlement_currency=USDT, is_inverse=False, price_precision=1, price_increment=Price.from_str("0.1"),
        size_precision=3, size_increment=Quantity.from_str("0.001"), max_quantity=None, min_quantity=None,
        max_notional=None, min_notional=None, max_price=None, min_price=None, margin_init=Decimal("0.05"),
        margin_maint=Decimal("0.025"), maker_fee=Decimal("0"), taker_fee=Decimal("0.0005"), ts_event=0, ts_init=0,
    )  # fmt: skip


class Reader(Strategy):  # type: ignore[misc]
    """Counts what it hears; reads the top of the book where there is one."""

    heard = 0
    total = 0.0

    def on_start(self) -> None:
        if TASK in ("quotes_noop", "quotes"):
            self.subscribe_quote_ticks(NAME)
        elif TASK in ("bars_noop", "bars"):
            self.subscribe_bars(BAR_TYPE)
        else:
            self.subscribe_order_book_deltas(NAME, BookType.L2_MBP)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        self.heard += 1

    def on_bar(self, bar: Bar) -> None:
        self.heard += 1

    def on_order_book_deltas(self, deltas: OrderBookDeltas) -> None:
        book = self.cache.order_book(NAME)
        self.total += book.best_bid_price().as_double() + book.best_ask_price().as_double()
        self.heard += 1


class Cross(Reader):
    """The rules of the EMA cross."""

    def __init__(self) -> None:
        super().__init__()
        self.fast = self.slow = 0.0
        self.side = 0
        self.traded = instrument()

    def on_quote_tick(self, tick: QuoteTick) -> None:
        self.hear((tick.bid_price.as_double() + tick.ask_price.as_double()) / 2.0)

    def on_bar(self, bar: Bar) -> None:
        self.hear(bar.close.as_double())

    def hear(self, value: float) -> None:
        self.heard += 1
        if self.heard == 1:
            self.fast = self.slow = value
        self.fast += 2.0 / 11 * (value - self.fast)
        self.slow += 2.0 / 21 * (value - self.slow)
        side = 1 if self.fast >= self.slow else -1
        if self.heard >= 20 and side != self.side:
            size = Quantity.from_str("0.100" if self.side == 0 else "0.200")
            self.side = side
            self.submit_order(self.order_factory.market(NAME, OrderSide.BUY if side > 0 else OrderSide.SELL, size))


def quotes(data: Any) -> Iterator[QuoteTick]:
    names = ("ts", "bid", "ask", "bsz", "asz")
    for stamp, bid, ask, bid_size, ask_size in zip(*(data[name].tolist() for name in names), strict=True):
        yield QuoteTick(
            NAME, Price(bid / 10, 1), Price(ask / 10, 1), Quantity(bid_size / 1000, 3), Quantity(ask_size / 1000, 3),
            stamp, stamp,
        )  # fmt: skip


def bars(data: Any) -> Iterator[Bar]:
    for stamp, *prices, volume in zip(*(data[name].tolist() for name in ("ts", "o", "h", "l", "c", "v")), strict=True):
        yield Bar(BAR_TYPE, *(Price(price / 10, 1) for price in prices), Quantity(volume / 1000, 3), stamp, stamp)


def books(data: Any) -> Iterator[OrderBookDeltas]:
    names = ("ts", "act", "side", "px", "sz", "last")
    held: list[OrderBookDelta] = []
    for stamp, action, side, price, size, last in zip(*(data[name].tolist() for name in names), strict=True):
        order = BookOrder(SIDES[side], Price(price / 10, 1), Quantity(size / 1000, 3), price)
        flags = RecordFlag.F_LAST.value if last else 0
        held.append(OrderBookDelta(NAME, ACTIONS[action], order, flags, 0, stamp, stamp))
        if last:
            yield OrderBookDeltas(NAME, held)
            held = []


def main() -> dict[str, Any]:
    with np.load(ASKED["file"]) as arrays:
        data = {name: arrays[name][: ASKED["rows"]] for name in arrays.files if arrays[name].ndim}
    quiet = LoggingConfig(log_level="OFF", bypass_logging=True)
    engine = BacktestEngine(BacktestEngineConfig(logging=quiet, risk_engine=RiskEngineConfig(bypass=True)))
    engine.add_venue(
        venue=VENUE, oms_type=OmsType.NETTING, account_type=AccountType.MARGIN, base_currency=USDT,
        starting_balances=[Money(10_000_000, USDT)],
        book_type=BookType.L2_MBP if TASK == "books" else BookType.L1_MBP, bar_execution=TASK.startswith("bars"),
    )  # fmt: skip
    engine.add_instrument(instrument())
    maker = {"quotes": quotes, "bars": bars, "books": books}[TASK.partition("_")[0]]
    messages = list(maker(data))
    engine.add_data(messages, validate=False, sort=False)
    strategy = Cross() if TASK in ("quotes", "bars") else Reader()
    engine.add_strategy(strategy)
    began, cpu = time.perf_counter(), time.process_time()
    engine.run()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    account = engine.cache.account_for_venue(VENUE)
    return {
        "version": nautilus_trader.__version__, "right": strategy.heard == len(messages),
        "seconds": seconds, "cpu_seconds": cpu_seconds, "rows": len(data["ts"]),
        "orders": engine.cache.orders_total_count(), "balance": str(account.balance_total(USDT).as_decimal()),
    }  # fmt: skip


if __name__ == "__main__":
    ASKED: dict[str, Any] = json.load(sys.stdin)
    TASK: str = ASKED["task"]
    print(json.dumps(main()))
