"""FundingWatch: what each position is expected to pay or get at its next funding time, told before it does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal

import msgspec

from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.values import Fraction as Share
from letrade.core.config.values import PositiveDuration
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Specification
from letrade.core.messages.accounts import Account, FundingDue, Position
from letrade.core.messages.base import NO_STRATEGY, Message, Timer
from letrade.core.messages.events import Alert
from letrade.core.messages.market import Bar, FundingRate, MarkPrice, Middle, Quote, Trade
from letrade.core.quantities import exact, fraction_of_money, rounded_money
from letrade.core.stage import Stage
from letrade.core.valuation import PriceBoard

MINUTE_NS = 60 * 10**9


class FundingWatchConfig(ActorConfig, frozen=True, kw_only=True):
    """When it tells, and from which cost on an operator should see it."""

    before: PositiveDuration = 15 * MINUTE_NS
    """How long before the payment."""
    share: Share = Decimal("0.0005")
    """A cost of more than this part of the position's worth, or of the account's equity, is an alert."""
    of: Literal["position", "equity"] = "position"
    level: Literal["info", "warning", "error"] = "warning"
    interval: PositiveDuration = 8 * 60 * MINUTE_NS
    """Between payments, until two of an instrument are known, where rates are told at the instant alone."""


class Expected(msgspec.Struct, array_like=True):
    """What is known of an instrument's funding."""

    rate: float
    """Of the next payment, or where that is not told yet, of the last."""
    last: int = 0
    """The last funding time that has passed; 0: none."""
    told: int = 0
    """The next funding time, where it is told; 0: it is expected an interval after the last."""
    interval: int = 0
    warned: int = 0
    """The funding time that was last looked at."""


class FundingWatch(Actor):
    """A forecast: what is booked is the venue's own payment, at the price of the instant."""

    stage: ClassVar[Stage] = Stage.MONITOR
    Config: ClassVar[type[ActorConfig]] = FundingWatchConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.board = PriceBoard()
        self.reporting = context.settings.desk.reporting_currency if context.settings is not None else "USDT"
        self.expected: dict[str, Expected] = {}
        self.held: dict[tuple[str, str], float] = {}
        """By account and instrument."""
        self.equity: dict[str, Fraction | None] = {}

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return kind is not Position or strategy == NO_STRATEGY

    def on_price(self, message: Trade | Quote | Bar | MarkPrice | Middle) -> None:
        self.board.see(message)

    def on_account(self, account: Account) -> None:
        self.equity[account.account] = None if account.equity is None else fraction_of_money(account.equity)

    def on_position(self, position: Position) -> None:
        if self.context.instruments.at(position.instrument, self.now()).kind == "spot":
            return
        self.held.pop((position.account, position.instrument), None)
        if position.quantity:
            self.held[position.account, position.instrument] = position.quantity

    def on_funding_rate(self, rate: FundingRate) -> None:
        """Of a payment to come, the newest word on it; of one that is made now, the best guess of the next."""
        known = self.expected.setdefault(rate.instrument, Expected(rate.rate))
        self._pass(known)
        known.rate = rate.rate
        if rate.funding_time > self.now():
            known.told = rate.funding_time
        else:
            self._note_last(known, rate.funding_time)
        self._await(rate.instrument, known)

    def _pass(self, known: Expected) -> None:
        """What was told of has been paid by now."""
        if known.told and known.told <= self.now():
            self._note_last(known, known.told)
            known.told = 0

    def _note_last(self, known: Expected, funding_time: int) -> None:
        if known.last and funding_time > known.last:
            known.interval = funding_time - known.last
        known.last = max(known.last, funding_time)

    def _due(self, known: Expected) -> int:
        """The next funding time; 0 where none can be expected."""
        if known.told:
            return known.told
        return known.last + (known.interval or self.config.interval) if known.last else 0

    def _await(self, instrument: str, known: Expected) -> None:
        due = self._due(known)
        if due > self.now() and due > known.warned:
            self.set_timer(max(self.now() + 1, due - self.config.before), instrument)

    def on_timer(self, timer: Timer) -> None:
        known = self.expected.get(timer.key)
        due = self._due(known) if known is not None else 0
        if known is None or due <= known.warned:
            return
        if due - self.config.before > self.now():
            self._await(timer.key, known)
            return
        known.warned = due
        for (account, instrument), quantity in self.held.items():
            if instrument == timer.key:
                self._forecast(account, instrument, quantity, due, known)

    def _forecast(self, account: str, instrument: str, quantity: float, due: int, known: Expected) -> None:
        specification = self.context.instruments.at(instrument, self.now())
        price = self.board.prices.get(instrument)
        if not price:
            text = f"the funding of {due} cannot be estimated: no price is known"
            self.publish(Alert(level="info", code="funding_unknown", text=text, instrument=instrument, account=account))
            return
        worth = specification.worth(exact(price), abs(exact(quantity)))
        pays = worth * exact(known.rate) * (1 if quantity > 0 else -1)
        self.publish(
            FundingDue(
                strategy=NO_STRATEGY, account=account, instrument=instrument, rate=known.rate, funding_time=due,
                amount=rounded_money(specification.settle, -pays), told=bool(known.told),
            )
        )  # fmt: skip
        base = self._base(account, specification, worth)
        if base is not None and pays > base * read_fraction(self.config.share):
            self._warn(account, specification, pays, base, known)

    def _base(self, account: str, specification: Specification, worth: Fraction) -> Fraction | None:
        """What the cost is a share of, in the currency that it is paid in; None where that is not known."""
        if self.config.of == "position":
            return worth
        equity = self.equity.get(account)
        rate = self.board.rate(specification.settle, self.reporting, self.context.instruments)
        return None if equity is None or rate is None else max(Fraction(0), equity) / rate

    def _warn(
        self, account: str, specification: Specification, pays: Fraction, base: Fraction, known: Expected
    ) -> None:
        due = self._due(known)
        minutes = max(0, due - self.now()) / MINUTE_NS
        source = "told" if known.told else "the last one paid"
        share = f", {float(pays / base):.4%} of the {self.config.of}" if base else ""
        text = (
            f"{account} pays about {float(pays):.8g} {specification.settle}{share} in {minutes:.3g} minutes: "
            f"rate {known.rate:.6%} ({source})"
        )
        self.publish(
            Alert(
                level=self.config.level, code="funding_due", text=text, instrument=specification.id, account=account
            )
        )  # fmt: skip

    def state(self) -> Any:
        return {
            "board": self.board.state(),
            "expected": list(self.expected.items()),
            "held": [[*key, quantity] for key, quantity in self.held.items()],
            "equity": [[name, None if equity is None else str(equity)] for name, equity in self.equity.items()],
        }

    def restore(self, state: Any) -> None:
        self.board.restore(state["board"])
        self.expected = {name: msgspec.convert(each, Expected) for name, each in state["expected"]}
        self.held = {(account, instrument): quantity for account, instrument, quantity in state["held"]}
        self.equity = {name: None if text is None else read_fraction(text) for name, text in state["equity"]}
