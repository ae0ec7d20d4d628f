"""Funding arbitrage: long where funding is low, short where it is high, at whatever venues, when it pays its costs."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from letrade.actors.strategies.base import BaseStrategy
from letrade.actors.strategies.funding_accounts import FundingAccounts
from letrade.actors.strategies.funding_decision import Decision, Leg, Terms, decide
from letrade.actors.strategies.funding_rates import HOUR_NS, FundingRates
from letrade.core.actor import ActorConfig, Context
from letrade.core.config.durations import parse_duration
from letrade.core.config.values import Duration, InstrumentId, Name, PositiveDuration
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import read_fraction
from letrade.core.messages.accounts import Balance, Position
from letrade.core.messages.base import NO_STRATEGY, Message, Timer
from letrade.core.messages.events import Alert, Resume
from letrade.core.messages.market import Bar, FundingRate, Instrument, MarkPrice, Quote, Trade
from letrade.core.messages.orders import BasketUpdate, CashEntry
from letrade.core.messages.signals import Basket
from letrade.core.messages.transfers import TransferUpdate
from letrade.core.quantities import exact
from letrade.core.valuation import PriceBoard

Share = Annotated[float, Meta(ge=-1, le=1)]
Times = Annotated[float, Meta(gt=0, le=125)]
DECIDE = "decide"
OVER = ("standing", "refused")
SHORT = "margin_short"
"""The alert that a leg's account does not carry its position at `leverage_max`."""


class FundingLeg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A market that may be a leg, and the account that trades it."""

    instrument: InstrumentId
    account: Name


class FundingArbitrageConfig(ActorConfig, frozen=True, kw_only=True):
    """Shares are of the notional. Two legs are held at a time, of the same number of base units."""

    legs: tuple[FundingLeg, ...]
    size_max: Annotated[float, Meta(gt=0)]
    reserves: tuple[Name, ...] = ()
    """Accounts whose money tops up others as far as they do not need it: ones without a leg, or ones whose leg may wait
    for its money when its turn comes."""
    horizon: PositiveDuration = parse_duration("3d")
    """Within it funding has to earn the fees and spreads of entry and exit."""
    memory: PositiveDuration = parse_duration("1d")
    """Funding is expected to go on as it was so long."""
    enter: Share = 0.0005
    """What must be left of the horizon after all costs."""
    exit: Share = 0.0
    """A pair whose funding of the horizon is expected below it is left."""
    leverage: Times = 3.0
    leverage_top_up: Times = 4.0
    leverage_max: Times = 5.0
    resize: Annotated[float, Meta(ge=0)] = 0.2
    headroom: Annotated[float, Meta(ge=0, le=1)] = 0.02
    """Of a purchase on spot, kept for its fee and for a worse price: capital reserves for both."""
    spread: Annotated[float, Meta(ge=0, le=1)] = 0.0002
    """Of a market whose best prices are not told."""
    every: PositiveDuration = parse_duration("10s")
    """It decides on this grid of time, `offset` after it, when what belongs to that time is known, and every leg has
    told a price since it decided last. Where margin is short it does not wait for that."""
    offset: Duration = parse_duration("1s")
    price_age_max: PositiveDuration = parse_duration("2h")
    """An older price is none: such a leg is not entered, and nobody waits for it."""
    patience: PositiveDuration = parse_duration("1m")
    """A basket or a transfer that was refused is asked for again so much later."""
    naked_max: PositiveDuration = parse_duration("10s")
    """The longest time that one leg may stand alone."""

    def __post_init__(self) -> None:
        twice = [leg for place, leg in enumerate(self.legs) if leg in self.legs[:place]]
        if len(self.legs) < 2 or twice:
            found = [f"{leg.instrument} of {leg.account}" for leg in twice[:1] or self.legs]
            said = f"{found[0]}{' twice' if twice else ''}" if found else "none"
            raise ConfigurationError(f"expected two or more different legs, found {said}")
        if not self.leverage < self.leverage_top_up < self.leverage_max:
            raise ConfigurationError(
                "expected leverage < leverage_top_up < leverage_max, found "
                f"{self.leverage}, {self.leverage_top_up} and {self.leverage_max}"
            )
        if self.exit > self.enter:
            raise ConfigurationError(
                f"expected exit of at most enter, as what was entered would be left at once, found {self.exit} and "
                f"{self.enter}"
            )

    @property
    def instruments(self) -> tuple[str, ...]:
        return tuple(leg.instrument for leg in self.legs)

    @property
    def markets(self) -> tuple[tuple[str, str], ...]:
        """(instrument, account) of each leg."""
        return tuple((leg.instrument, leg.account) for leg in self.legs)

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(leg.account for leg in self.legs), *self.reserves]))

    @property
    def instrument(self) -> str:
        """The first leg's: signals are told about it."""
        return self.legs[0].instrument

    @property
    def account(self) -> str:
        return self.legs[0].account


