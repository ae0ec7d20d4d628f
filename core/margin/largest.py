"""The largest size that free funds and a tier table allow at a leverage."""

from __future__ import annotations

from letrade.core.fraction import Fraction
from letrade.core.margin.account import InstrumentState, PositionState, Side
from letrade.core.margin.book import reserved_share, value_at
from letrade.core.margin.numbers import ONE, ZERO, MarginError, not_negative, positive
from letrade.core.margin.rules import MarginRules


def largest_size(
    rules: MarginRules, instrument: InstrumentState, side: Side, price: Fraction, leverage: Fraction, funds: Fraction
) -> Fraction:
    """The size that `funds` of the settle currency open at a price, no position being held: its initial margin with the
    fees the rules reserve is not above the funds, and its tier allows the leverage. 0 when no tier does."""
    positive(price, "price")
    not_negative(funds, "funds")
    if leverage < 1:
        raise MarginError(f"leverage: expected 1 or more, found {float(leverage):g}")
    one = PositionState(instrument=instrument.name, side=side, size=ONE, entry=price, leverage=leverage)
    share = ONE / leverage + instrument.fee_rate * reserved_share(rules, instrument, one, leverage)
    by_funds = funds / (value_at(instrument, ONE, price) * share)
    cap = _cap(rules, instrument, leverage)
    if cap is None:
        return by_funds
    return min(by_funds, cap / _tier_size_of_one(rules, instrument, price))


def _cap(rules: MarginRules, instrument: InstrumentState, leverage: Fraction) -> Fraction | None:
    tiers = instrument.tiers.ready(rules.tier_form, rules.tier_edge).tiers
    allowed = [tier for tier in tiers if tier.leverage_max is None or tier.leverage_max >= leverage]
    return allowed[-1].cap if allowed else ZERO


def _tier_size_of_one(rules: MarginRules, instrument: InstrumentState, price: Fraction) -> Fraction:
    if rules.tier_basis == "contracts":
        return ONE
    return value_at(instrument, ONE, price)
