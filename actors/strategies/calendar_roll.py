"""Holds a position in dated futures: before each one expires the position moves to the next, as one basket."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from letrade.actors.strategies.base import BaseStrategy
from letrade.actors.strategies.hedging import Part
from letrade.core.actor import ActorConfig, Context
from letrade.core.config.durations import parse_duration
from letrade.core.config.values import Instant, InstrumentId, Name, PositiveDuration
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction
from letrade.core.messages.base import Number
from letrade.core.messages.events import Alert
from letrade.core.messages.market import Bar, MarkPrice, Quote, Trade
from letrade.core.messages.orders import BasketUpdate, CashEntry, Fill
from letrade.core.quantities import exact
from letrade.core.valuation import PriceBoard

ZERO = Fraction(0)
LOST = 4
"""A basket of which nothing is heard for so many times its bound is asked for anew: the newest counts."""


class DatedContract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A future and the time at which its venue settles it."""

    instrument: InstrumentId
    expires: Instant


class CalendarRollConfig(ActorConfig, frozen=True, kw_only=True):
    """`contracts` in the order of their expiry."""

    contracts: tuple[DatedContract, ...]
    account: Name
    position: Number
    """Base units (contracts of an inverse future), negative for short."""
    against: InstrumentId | None = None
    """Held the other way round, as many base units: spot or a perpetual that the futures are a carry against."""
    roll_before: PositiveDuration = parse_duration("1d")
    """The next contract takes over so long before the expiry."""
    close_before: PositiveDuration = parse_duration("1h")
    """What could not be moved by then is closed."""
    naked_max: PositiveDuration = parse_duration("5s")
    patience: PositiveDuration = parse_duration("1m")
    """What was refused is asked for again so much later."""

    def __post_init__(self) -> None:
        expiries = [contract.expires for contract in self.contracts]
        if not expiries or expiries != sorted(set(expiries)):
            found = ", ".join(contract.instrument for contract in self.contracts) or "none"
            raise ConfigurationError(f"expected contracts that expire one after the other, found {found}")
        names = [contract.instrument for contract in self.contracts]
        if len({*names, self.against}) <= len(names):
            raise ConfigurationError(f"expected each market once, found {', '.join([*names, self.against or ''])}")
        if not self.position:
            raise ConfigurationError("expected a position that is not 0")
        if not self.close_before < self.roll_before:
            raise ConfigurationError(
                f"expected close_before below roll_before, found {self.close_before} and {self.roll_before} ns"
            )

    @property
    def instruments(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(each.instrument for each in self.contracts), *filter(None, [self.against])]))

    @property
    def markets(self) -> tuple[tuple[str, str], ...]:
        """(instrument, account) of what is traded."""
        return tuple((instrument, self.account) for instrument in self.instruments)

    @property
    def instrument(self) -> str:
        """The first contract's: signals are told about it."""
        return self.contracts[0].instrument


class CalendarRoll(BaseStrategy):
    """What is held moves on whole: what others cut of it is not rebuilt. Nothing is held into an expiry."""

    Config: ClassVar[type[ActorConfig]] = CalendarRollConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.contracts: tuple[DatedContract, ...] = config.contracts
        self.against: str | None = config.against
        self.instruments = config.instruments
        inverse = [each.instrument for each in context.instruments.messages() if each.kind == "inverse"]
        if self.against is not None and (wrong := [name for name in self.instruments if name in inverse]):
            raise ConfigurationError(
                f"actor.{name}.against: expected none where a contract is inverse, as these are dollars and no coins, "
                f"found {self.against} and {wrong[0]}"
            )
        self.board = PriceBoard()
        self.parts = {instrument: Part() for instrument in self.instruments}
        self.entered = False
        self.busy = False
        """A basket is under way."""
        self.asked = 0
        """When it was asked for: after long enough it is taken as lost."""
        self.next_try = 0

    def on_price(self, message: Trade | Quote | Bar | MarkPrice) -> None:
        self.board.see(message)
        waits = self.busy and self.now() < self.asked + LOST * self.config.naked_max
        if not waits and self.now() >= self.next_try:
            self._decide()

    def on_fill(self, fill: Fill) -> None:
        part = self.parts.get(fill.instrument)
        if part is not None:
            part.fill(self.context.instruments.at(fill.instrument, fill.time), fill)

    def on_cash_entry(self, entry: CashEntry) -> None:
        part = self.parts.get(entry.instrument)
        if part is not None:
            part.book(self.context.instruments.at(entry.instrument, self.now()), entry)

    def on_basket_update(self, update: BasketUpdate) -> None:
        self.busy = update.state in ("working", "undoing")
        if self.busy:
            return
        self.entered = self.entered or update.complete
        if not update.complete:
            self.next_try = self.now() + self.config.patience
            text = f"not all of a roll was traded: {update.reason or update.state}"
            self.publish(Alert(level="warning", code="roll", text=text, instrument=update.instrument))

    def _decide(self) -> None:
        wanted = self._wanted()
        if wanted is None:
            return
        held = {instrument: part.size for instrument, part in self.parts.items()}
        legs = [each for each in self.instruments if wanted.get(each, ZERO) or self._tradable(each, held[each])]
        if all(self._same(each, held[each], wanted.get(each, ZERO)) for each in legs):
            return
        if any(each not in self.board.prices for each in legs):
            return
        self.busy, self.asked = True, self.now()
        self.basket(
            [(each, float(wanted.get(each, ZERO)), self.config.account) for each in legs],
            naked_ns_max=self.config.naked_max,
        )

    def _wanted(self) -> dict[str, Fraction] | None:
        """What to hold now; None for what is held."""
        now = self.now()
        total = self._total()
        if self.entered and not total:
            return None
        ending = [each for each in self.contracts if self._tradable(each.instrument, self.parts[each.instrument].size)]
        if any(now >= each.expires - self.config.close_before for each in ending):
            return {}
        following = next((each for each in self.contracts if now < each.expires - self.config.roll_before), None)
        if following is None or following.instrument not in self.board.prices:
            return None
        return self._carried(following.instrument, total if self.entered else exact(self.config.position))

    def _carried(self, instrument: str, size: Fraction) -> dict[str, Fraction]:
        wanted = {instrument: size}
        if self.against is not None:
            rules = self.context.instruments.at(instrument, self.now())
            others = self.context.instruments.at(self.against, self.now())
            lot, held = others.size.step, self.parts[self.against].size
            other = -(abs(size * rules.multiplier / others.multiplier) // lot * lot) * (1 if size > 0 else -1)
            wanted[self.against] = held if self.entered else other
        return wanted

    def _total(self) -> Fraction:
        return sum((self.parts[contract.instrument].size for contract in self.contracts), ZERO)

    def _tradable(self, instrument: str, size: Fraction) -> bool:
        return abs(size) >= self.context.instruments.at(instrument, self.now()).size.step

    def _same(self, instrument: str, held: Fraction, wanted: Fraction) -> bool:
        return not self._tradable(instrument, held - wanted)

    def state(self) -> Any:
        parts = [[instrument, part.state()] for instrument, part in self.parts.items()]
        flags = [self.entered, self.busy, self.asked, self.next_try]
        return {**super().state(), "parts": parts, "flags": flags, "board": self.board.state()}

    def restore(self, state: Any) -> None:
        super().restore(state)
        for instrument, part in state["parts"]:
            if instrument in self.parts:
                self.parts[instrument].restore(part)
        self.entered, self.busy, self.asked, self.next_try = state["flags"]
        self.board.restore(state["board"])