class FundingArbitrage(BaseStrategy):
    """Collects what is known of its legs and accounts, and asks funding_decision what to do with it."""

    Config: ClassVar[type[ActorConfig]] = FundingArbitrageConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.legs: tuple[FundingLeg, ...] = config.legs
        self.board = PriceBoard()
        self.rates = FundingRates(config.memory)
        self.spreads: dict[str, float] = {}
        """The best ask over the best bid, as a share of the middle."""
        self.held: dict[tuple[str, str], float] = {}
        """Our own shares by (account, instrument)."""
        self.money = FundingAccounts(name, config, context)
        self.busy_until = 0
        """A basket is under way, until then at the latest: nobody may have heard of it."""
        self.next_wish = 0
        """No basket is asked for before it: the last one was refused."""
        self.timed = False
        self.decided = 0
        """When it decided last."""
        venues = {} if context.settings is None else {venue.name: venue for venue in context.settings.venues}
        self._fees = {name: float(venue.fee_max) for name, venue in venues.items()}
        self._check([each for each in context.instruments.messages() if each.instrument in config.instruments])

    def _check(self, rules: list[Instrument]) -> None:
        """ConfigurationError for legs that do not cancel out, as far as their rules are known."""
        for each in rules:
            if each.kind not in ("spot", "linear") or read_fraction(each.multiplier) != 1:
                raise ConfigurationError(
                    f"actor.{self.name}: expected spot or linear contracts of one base unit, found {each.instrument}, "
                    f"{each.kind} of {each.multiplier}"
                )
        if len({each.base for each in rules}) > 1:
            found = ", ".join(f"{each.instrument} of {each.base}" for each in rules)
            raise ConfigurationError(f"actor.{self.name}: expected legs of the same coin, found {found}")
        settles: dict[str, str] = {}
        for leg in self.legs:
            found = {each.instrument: each.settle for each in rules}.get(leg.instrument, "")
            if found and settles.setdefault(leg.account, found) != found:
                raise ConfigurationError(
                    f"actor.{self.name}: expected legs of {leg.account} that settle in one currency, found "
                    f"{settles[leg.account]} and {found}: give each an account of its own"
                )
        for each in rules:
            if exact(self.config.size_max) < read_fraction(each.lot):
                raise ConfigurationError(
                    f"actor.{self.name}.size_max: expected a lot of {each.instrument} or more, {each.lot}, found "
                    f"{self.config.size_max}"
                )

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        """Of its markets and accounts all, of its own doings all, and events of the desk."""
        if kind.FAMILY == "ev" or strategy == self.name:
            return True
        mine = instrument in self.config.instruments
        return mine if kind.FAMILY == "md" else strategy == NO_STRATEGY and (mine or instrument.endswith(".-"))

    def on_price(self, message: Trade | Quote | Bar | MarkPrice) -> None:
        self.board.see(message)
        if isinstance(message, Quote) and 0 < message.bid <= message.ask:
            self.spreads[message.instrument] = 2 * (message.ask - message.bid) / (message.ask + message.bid)
        if not self.timed:
            self._set_timer()

    def on_funding_rate(self, rate: FundingRate) -> None:
        self.rates.hear(rate)

    def on_position(self, position: Position) -> None:
        if position.strategy == self.name:
            self.held[position.account, position.instrument] = position.quantity
        else:
            self.money.hear_position(position)

    def on_balance(self, balance: Balance) -> None:
        self.money.hear_balance(balance)

    def on_cash_entry(self, entry: CashEntry) -> None:
        self.money.hear_cash(entry)

    def on_transfer_update(self, update: TransferUpdate) -> None:
        self.money.hear_update(update, self.now())

    def on_basket_update(self, update: BasketUpdate) -> None:
        if update.signal == self.signal:
            over = update.state in OVER
            self.busy_until = 0 if over else self.now() + self.config.patience
            if over and not update.complete:
                self.next_wish = self.now() + self.config.patience

    def on_resume(self, resume: Resume) -> None:
        self.busy_until = 0

    def on_timer(self, timer: Timer) -> None:
        self.timed = False
        if self.now() < self.busy_until:
            self._set_timer()
            return
        purses = self.money.purses(self.prices())
        decision = decide(self.terms, self.view(), purses, self.money.routes, self.config.reserves)
        if decision.short or self._is_fresh():
            self.decided = self.now()
            self.act(decision)

    def prices(self) -> dict[str, float]:
        """Those that are young enough."""
        oldest = self.now() - self.config.price_age_max
        return {name: price for name, price in self.board.prices.items() if self.board.times.get(name, 0) >= oldest}

    def _is_fresh(self) -> bool:
        return all(self.board.times[name] > self.decided for name in self.prices())

    def _set_timer(self) -> None:
        self.timed = True
        every, offset = self.config.every, self.config.offset
        self.set_timer(((self.now() - offset) // every + 1) * every + offset, DECIDE)

    @property
    def terms(self) -> Terms:
        config = self.config
        return Terms(
            config.horizon / HOUR_NS, config.enter, config.exit, config.leverage, config.leverage_top_up,
            config.leverage_max, config.size_max, self._step(), config.resize, config.headroom,
        )  # fmt: skip

    def view(self) -> list[Leg]:
        """The legs as they are known now."""
        prices = self.prices()
        return [self._leg(leg, prices.get(leg.instrument)) for leg in self.legs]

    def _leg(self, leg: FundingLeg, price: float | None) -> Leg:
        spread = self.spreads.get(leg.instrument, self.config.spread)
        cost = self._fees.get(leg.instrument.partition(".")[0], 0.0) + spread / 2
        rules = self.context.instruments.at(leg.instrument, self.now())
        held = self.held.get((leg.account, leg.instrument), 0.0)
        if rules.kind == "spot":
            # Fees and interest leave less than a lot, or less than the account has: no leg, as nobody can trade it.
            most = max(0.0, self.money.coins(leg.account, rules.base))
            held = rules.size.round_down(min(held, most))
            loan = self.money.loan(leg.account, leg.instrument)
            return Leg(leg.account, True, price, 0.0, loan.rate, cost, held, loan.limit, loan.level)
        funding = self.rates.of_an_hour(leg.instrument, self.now())
        return Leg(leg.account, False, price, funding, 0.0, cost, held)

    def _step(self) -> float:
        """The least size that is whole in the lots of all legs. ConfigurationError for contracts of several units."""
        lots = []
        for leg in self.legs:
            rules = self.context.instruments.at(leg.instrument, self.now())
            if rules.multiplier != 1 or rules.kind not in ("spot", "linear"):
                raise ConfigurationError(f"{leg.instrument}: expected spot or a linear contract of one base unit")
            lots.append(read_fraction(rules.message.lot))
        whole = math.lcm(*(lot.denominator for lot in lots))
        return math.lcm(*(int(lot * whole) for lot in lots)) / whole

    def act(self, decision: Decision) -> None:
        """Ask for what was decided."""
        for account in decision.short:
            self._tell_short(account)
        for request in self.money.requests(decision.moves, self.now()):
            self.publish(request)
        held = tuple(self.held.get((leg.account, leg.instrument), 0.0) for leg in self.legs)
        if decision.wanted is None or decision.wanted == held or self.now() < self.next_wish:
            return
        self.signal += 1
        self.busy_until = self.now() + self.config.patience
        self.publish(
            Basket(
                strategy=self.name, account=self.account, instrument=self.instrument, signal=self.signal,
                legs=tuple(zip(self.config.instruments, decision.wanted, strict=True)),
                naked_ns_max=self.config.naked_max, accounts=tuple(leg.account for leg in self.legs),
            )
        )  # fmt: skip

    def _tell_short(self, account: str) -> None:
        text = f"{account}: beyond {self.config.leverage_max:g} times the equity that is there: both legs are reduced"
        self.publish(Alert(level="warning", code=SHORT, text=text, account=account))

    def state(self) -> Any:
        return {
            **super().state(), "board": self.board.state(), "rates": self.rates.state(), "busy_until": self.busy_until,
            "spreads": list(self.spreads.items()), "held": [[*key, size] for key, size in self.held.items()],
            "money": self.money.state(), "next_wish": self.next_wish, "timed": self.timed,
            "decided": self.decided,
        }  # fmt: skip

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.board.restore(state["board"])
        self.rates.restore(state["rates"])
        self.spreads = dict(state["spreads"])
        self.held = {(account, instrument): size for account, instrument, size in state["held"]}
        self.money.restore(state["money"])
        self.busy_until, self.next_wish, self.timed = state["busy_until"], state["next_wish"], state["timed"]
        self.decided = state["decided"]
