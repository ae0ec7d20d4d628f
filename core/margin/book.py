"""A margin account under one mode's rules: checked, with its tiers ready and its positions in their units."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, InstrumentState, MarginAccount, PositionState
from letrade.core.margin.checks import check_account
from letrade.core.margin.numbers import ONE, ZERO, MarginError
from letrade.core.margin.rules import MarginRules
from letrade.core.margin.tiers import ReadyTiers, Tier


class Unit(Struct, frozen=True):
    """What is liquidated as one."""

    name: str
    currency: str
    positions: tuple[int, ...]
    collaterals: tuple[CollateralState, ...]


class Book(Struct, frozen=True):
    """A checked account."""

    rules: MarginRules
    account: MarginAccount
    instruments: Mapping[str, InstrumentState]
    tables: Mapping[str, ReadyTiers]
    units: tuple[Unit, ...]

    def instrument(self, place: int) -> InstrumentState:
        """The instrument of a position."""
        return self.instruments[self.account.positions[place].instrument]

    def legs(self, unit: Unit, place: int) -> list[int]:
        """The positions of the unit in the same instrument, in their order, with this one."""
        name = self.account.positions[place].instrument
        return [other for other in unit.positions if self.account.positions[other].instrument == name]

    def leverage(self, place: int) -> Fraction:
        """The leverage of a position; MarginError when it is not given."""
        leverage = self.account.positions[place].leverage
        if leverage is None:
            raise MarginError(f"positions[{place}].leverage: expected one: {self.rules.venue} needs it")
        return leverage

    def rate(self, place: int, tier: Tier) -> Fraction:
        """The maintenance rate that a tier means for a position."""
        return tier.rate if self.rules.rate_is == "maintenance" else tier.rate / self.leverage(place)


def open_book(rules: MarginRules, account: MarginAccount) -> Book:
    """The account, checked; MarginError names what is wrong and where."""
    instruments = {instrument.name: instrument for instrument in account.instruments}
    tables = {held.name: held.tiers.ready(rules.tier_form, rules.tier_edge) for held in account.instruments}
    check_account(rules, account, instruments)
    return Book(rules, account, instruments, tables, _units(rules, account, instruments))


def entry_value(instrument: InstrumentState, position: PositionState) -> Fraction:
    """Quote units (linear) or coins (inverse) that the position was opened for."""
    return value_at(instrument, position.size, position.entry)


def value_at(instrument: InstrumentState, size: Fraction, price: Fraction) -> Fraction:
    """Quote units (linear) or coins (inverse) of a size at a price."""
    face = size * instrument.multiplier
    return face * price if instrument.contract == "linear" else face / price


def isolated_margin(rules: MarginRules, instrument: InstrumentState, position: PositionState) -> Fraction:
    """The isolated wallet of a position, with the closing fee that the venue reserves in it."""
    if position.margin is not None:
        return position.margin + position.added
    if position.leverage is None:
        raise MarginError(f"{position.instrument}: expected the isolated margin or the leverage, found neither")
    value = entry_value(instrument, position)
    fee = instrument.fee_rate * reserved_share(rules, instrument, position, position.leverage)
    return value * (ONE / position.leverage + fee) + position.added


def reserved_share(
    rules: MarginRules, instrument: InstrumentState, position: PositionState, leverage: Fraction
) -> Fraction:
    """How many times the taker fee of its value a position's initial margin reserves for closing."""
    if rules.reserved_fee == "none":
        return ZERO
    if rules.reserved_fee == "leveraged":
        return ONE + ONE / leverage
    return ONE + turn(instrument, position) / leverage


def turn(instrument: InstrumentState, position: PositionState) -> int:
    """1 where the value of a position grows as its price goes against it, -1 where it shrinks."""
    return -position.side if instrument.contract == "linear" else position.side


def _units(rules: MarginRules, account: MarginAccount, instruments: Mapping[str, InstrumentState]) -> tuple[Unit, ...]:
    if rules.unit == "position":
        return tuple(_own_unit(rules, account, instruments, place) for place in range(len(account.positions)))
    if rules.unit == "account":
        everything = tuple(range(len(account.positions)))
        return (Unit("account", rules.numeraire or "USD", everything, account.collaterals),)
    return tuple(
        Unit(
            collateral.currency,
            collateral.currency,
            tuple(
                place
                for place, position in enumerate(account.positions)
                if instruments[position.instrument].settle == collateral.currency
            ),
            (collateral,),
        )
        for collateral in account.collaterals
    )


def _own_unit(
    rules: MarginRules, account: MarginAccount, instruments: Mapping[str, InstrumentState], place: int
) -> Unit:
    position = account.positions[place]
    instrument = instruments[position.instrument]
    wallet = CollateralState(currency=instrument.settle, balance=isolated_margin(rules, instrument, position))
    side = "long" if position.side > 0 else "short"
    return Unit(f"{position.instrument} {side}", instrument.settle, (place,), (wallet,))
