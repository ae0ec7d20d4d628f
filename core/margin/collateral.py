"""What a unit's collateral counts: balance and gains at the index, cut by haircuts, debts in full."""

from __future__ import annotations

from collections.abc import Set

from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, CollateralTier
from letrade.core.margin.curves import NOTHING, Curve
from letrade.core.margin.numbers import ONE, ZERO
from letrade.core.margin.rules import MarginRules

IN_FULL = (CollateralTier(ZERO, None, ONE),)


def index_curve(held: CollateralState, moving: Set[str]) -> Curve:
    """The collateral's price, which moves with x when its currency does."""
    return Curve(linear=held.index) if held.currency in moving else Curve(held.index)


def product(amount: Curve, index: Curve) -> Curve:
    """An amount at a price."""
    return amount.rising().times(index.linear) if index.linear else amount.times(index.constant)


def counted(rules: MarginRules, held: CollateralState, gains: Curve, index: Curve, sample: Fraction) -> Curve:
    """What balance and gains count towards equity, in the unit's currency, around x = sample."""
    amount = Curve(held.balance).plus(gains)
    if amount.at(sample) < 0:
        return product(amount, index).times(ONE + held.debt_buffer)
    if rules.haircut_by == "amount":
        return product(_cut(held, amount, sample), index)
    return _cut(held, product(amount, index), sample)


def thresholds(rules: MarginRules, held: CollateralState, gains: Curve, index: Curve) -> list[Fraction]:
    """Every x where the collateral turns into a debt, or reaches another row of its haircut table, or its cap."""
    amount = Curve(held.balance).plus(gains)
    found = amount.roots()
    measure = amount if rules.haircut_by == "amount" else product(amount, index)
    ends = [row.cap for row in held.ratios] + [held.cap]
    for end in ends:
        if end:
            found += measure.minus(Curve(end)).roots()
    return found


def _cut(held: CollateralState, measure: Curve, sample: Fraction) -> Curve:
    now = measure.at(sample)
    if held.cap is not None and now > held.cap:
        now, measure = held.cap, Curve(held.cap)
    total = NOTHING
    for row in held.ratios or IN_FULL:
        if row.cap is None or now <= row.cap:
            return total.plus(measure.minus(Curve(row.floor)).times(row.ratio))
        total = total.plus(Curve((row.cap - row.floor) * row.ratio))
    return total
