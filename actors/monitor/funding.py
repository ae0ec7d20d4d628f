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
TOLD_MAX = 64
"""Of an instrument so many payments to come are kept, the nearest."""
Due = tuple[int, float, bool]
"""(funding time, rate, whether it is told)."""


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

    rate: float = 0.0
    """Of the last payment."""
    last: int = 0
    """The last funding time that has passed; 0: none."""
    interval: int = 0
    told: dict[int, float] = {}
    """The rate of each funding time to come that is told of."""
    warned: list[int] = []
    """Funding times to come that were forecast."""

    def tell(self, rate: FundingRate, now: int) -> None:
        """Of a payment to come, the newest word on it; of one that is made now, the best guess of the next."""
        if rate.funding_time > now:
            self.told[rate.funding_time] = rate.rate
            while len(self.told) > TOLD_MAX:
                del self.told[max(self.told)]
        elif rate.funding_time >= self.last:
            self.passed(rate.funding_time, rate.rate)

    def pass_by(self, now: int) -> None:
        """What was told of has been paid by now."""
        for time in sorted(time for time in self.told if time <= now):
            self.passed(time, self.told.pop(time))
        self.warned = [time for time in self.warned if time > now]

    def passed(self, funding_time: int, rate: float) -> None:
        if funding_time < self.last:
            return
        if 0 < self.last < funding_time:
            self.interval = funding_time - self.last
        self.last, self.rate = funding_time, rate

    def due(self, interval: int) -> list[Due]:
        """(funding time, rate, whether it is told) of what is to be forecast, the first one first: what is told, or
        where nothing is, the payment an interval after the last, at its rate."""
        times = [(time, rate, True) for time, rate in sorted(self.told.items())]
        if not times and self.last:
            times = [(self.last + (self.interval or interval), self.rate, False)]
        return [each for each in times if each[0] not in self.warned]


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
        before = self.held.pop((position.account, position.instrument), 0.0)
        if position.quantity:
            self.held[position.account, position.instrument] = position.quantity
        if position.quantity * before <= 0:
            self._tell_late(position)

    def _tell_late(self, position: Position) -> None:
        """Who opens or turns a position after the forecast hears it then."""
        known = self.expected.get(position.instrument)
        if known is None or not position.quantity:
            return
        for time in known.warned:
            if time > self.now():
                due = (time, known.told.get(time, known.rate), time in known.told)
                self._forecast(position.account, position.instrument, position.quantity, due)

    def on_funding_rate(self, rate: FundingRate) -> None:
        known = self.expected.setdefault(rate.instrument, Expected())
        known.pass_by(self.now())
        known.tell(rate, self.now())
        self._await(rate.instrument, known)

    def _await(self, instrument: str, known: Expected) -> None:
        """The next forecast, or the passing of what is told, after which the one that follows is an estimate."""
        times = [time - self.config.before for time, _, _ in known.due(self.config.interval) if time > self.now()]
        times += [time + 1 for time in known.told]
        if times:
            self.set_timer(max(self.now() + 1, min(times)), instrument)

    def on_timer(self, timer: Timer) -> None:
        known = self.expected.get(timer.key)
        if known is None:
            return
        known.pass_by(self.now())
        for due in known.due(self.config.interval):
            if self.now() < due[0] <= self.now() + self.config.before:
                known.warned.append(due[0])
                for (account, instrument), quantity in self.held.items():
                    if instrument == timer.key:
                        self._forecast(account, instrument, quantity, due)
        self._await(timer.key, known)

    def _forecast(self, account: str, instrument: str, quantity: float, due: Due) -> None:
        funding_time, rate, told = due
        specification = self.context.instruments.at(instrument, self.now())
        price = self.board.prices.get(instrument)
        if not price:
            text = f"the funding of {funding_time} cannot be estimated: no price is known"
            self.publish(Alert(level="info", code="funding_unknown", text=text, instrument=instrument, account=account))
            return
        worth = specification.worth(exact(price), abs(exact(quantity)))
        pays = worth * exact(rate) * (1 if quantity > 0 else -1)
        self.publish(
            FundingDue(
                strategy=NO_STRATEGY, account=account, instrument=instrument, rate=rate, funding_time=funding_time,
                amount=rounded_money(specification.settle, -pays), told=told,
            )
        )  # fmt: skip
        base = self._base(account, specification, worth)
        if base is not None and pays > base * read_fraction(self.config.share):
            self._warn(account, specification, pays, base, due)

    def _base(self, account: str, specification: Specification, worth: Fraction) -> Fraction | None:
        """What the cost is a share of, in the currency that it is paid in; None where that is not known."""
        if self.config.of == "position":
            return worth
        equity = self.equity.get(account)
        rate = self.board.rate(specification.settle, self.reporting, self.context.instruments)
        return None if equity is None or rate is None else max(Fraction(0), equity) / rate

    def _warn(self, account: str, specification: Specification, pays: Fraction, base: Fraction, due: Due) -> None:
        funding_time, rate, told = due
        minutes = max(0, funding_time - self.now()) / MINUTE_NS
        source = "told" if told else "the last one paid"
        share = f", {float(pays / base):.4%} of the {self.config.of}" if base else ""
        text = (
            f"{account} pays about {float(pays):.8g} {specification.settle}{share} in {minutes:.3g} minutes: "
            f"rate {rate:.6%} ({source})"
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
