"""Pure: the leverage allowed, the notional that it allows within the tiers, and a limit that does not flutter."""

from __future__ import annotations

from msgspec import Struct

from letrade.core.fraction import Fraction
from letrade.core.margin.tiers import TierTable

ONE, ZERO = Fraction(1), Fraction(0)


class Signs(Struct, frozen=True):
    """What is known of an instrument beside its price; None: nothing."""

    volatility: Fraction | None = None
    trend: Fraction | None = None
    regime: Fraction | None = None
    """What is left of the limit in the present regime."""
    distance: Fraction | None = None
    """To liquidation, the nearer of the position's and its account's."""


class Terms(Struct, frozen=True):
    """How the signs count."""

    volatility_budget: Fraction
    against_trend: Fraction
    full_distance: Fraction


def allowed_leverage(cap: Fraction, side: int, signs: Signs, terms: Terms) -> Fraction:
    """Never more than the cap; 0 when nothing may be held."""
    limit = cap
    if signs.volatility is not None and signs.volatility > 0:
        limit = min(limit, terms.volatility_budget / signs.volatility)
    if signs.trend is not None and signs.trend * side < 0:
        limit *= terms.against_trend
    if signs.regime is not None:
        limit *= min(ONE, signs.regime)
    if signs.distance is not None:
        limit *= max(ZERO, min(ONE, signs.distance / terms.full_distance))
    return limit


def largest_notional(equity: Fraction, leverage: Fraction, tiers: TierTable | None) -> Fraction:
    """The largest notional at that leverage whose own tier allows it."""
    if equity <= 0:
        return ZERO
    if tiers is None:
        return leverage * equity
    largest = ZERO
    for tier in tiers.tiers:
        allowed = leverage if tier.leverage_max is None else min(leverage, tier.leverage_max)
        reach = allowed * equity if tier.cap is None else min(tier.cap, allowed * equity)
        if reach > tier.floor:
            largest = max(largest, reach)
    return largest


def leverage_at(notional: Fraction, tiers: TierTable | None) -> Fraction | None:
    """The most that the venue can be set to for a notional; None: any."""
    if tiers is None:
        return None
    tier = next((each for each in tiers.tiers if each.cap is None or notional <= each.cap), tiers.tiers[-1])
    return tier.leverage_max


def settled(published: Fraction | None, wanted: Fraction, hysteresis: Fraction) -> Fraction:
    """What stands while it is within 1 − 2 × hysteresis and 1 of what is wanted; else 1 − hysteresis of that."""
    if published is not None and wanted * (ONE - 2 * hysteresis) <= published <= wanted:
        return published
    return wanted * (ONE - hysteresis)


def share_to_close(
    notional: Fraction, equity: Fraction, leverage: Fraction, free: Fraction, share: Fraction
) -> Fraction:
    """Of an isolated position, so that with the allowed share of what is free then its leverage fits: the rest keeps
    its part of the equity, what is closed sets its part free."""
    if leverage <= 0:
        return ONE
    missing = notional / leverage - equity
    found = (missing - share * free) / (missing + share * equity) if missing + share * equity > 0 else ZERO
    return min(ONE, max(ZERO, found))
