"""Pure: how much must be closed, or added, so that a unit is at its target distance: no less, and hardly more."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from letrade.actors.liquidation.watched import nearest_of
from letrade.core.fraction import Fraction
from letrade.core.margin.account import InstrumentState, MarginAccount, PositionState
from letrade.core.margin.rules import MarginRules

ONE, ZERO = Fraction(1), Fraction(0)
HALVINGS = 16


def least_share(rules: MarginRules, book: MarginAccount, target: float, cost: Fraction) -> Fraction | None:
    """The least share of every position to close; None when no share short of all is enough.

    `cost` is what closing loses of the value closed. The margin that an isolated position gets back is added again.
    """
    return _least(lambda share: _reaches(rules, reduced(book, share, cost), target))


def least_margin(rules: MarginRules, book: MarginAccount, target: float, most: Fraction) -> Fraction | None:
    """The least margin to add to the one isolated position; None when `most` is not enough."""
    if most <= 0 or nearest_of(rules, with_margin(book, most)) < target:
        return None
    share = _least(lambda part: nearest_of(rules, with_margin(book, most * part)) >= target)
    return most if share is None else most * share


def reduced(book: MarginAccount, share: Fraction, cost: Fraction) -> MarginAccount:
    """The account after a share of every position was closed at the marks."""
    instruments = {each.name: each for each in book.instruments}
    positions, realised = [], ZERO
    for held in book.positions:
        gain = _realised(held, instruments[held.instrument], share, cost)
        realised += gain
        margin = None if held.margin is None else max(ZERO, held.margin + gain)
        positions.append(replace(held, size=held.size * (ONE - share), margin=margin))
    collaterals = book.collaterals
    if collaterals and book.instruments:
        settle = book.instruments[0].settle
        collaterals = tuple(
            replace(each, balance=each.balance + realised) if each.currency == settle else each for each in collaterals
        )
    return replace(book, positions=tuple(positions), collaterals=collaterals)


def returned_margin(book: MarginAccount, share: Fraction, cost: Fraction) -> Fraction:
    """What closing a share of the one isolated position sets free beyond what is lost by it."""
    (held,), (instrument,) = book.positions, book.instruments
    return max(ZERO, (held.margin or ZERO) * share + _realised(held, instrument, share, cost))


def with_margin(book: MarginAccount, more: Fraction) -> MarginAccount:
    (held,) = book.positions
    return replace(book, positions=(replace(held, margin=(held.margin or ZERO) + more),))


def _reaches(rules: MarginRules, book: MarginAccount, target: float) -> bool:
    """Not where closing has cost more than the account had."""
    owes = not rules.negative_wallet and any(each.balance < 0 for each in book.collaterals)
    return not owes and nearest_of(rules, book) >= target


def _realised(held: PositionState, instrument: InstrumentState, share: Fraction, cost: Fraction) -> Fraction:
    face = held.size * instrument.multiplier * share
    if instrument.contract == "linear":
        return held.side * face * (instrument.mark - held.entry) - face * instrument.mark * cost
    return held.side * face * (ONE / held.entry - ONE / instrument.mark) - face / instrument.mark * cost


def _least(is_enough: Callable[[Fraction], bool]) -> Fraction | None:
    """The least share below 1 that is enough, up to 2**-HALVINGS; None when none is."""
    parts = 1 << HALVINGS
    low, high = 0, parts - 1
    if not is_enough(Fraction(high, parts)):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if is_enough(Fraction(middle, parts)):
            high = middle
        else:
            low = middle
    return Fraction(high, parts)
