"""Funding arbitrage over the recorded weeks of three venues, with margin on every leg."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from letrade import assemble
from letrade.backtesting.running import run_actors
from letrade.core.analysis.analyzer import analyse
from letrade.core.analysis.split import KINDS, ProfitSplit
from letrade.core.config.durations import parse_duration
from letrade.core.messages.accounts import Balance, Position
from letrade.core.messages.base import NO_STRATEGY, Message
from letrade.core.messages.market import Bar, MarkPrice
from letrade.core.messages.orders import BasketUpdate, Fill
from letrade.core.messages.transfers import TransferUpdate
from letrade.core.valuation import PriceBoard
from tests.data import shared_data

FILES = {
    "binance": (
        "binance-usdm-2025", ("BTC_USDT_USDT-1h-futures", "BTC_USDT_USDT-8h-mark", "BTC_USDT_USDT-8h-funding_rate")
    ),
    "bybit": ("bybit-linear-2025", ("BTC_USDT_USDT-5m-futures", "BTC_USDT_USDT-8h-funding_rate")),
    "hyperliquid": ("hyperliquid-2025", ("BTC_USDC_USDC-1h-futures", "BTC_USDC_USDC-1h-funding_rate")),
}  # fmt: skip
SIXTY_DAYS = parse_duration("60d")
"""From 2025-05-22 on: then Binance's file ends."""
LEVERAGE = 4.0
"""Of the desk file: with which sizes are chosen."""
NAKED_MAX = parse_duration("10s")


class Opened(NamedTuple):
    """An account after a fill that made its position larger."""

    time: int
    account: str
    notional: float
    equity: float


class Watch:
    """Notes what a run's messages say of margin, transfers and baskets."""

    def __init__(self) -> None:
        self.board = PriceBoard()
        self.cash: dict[str, float] = {}
        self.held: dict[str, tuple[str, float, float]] = {}
        """By account: its one contract, how much of it, and the average price."""
        self.opened: list[Opened] = []
        self.fills: list[Fill] = []
        self.transfers: list[tuple[str, str]] = []
        self.baskets: list[str] = []

    def __call__(self, message: Message) -> None:
        if isinstance(message, (Bar, MarkPrice)):
            self.board.see(message)
        elif isinstance(message, Balance):
            self.cash[message.account] = float(message.total.decimal)
        elif isinstance(message, Position) and message.strategy == NO_STRATEGY:
            self.held[message.account] = (message.instrument, message.quantity, message.average_price)
        elif isinstance(message, TransferUpdate):
            self.transfers.append((message.to_account, message.state))
        elif isinstance(message, BasketUpdate):
            self.baskets.append(message.state)
        elif isinstance(message, Fill):
            self._on_fill(message)

    def _on_fill(self, fill: Fill) -> None:
        self.fills.append(fill)
        _, before, average = self.held.get(fill.account, ("", 0.0, 0.0))
        price = self.board.prices[fill.instrument]
        after = before + fill.side * fill.size
        if abs(after) > abs(before):
            equity = self.cash[fill.account] + before * (price - average)
            self.opened.append(Opened(fill.time, fill.account, abs(after) * price, equity))


class Run(NamedTuple):
    summary: dict[str, Any]
    split: ProfitSplit
    watch: Watch


def run(**extra: Any) -> Run:
    files = [
        f"{venue}={shared_data(f'ohlcv/{folder}/{name}.feather')}"
        for venue, (folder, names) in FILES.items()
        for name in names
    ]
    watch = Watch()
    config = assemble("funding-arbitrage", {}, data_files=files, extra=extra)
    finished = run_actors(config, None, SIXTY_DAYS, records=True, observer=watch)
    split = analyse(finished.record()).split
    assert split is not None
    return Run(finished.summary, split, watch)


@pytest.fixture(scope="module")
def weeks() -> Run:
    return run()


def test_the_parts_of_the_profit_are_all_of_what_equity_changed_by(weeks: Run) -> None:
    summary, split = weeks.summary, weeks.split
    parts = sum(Decimal(getattr(split.total, kind)) for kind in KINDS)
    assert parts == Decimal(split.total.profit) == Decimal(summary["pnl"])
    assert split.other == "0"
    for lines in (split.venues, split.strategies):
        for kind in (*KINDS, "profit"):
            assert sum(Decimal(getattr(line, kind)) for line in lines) == Decimal(getattr(split.total, kind))
    paid = sum(Decimal(text) for text in summary["fees"].values())
    assert Decimal(split.total.fees) == -paid
    assert Decimal(split.total.funding) == sum(Decimal(text) for text in summary["funding"].values())


def test_the_recorded_weeks_give_these_figures(weeks: Run) -> None:
    split = weeks.split
    assert (split.total.price, split.total.funding, split.total.fees, split.total.borrow, split.total.transfers) == (
        "-24.084", "1073.9228621", "-130.25773398", "0", "-3",
    )  # fmt: skip
    assert split.total.profit == "916.58112812"
    by_venue = {line.name: (line.price, line.funding, line.profit) for line in split.venues}
    assert by_venue == {
        "binance": ("5165.7108", "-647.4738873", "4446.7066824"),
        "hyperliquid": ("-5189.7948", "1721.3967494", "-3530.12555428"),
    }
    assert [line.name for line in split.strategies] == ["arbitrage"]
    assert weeks.summary["funding_estimated"] == {"USDC": weeks.summary["funding"]["USDC"]}


def test_the_days_on_which_a_leg_was_short_of_margin_are_told(weeks: Run) -> None:
    """The price had fallen by 6 %: the long leg's account has no route that brings it idle money, so both were cut."""
    assert weeks.split.short_days == {"binance": ("2025-06-05",)}
    assert weeks.summary["alerts"]["margin_short"] == 1


def check_margin(watch: Watch) -> None:
    """What opened was carried by what was there, and legs were never apart for longer than the bound."""
    assert watch.opened
    for opened in watch.opened:
        assert opened.notional <= LEVERAGE * opened.equity * 1.005
    by_leg: dict[str, float] = {}
    apart_since = 0
    for fill in watch.fills:
        by_leg[fill.account] = by_leg.get(fill.account, 0.0) + fill.side * fill.size
        if abs(sum(by_leg.values())) < 1e-9:
            assert not apart_since or fill.time - apart_since <= NAKED_MAX
            apart_since = 0
        else:
            apart_since = apart_since or fill.time
    assert not apart_since


def test_what_is_opened_is_carried_by_money_that_is_there(weeks: Run) -> None:
    check_margin(weeks.watch)
    assert weeks.watch.transfers.count(("hyperliquid", "done")) == 3
    assert "undoing" not in weeks.watch.baskets


def test_money_that_does_not_arrive_is_not_relied_on() -> None:
    """The reserve's transfers take longer than the weeks: both legs are reduced, and nothing is liquidated."""
    late = run(route=[{"name": "to-hyperliquid", "latency": "90d"}])
    check_margin(late.watch)
    assert ("hyperliquid", "done") not in late.watch.transfers
    assert ("hyperliquid", "pending") in late.watch.transfers
    assert late.split.short_days == {"binance": ("2025-06-05",), "hyperliquid": ("2025-07-11",)}
    assert late.split.total.liquidation == "0"
    assert {fill.origin for fill in late.watch.fills} == {"desk"}
    assert Decimal(late.split.total.profit) + Decimal(late.split.other or "nan") == Decimal(late.summary["pnl"])
