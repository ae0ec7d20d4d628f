"""The largest position that the tiers allow at a leverage, and that a margin pays for."""

from __future__ import annotations

import msgspec

from letrade.core.fraction import Fraction
from letrade.core.margin.account import InstrumentState, PositionState
from letrade.core.margin.largest import largest_size
from letrade.core.margin.rules import MarginRules
from letrade.core.margin.tiers import one_tier

BOUNDLESS: Fraction = Fraction(10**40)


def largest_by_tiers(rules: MarginRules, instrument: InstrumentState, position: PositionState) -> Fraction | None:
    """In the position's own unit; None where the tiers have no end."""
    leverage = position.leverage or Fraction(1)
    rows = [row for row in instrument.tiers.tiers if row.leverage_max is None or row.leverage_max >= leverage]
    if not rows or rows[-1].cap is None:
        return None
    return largest_size(rules, instrument, position.side, instrument.mark, leverage, BOUNDLESS)


def largest_by_margin(
    rules: MarginRules, instrument: InstrumentState, position: PositionState, funds: Fraction
) -> Fraction | None:
    """As if there were no tiers; None without a leverage."""
    if position.leverage is None or funds <= 0:
        return None
    endless = msgspec.structs.replace(instrument, tiers=one_tier(instrument.name, Fraction(0)))
    return largest_size(rules, endless, position.side, instrument.mark, position.leverage, funds)
