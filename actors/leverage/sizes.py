"""What a contract of an account may grow to now, and what its leverage is, of all that is known."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from letrade.actors.leverage.config import LeverageManagerConfig
from letrade.actors.leverage.limits import Signs, Terms, allowed_leverage, largest_notional
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.desk import DeskConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.margin.backing import Backing
from letrade.core.margin.held import ISOLATED, Contract, MarginHoldings, entry_value
from letrade.core.messages.base import Message
from letrade.core.messages.market import IndexPrice
from letrade.core.quantities import exact
from letrade.core.stage import Stage
from letrade.core.subjects import account_instrument

ZERO, ONE = Fraction(0), Fraction(1)
Market = tuple[str, str]
"""(account, instrument)."""


class View(NamedTuple):
    """One contract of one account now, money in its settle currency."""

    contract: Contract
    face: Fraction
    """The notional of a size of 1, in the settle currency."""
    notional: Fraction
    equity: Fraction
    """Of the account: the balance with all gains and losses, and what coins count beside it."""
    own: Fraction
    """At risk for this position: its isolated margin with its gain, or the account's equity."""
    others: Fraction
    """The notional of the account's other positions."""
    leverage: Fraction
    """The most that is allowed."""
    largest: Fraction
    """The largest notional that is allowed."""


class Sizer(Actor):
    """Knows prices, features and distances; None wherever something that counts is not known yet."""

    stage: ClassVar[Stage] = Stage.MONITOR
    Config: ClassVar[type[ActorConfig]] = LeverageManagerConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.settings: DeskConfig = context.settings or DeskConfig()
        self.venues = {
            account.name: account.venue
            for account in self.settings.accounts
            if (not config.accounts or account.name in config.accounts) and account.position_mode == "one_way"
        }
        self.holdings = MarginHoldings(self.settings, context.instruments)
        self.prices: dict[str, float] = {}
        self.marked: dict[str, None] = {}
        """Instruments that have marks: nothing else is their price."""
        self.backing = Backing(self.settings, context.instruments)
        self.indexes: dict[str, float] = {}
        """Of coins that back contracts."""
        self.features: dict[str, dict[str, float]] = {}
        self.distances: dict[Market, float] = {}
        """By account and instrument, or '<venue>.-'."""
        self._cap = read_fraction(config.cap)
        self._caps = {name: read_fraction(cap) for name, cap in config.caps.items()}
        self._terms = Terms(
            read_fraction(config.volatility_budget),
            read_fraction(config.against_trend),
            read_fraction(config.full_distance),
        )

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return kind is not IndexPrice or instrument in self.backing.indexes

    def markets(self, account: str) -> list[str]:
        """The contracts of the account's venue."""
        venue, catalogue = self.venues[account], self.context.instruments
        found = (name for name in catalogue.ids() if name.partition(".")[0] == venue)
        return [name for name in found if catalogue.at(name, self.now()).kind != "spot"]

    def view(self, account: str, instrument: str) -> View | None:
        rules = self.context.instruments.at(instrument, self.now())
        price = self.prices.get(instrument)
        equity = self._equity(account, rules.settle)
        if price is None or equity is None:
            return None
        contract = self.holdings.contract(account, instrument)
        face = rules.worth(exact(price), ONE)
        others = self._others(account, rules.settle, instrument)
        leverage = self.allowed(contract)
        largest = min(
            largest_notional(equity, leverage, rules.tiers), self._share(equity, contract.size * face, others)
        )
        own = equity
        if contract.mode == ISOLATED and contract.quantity:
            own = (contract.margin or ZERO) + self._gain(contract)
        return View(contract, face, contract.size * face, equity, own, others, leverage, largest)

    def allowed(self, contract: Contract) -> Fraction:
        """The leverage that the cap and all signs allow a position."""
        cap = self._caps.get(contract.instrument, self._cap)
        return allowed_leverage(cap, contract.side, self._signs(contract), self._terms)

    def _share(self, equity: Fraction, notional: Fraction, others: Fraction) -> Fraction:
        """What the cap of all positions together leaves for this one; all are cut alike where they exceed it."""
        room, total = max(ZERO, self._cap * equity), notional + others
        return notional * room / total if total > room else room - others

    def _signs(self, contract: Contract) -> Signs:
        known, config = self.features.get(contract.instrument, {}), self.config
        regime = known.get(config.regime)
        volatility, trend = known.get(config.volatility), known.get(config.trend)
        near = (contract.instrument, account_instrument(self.venues[contract.account]))
        found = [self.distances[key] for name in near if (key := (contract.account, name)) in self.distances]
        if contract.mode == ISOLATED:
            found = []  # its own margin says how near it is: that is what its leverage is kept by
        return Signs(
            volatility=None if volatility is None else exact(volatility),
            trend=None if trend is None else exact(trend),
            regime=None if regime is None else read_fraction(config.regimes.get(f"{regime:g}", 1)),
            distance=exact(max(0.0, min(found))) if found else None,
        )

    def _held(self, account: str, settle: str) -> list[Contract]:
        catalogue = self.context.instruments
        mine = (each for each in self.holdings.held() if each.account == account)
        return [each for each in mine if catalogue.at(each.instrument, self.now()).settle == settle]

    def _equity(self, account: str, settle: str) -> Fraction | None:
        balance = self.holdings.balances.get((account, settle))
        held = self._held(account, settle)
        if balance is None or any(each.instrument not in self.prices for each in held):
            return None
        beside = self.backing.worth(account, settle, self.holdings.balance, self.indexes.get)
        return None if beside is None else balance + beside + sum((self._gain(each) for each in held), ZERO)

    def _others(self, account: str, settle: str, instrument: str) -> Fraction:
        others = [each for each in self._held(account, settle) if each.instrument != instrument]
        return sum((each.size * self._face(each) for each in others), ZERO)

    def _face(self, contract: Contract) -> Fraction:
        rules = self.context.instruments.at(contract.instrument, self.now())
        return rules.worth(exact(self.prices[contract.instrument]), ONE)

    def _gain(self, contract: Contract) -> Fraction:
        rules = self.context.instruments.at(contract.instrument, self.now())
        worth = rules.worth(exact(self.prices[contract.instrument]), contract.size)
        gain = contract.side * (worth - entry_value(contract, rules))
        return -gain if rules.inverse else gain
