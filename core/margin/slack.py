"""Equity and maintenance of a unit as functions of x, the factor by which a path's marks and indexes move."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState
from letrade.core.margin.book import Book, Unit, entry_value, isolated_margin, turn
from letrade.core.margin.collateral import counted, index_curve, product, thresholds
from letrade.core.margin.curves import NOTHING, Curve
from letrade.core.margin.numbers import ONE, ZERO
from letrade.core.margin.tiers import Tier


class Path(Struct, frozen=True):
    """What moves together, all by the same factor x."""

    instruments: frozenset[str]
    currencies: frozenset[str]
    """Collateral currencies whose index moves."""


STILL = Path(frozenset(), frozenset())


class Leg(Struct, frozen=True):
    """One position's share of its unit, in its settle currency."""

    value: Curve
    unrealised: Curve
    maintenance: Curve
    """With closing fees."""
    tier: int
    """From 0."""
    rate: Fraction
    amount: Fraction


def instrument_path(book: Book, unit: Unit, name: str) -> Path:
    """One instrument's mark, with the collateral coins that follow it when the rules say so."""
    underlying = book.instruments[name].underlying
    coins = {held.currency for held in unit.collaterals if held.currency == underlying}
    return Path(frozenset({name}), frozenset(coins if book.rules.collateral_moves else ()))


def common_path(book: Book, unit: Unit) -> Path:
    """All marks, and all indexes but the numeraire's and the pegged ones."""
    names = frozenset(book.account.positions[place].instrument for place in unit.positions)
    moving = frozenset(held.currency for held in unit.collaterals if not held.pegged and held.currency != unit.currency)
    return Path(names, moving)


def value_curve(book: Book, path: Path, place: int) -> Curve:
    """Quote units (linear) or coins (inverse) of a position at its mark."""
    position, instrument = book.account.positions[place], book.instrument(place)
    face = position.size * instrument.multiplier
    moves = instrument.name in path.instruments
    if instrument.contract == "linear":
        value = face * instrument.mark
        return Curve(linear=value) if moves else Curve(value)
    value = face / instrument.mark
    return Curve(inverse=value) if moves else Curve(value)


def unrealised_curve(book: Book, path: Path, place: int) -> Curve:
    """The gain of a position at its mark, in its settle currency."""
    position, instrument = book.account.positions[place], book.instrument(place)
    opened, now = Curve(entry_value(instrument, position)), value_curve(book, path, place)
    gain = now.minus(opened) if instrument.contract == "linear" else opened.minus(now)
    return gain.times(Fraction(position.side))


def leg(book: Book, unit: Unit, path: Path, place: int, sample: Fraction) -> Leg:
    """A position's gain and maintenance, in the tier that it is in at x = sample."""
    table = book.tables[book.account.positions[place].instrument]
    return _leg_in(book, unit, path, place, table.index(tier_curve(book, unit, path, place).at(sample)))


def _leg_in(book: Book, unit: Unit, path: Path, place: int, row: int) -> Leg:
    tier = book.tables[book.account.positions[place].instrument].tiers[row]
    return Leg(
        value_curve(book, path, place),
        unrealised_curve(book, path, place),
        _maintenance(book, unit, path, place, tier),
        row,
        book.rate(place, tier),
        tier.amount or ZERO,
    )


def tier_curve(book: Book, unit: Unit, path: Path, place: int) -> Curve:
    """The size that the position's tier is looked up by."""
    if book.rules.tier_size == "leg":
        return _leg_tier_curve(book, path, place)
    total = NOTHING
    for other in book.legs(unit, place):
        total = total.plus(_leg_tier_curve(book, path, other))
    return total


def unit_curves(book: Book, unit: Unit, path: Path, sample: Fraction) -> tuple[Curve, Curve]:
    """(equity, maintenance) of a unit in its currency, valid around x = sample."""
    return moving_curves(book, unit, path)(sample)


def moving_curves(book: Book, unit: Unit, path: Path) -> Callable[[Fraction], tuple[Curve, Curve]]:
    """The same for many samples: a leg is computed once for every tier that it passes."""
    tables = {place: book.tables[book.account.positions[place].instrument] for place in unit.positions}
    sizes = {place: tier_curve(book, unit, path, place) for place in unit.positions}
    known: dict[tuple[int, int], Leg] = {}

    def leg_around(place: int, sample: Fraction) -> Leg:
        row = tables[place].index(sizes[place].at(sample))
        if (place, row) not in known:
            known[place, row] = _leg_in(book, unit, path, place, row)
        return known[place, row]

    def curves(sample: Fraction) -> tuple[Curve, Curve]:
        return _summed(book, unit, path, {place: leg_around(place, sample) for place in unit.positions}, sample)

    return curves


