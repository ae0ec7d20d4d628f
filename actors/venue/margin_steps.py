"""How much of a position a step of liquidation closes, by the venue's rules."""

from __future__ import annotations

from letrade.actors.venue.margin_rules import VenueRules
from letrade.actors.venue.margin_sums import ZERO, Holding, Unit, is_liquidated, reduced, tier_of, tier_size
from letrade.actors.venue.market import Market
from letrade.core.fraction import Fraction

ONE, FIFTH = Fraction(1), Fraction(1, 5)


def partial_size(rules: VenueRules, unit: Unit, holding: Holding, market: Market, fee: Fraction, cooling: bool) -> int:
    """In the market's size units; 0 where the whole position is next."""
    if rules.partial == "fifth":
        return (
            0 if cooling or holding.value <= rules.partial_above else _lots(holding, holding.contracts * FIFTH, market)
        )
    if rules.partial == "two_tiers":
        return _two_tiers_down(rules, unit, holding, market)
    return _down_to_safety(rules, unit, holding, market, fee)


def worst_tolerated(rules: VenueRules, unit: Unit) -> Fraction:
    """The maintenance that the lowest tier alone would ask for: a unit with less is not closed in parts."""
    return sum((holding.value * (holding.rows[0].rate + holding.fee) for holding in unit.holdings), ZERO)


def _two_tiers_down(rules: VenueRules, unit: Unit, holding: Holding, market: Market) -> int:
    tier = tier_of(rules, unit, holding)
    if tier < 2 or unit.equity <= worst_tolerated(rules, unit):
        return 0
    together = tier_size(rules, unit, holding)
    return _lots(holding, together - (holding.rows[tier - 2].cap or ZERO), market)


def _down_to_safety(rules: VenueRules, unit: Unit, holding: Holding, market: Market, fee: Fraction) -> int:
    """The least that leads into a lower tier in which the unit is safe once its fees are paid."""
    for place in range(tier_of(rules, unit, holding) - 1, -1, -1):
        cap = holding.rows[place].cap or ZERO
        size = _lots(holding, holding.contracts - cap / holding.value_at(holding.mark, ONE), market)
        closed = market.scales.exact_size(size)
        paid = holding.value_at(holding.mark, closed) * (fee + holding.fee)
        if closed < holding.contracts and not is_liquidated(rules, reduced(unit, holding, closed, paid)):
            return size
    return 0


def _lots(holding: Holding, contracts: Fraction, market: Market) -> int:
    """Whole lots, not less than asked for, and no more than is held."""
    units, lot = contracts * 10**market.scales.size_decimals, market.terms.lot
    return int(min(-(-units // lot) * lot, holding.contracts * 10**market.scales.size_decimals))
