"""The largest position that a table of tiers allows at a leverage."""

from __future__ import annotations

from letrade.core.fraction import Fraction
from letrade.core.margin.account import InstrumentState, MarginAccount, PositionState
from letrade.core.margin.rules import MarginRules, TierBasis


def largest_by_tiers(rules: MarginRules, account: MarginAccount, position: PositionState) -> Fraction | None:
    """In the position's own unit; None where the tiers have no end, or only the tier in force is known."""
    instrument = next(each for each in account.instruments if each.name == position.instrument)
    leverage = position.leverage or Fraction(1)
    tiers = instrument.tiers.tiers
    allowed = [tier for tier in tiers if tier.leverage_max is None or tier.leverage_max >= leverage]
    cap = allowed[-1].cap if allowed else None
    if cap is None:
        return None
    return cap / _basis_of_one(rules.tier_basis, instrument, position)


def _basis_of_one(basis: TierBasis, instrument: InstrumentState, position: PositionState) -> Fraction:
    """What a size of 1 counts in the unit of the tiers."""
    if basis == "contracts":
        return Fraction(1)
    if basis == "coin":
        return instrument.multiplier
    price = position.entry if basis == "entry_notional" else instrument.mark
    return instrument.multiplier * price if instrument.contract == "linear" else instrument.multiplier / price