def _summed(book: Book, unit: Unit, path: Path, legs: dict[int, Leg], sample: Fraction) -> tuple[Curve, Curve]:
    equity = maintenance = NOTHING
    for held in unit.collaterals:
        gains = needs = NOTHING
        for place, its in legs.items():
            if book.instrument(place).settle == held.currency:
                gains, needs = gains.plus(its.unrealised), needs.plus(its.maintenance)
        index = index_curve(held, path.currencies)
        equity = equity.plus(counted(book.rules, held, gains, index, sample))
        maintenance = maintenance.plus(product(needs, index).times(requirement_buffer(book, held)))
    return equity, maintenance


def breakpoints(book: Book, unit: Unit, path: Path) -> list[Fraction]:
    """Every x where a tier, or a row of a haircut table, gives way to the next; ascending."""
    found: set[Fraction] = set()
    for place in unit.positions:
        curve = tier_curve(book, unit, path, place)
        for tier in book.tables[book.account.positions[place].instrument].tiers[1:]:
            found.update(curve.minus(Curve(tier.floor)).roots())
    for held in unit.collaterals:
        gains = NOTHING
        for place in unit.positions:
            if book.instrument(place).settle == held.currency:
                gains = gains.plus(unrealised_curve(book, path, place))
        found.update(thresholds(book.rules, held, gains, index_curve(held, path.currencies)))
    return sorted(found)


def requirement_buffer(book: Book, held: CollateralState) -> Fraction:
    """How many times its index a currency's margin requirements count."""
    return ONE + held.debt_buffer if book.rules.requirements_at == "ask" else ONE


def requirement_share(book: Book, unit: Unit, place: int) -> Fraction:
    """The same of the currency that a position settles in."""
    settle = book.instrument(place).settle
    return requirement_buffer(book, next(held for held in unit.collaterals if held.currency == settle))


def _leg_tier_curve(book: Book, path: Path, place: int) -> Curve:
    position, instrument = book.account.positions[place], book.instrument(place)
    if book.rules.tier_basis == "mark_notional":
        return value_curve(book, path, place)
    if book.rules.tier_basis == "entry_notional":
        return Curve(entry_value(instrument, position))
    return Curve(position.size)


def _maintenance(book: Book, unit: Unit, path: Path, place: int, tier: Tier) -> Curve:
    position, instrument = book.account.positions[place], book.instrument(place)
    if position.maintenance is not None:
        return Curve(position.maintenance)
    at_entry = Curve(entry_value(instrument, position))
    value = at_entry if book.rules.maintenance_price == "entry" else value_curve(book, path, place)
    rate, amount = book.rate(place, tier), (tier.amount or ZERO) * _amount_share(book, unit, place)
    return value.times(rate).minus(Curve(amount)).plus(closing_fee(book, path, place))


def closing_fee(book: Book, path: Path, place: int) -> Curve:
    """The fee of closing a position that its maintenance counts."""
    position, instrument = book.account.positions[place], book.instrument(place)
    kind, fee = book.rules.closing_fees, instrument.fee_rate
    if kind == "none" or fee == 0:
        return NOTHING
    if kind == "bankruptcy":
        return Curve(_fee_when_spent(book, place))
    at_entry = Curve(entry_value(instrument, position))
    value = at_entry if book.rules.maintenance_price == "entry" else value_curve(book, path, place)
    if kind == "maintenance":
        return value.times(fee)
    leverage = book.leverage(place)
    if kind == "leveraged_entry":
        return at_entry.times(fee * (ONE + ONE / leverage))
    return value.times(fee * (ONE + turn(instrument, position) / leverage))


def _fee_when_spent(book: Book, place: int) -> Fraction:
    """The closing fee at the price where margin + gain − fee is 0; 0 when there is no such price."""
    position, instrument = book.account.positions[place], book.instrument(place)
    fee, side = instrument.fee_rate, position.side
    value, margin = entry_value(instrument, position), isolated_margin(book.rules, instrument, position)
    if instrument.contract == "linear":
        return max(ZERO, fee * (value - side * margin) / (ONE - side * fee))
    return max(ZERO, fee * (value + side * margin) / (ONE + side * fee))


def _amount_share(book: Book, unit: Unit, place: int) -> Fraction:
    """Legs that share a tier share its amount, by size."""
    if book.rules.tier_size == "leg":
        return ONE
    sizes = [book.account.positions[other].size for other in book.legs(unit, place)]
    return book.account.positions[place].size / sum(sizes, ZERO)
