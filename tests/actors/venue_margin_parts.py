"""A simulated venue with margin rules on a stage: its contracts and tiers, and short words for what is told to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from letrade.core.config.venue_margin import MarginConfig
from letrade.core.messages.base import Message
from letrade.core.messages.margin import VenueMargin, VenueMarginAnswer
from letrade.core.messages.market import Bracket, Instrument, MarkPrice, Quote
from letrade.core.messages.venue import HeldPosition, VenueFill
from tests.actors.venue_parts import LINEAR, Desk, quote, submit
from tests.stage import BTC, PERP, of_kind

NOTIONAL = (
    Bracket("0", "50000", "0.004", leverage_max="125"),
    Bracket("50000", "250000", "0.005", leverage_max="100"),
    Bracket("250000", "1000000", "0.01", leverage_max="50"),
    Bracket("1000000", "5000000", "0.025", leverage_max="20"),
)
CONTRACTS = (
    Bracket("0", "2", "0.004", leverage_max="125"),
    Bracket("2", "5", "0.006", leverage_max="100"),
    Bracket("5", "10", "0.01", leverage_max="50"),
    Bracket("10", "100", "0.02", leverage_max="20"),
)
COINS = (
    Bracket("0", "5", "0.004", leverage_max="125"),
    Bracket("5", "10", "0.005", leverage_max="100"),
    Bracket("10", "20", "0.01", leverage_max="50"),
    Bracket("20", "100", "0.025", leverage_max="20"),
)
HUNDREDS = tuple(
    msgspec.structs.replace(row, floor=f"{1_500 * int(row.floor)}", cap=f"{1_500 * int(row.cap)}") for row in CONTRACTS
)
OTHER = "paper.ETH-USDT_USDT"
COIN, DATED = "paper.BTC-USD_BTC", "paper.BTC-USD_BTC-271231"


def perpetual(rules: str, name: str = LINEAR, **more: Any) -> Instrument:
    brackets = CONTRACTS if rules == "okx" else NOTIONAL
    return msgspec.structs.replace(PERP, instrument=name, brackets=brackets, **more)


def inverse(rules: str, name: str = COIN, **more: Any) -> Instrument:
    """Contracts of 100 USD, settled in BTC."""
    terms = {"base": "BTC", "quote": "USD", "settle": "BTC", "tick": "0.1", "lot": "1", "multiplier": "100", **more}
    return Instrument(instrument=name, kind="inverse", brackets=HUNDREDS if rules == "okx" else COINS, **terms)


class MarginDesk(Desk):
    """Its contracts are quoted at 60,000 and 3,000 with much size, and its accounts have 10,000 USDT each."""

    prices = ((LINEAR, 60_000.0), (OTHER, 3_000.0))
    settle = "USDT"

    def __init__(self, rules: str = "binance", *, balance: str = "10000", **more: Any) -> None:
        keys = ("leverage", "insurance_fund", "liquidation_fee", "mark_age", "collateral")
        margin = {key: more.pop(key) for key in keys if key in more}
        contract = more.pop("contract", {})
        super().__init__(
            balances={self.settle: Decimal(balance), **self.beside()},
            instruments=self.contracts(rules, contract),
            margin=MarginConfig(rules=rules, **margin),  # type: ignore[arg-type]
            **{"maker_fee": Decimal(0), "taker_fee": Decimal(0), **more},
        )
        self.requests = 0
        for name, price in self.prices:
            self.tell(quote(price - 0.1, price, self.offered, name), mark(price, name))

    offered = 1_000.0

    def beside(self) -> dict[str, Decimal]:
        """Balances in other currencies."""
        return {}

    @staticmethod
    def contracts(rules: str, changed: dict[str, Any]) -> tuple[Instrument, ...]:
        return BTC, perpetual(rules, **changed), perpetual(rules, OTHER, base="ETH")

    def stamped(self, message: Message) -> Message:
        if isinstance(message, VenueMargin):
            return msgspec.structs.replace(message, time=message.time or self.time, source="execution", epoch=1)
        return super().stamped(message)

    def ask(self, change: str, value: float = 0.0, mode: str = "", **more: Any) -> VenueMarginAnswer:
        """The answer to a change of settings."""
        self.requests += 1
        asked = {"account": "a", "instrument": LINEAR, "request_id": f"r{self.requests}", **more}
        (answer,) = of_kind(
            self.tell(VenueMargin(strategy="-", change=change, value=value, mode=mode, **asked)), VenueMarginAnswer
        )
        assert isinstance(answer, VenueMarginAnswer)
        return answer

    def isolated(self, leverage: float = 20.0, account: str = "a") -> None:
        self.ask("margin_mode", mode="isolated", account=account)
        self.ask("leverage", leverage, account=account)

    def trade(self, side: int, size: float, account: str = "a", instrument: str = LINEAR) -> None:
        """At the market, which must take it."""
        self.requests += 1
        (fill,) = of_kind(
            self.tell(submit(f"o{self.requests}", side, size, account=account, instrument=instrument)), VenueFill
        )
        assert fill.size == size

    def held(self, account: str = "a", instrument: str = LINEAR) -> HeldPosition | None:
        return next((each for each in self.account(account).positions if each.instrument == instrument), None)

    def usdt(self, account: str = "a") -> float:
        return float(self.balance("USDT", account))


class CoinDesk(MarginDesk):
    """The same with a perpetual and a dated future that settle in BTC, both at 60,000, and 10 BTC for each account."""

    prices = ((COIN, 60_000.0), (DATED, 60_000.0))
    settle = "BTC"
    offered = 1_000_000.0

    def __init__(self, rules: str = "binance", *, balance: str = "10", **more: Any) -> None:
        super().__init__(rules, balance=balance, **more)

    @staticmethod
    def contracts(rules: str, changed: dict[str, Any]) -> tuple[Instrument, ...]:
        return inverse(rules, **changed), inverse(rules, DATED)

    def isolated(self, leverage: float = 20.0, account: str = "a", instrument: str = COIN) -> None:
        self.ask("margin_mode", mode="isolated", account=account, instrument=instrument)
        self.ask("leverage", leverage, account=account, instrument=instrument)

    def trade(self, side: int, size: float, account: str = "a", instrument: str = COIN) -> None:
        super().trade(side, size, account, instrument)

    def held(self, account: str = "a", instrument: str = COIN) -> HeldPosition | None:
        return super().held(account, instrument)

    def coins(self, account: str = "a") -> Decimal:
        return self.balance("BTC", account)


def mark(price: float, instrument: str = LINEAR) -> MarkPrice:
    return MarkPrice(instrument=instrument, price=price)


def empty(instrument: str = LINEAR) -> Quote:
    """Nobody buys or sells but at prices that nobody takes."""
    return quote(1.0, 1_000_000.0, 1_000.0, instrument)
