"""Spares the exact look at a unit while no mark can have used its slack up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from letrade.actors.venue.margin_rules import VenueRules
from letrade.actors.venue.margin_sums import Holding, Unit, slack
from letrade.core.instruments import Specification
from letrade.core.legs import instrument_of

CAUTION = 0.999
"""Far below 1 by more than doubles are off: the rest of the slack is looked at exactly."""


class Line(Struct):
    """One contract of a unit: what its mark was (inverse: 1 / mark), what a move of 1 can cost at most, and what it has
    cost so far."""

    level: float
    steepness: float
    rules: Specification
    cost: float = 0.0


class Bands:
    """By account and position, the lines of its unit: together they must not cost the slack that they began with."""

    def __init__(self) -> None:
        self._units: dict[str, dict[str, tuple[float, dict[str, Line]]]] = {}

    def drop(self, account: str) -> None:
        """Something else than a mark has moved."""
        self._units.pop(account, None)

    def keep(self, rules: VenueRules, unit: Unit, versions: dict[str, Specification]) -> None:
        """A unit that was found safe just now."""
        lines = {
            holding.name: Line(float(holding.level), steepness(holding), versions[holding.instrument])
            for holding in unit.holdings
        }
        known = self._units.setdefault(unit.account, {})
        for name in lines:
            known[name] = (float(slack(rules, unit)) * CAUTION, lines)

    def surely_safe(self, account: str, name: str, rules: Specification, price: float) -> bool:
        """Of a position, at its contract's price."""
        known = self._units.get(account)
        band = None if known is None else known.get(name)
        if band is None:
            return False
        left, lines = band
        line = lines[name]
        line.cost = abs((1 / price if rules.inverse else price) - line.level) * line.steepness
        return line.rules is rules and sum(each.cost for each in lines.values()) < left

    def state(self) -> Any:
        """After a restart the same units are looked at as without it: a mark may have aged since."""
        found = []
        for account, known in self._units.items():
            units = {id(lines): (left, lines) for left, lines in known.values()}
            told = [[left, [_told(name, line) for name, line in lines.items()]] for left, lines in units.values()]
            found.append([account, told])
        return found

    def restore(self, state: Any, version: Callable[[str, int], Specification]) -> None:
        self._units = {account: {} for account, _ in state}
        for account, units in state:
            for left, told in units:
                lines = {
                    name: Line(level, steep, version(instrument_of(name), valid_from), cost)
                    for name, level, steep, valid_from, cost in told
                }
                self._units[account] |= dict.fromkeys(lines, (left, lines))


def _told(name: str, line: Line) -> list[Any]:
    return [name, line.level, line.steepness, line.rules.message.valid_from, line.cost]


def steepness(holding: Holding) -> float:
    """Gain and maintenance with its fees, by whatever tier, move no faster than this with its level."""
    rate = max(row.rate for row in holding.rows)
    return float(holding.face * (1 + rate + 2 * holding.fee))
