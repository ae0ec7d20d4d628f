"""The first x, going up or down from 1, at which a unit's slack or equity is used up."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from msgspec import Struct

from letrade.core.fraction import Fraction
from letrade.core.margin.book import Book, Unit
from letrade.core.margin.curves import Curve
from letrade.core.margin.numbers import ONE, ZERO
from letrade.core.margin.slack import Path, breakpoints, closing_fee, unit_curves

Measure = Callable[[Fraction], Curve]
"""The curve that holds around a sample."""


class Crossing(Struct, frozen=True):
    """Where the measure is used up."""

    x: Fraction | None
    """None: at no price above 0."""
    against: bool = False
    """It lies on the side that is good for the unit at first; nothing is reached on the other one."""
    at_once: bool = False
    """It is used up already."""


def slack_crossing(book: Book, unit: Unit, path: Path) -> Crossing:
    """Where the unit is liquidated."""

    def slack(sample: Fraction) -> Curve:
        equity, maintenance = unit_curves(book, unit, path, sample)
        return equity.minus(maintenance)

    return _crossing(slack, breakpoints(book, unit, path), passed=book.rules.liquidated_at == "passed")


def equity_crossing(book: Book, unit: Unit, path: Path) -> Crossing:
    """Where the unit is bankrupt: nothing is left after the closing fee that its margin reserves."""
    reserves = book.rules.unit == "position" and book.rules.reserved_fee != "none"

    def equity(sample: Fraction) -> Curve:
        left = unit_curves(book, unit, path, sample)[0]
        for place in unit.positions if reserves else ():
            left = left.minus(closing_fee(book, path, place))
        return left

    return _crossing(equity, breakpoints(book, unit, path), passed=False)


def nearest_crossing(book: Book, unit: Unit, path: Path) -> Fraction | None:
    """The x nearest to 1, on either side, where the unit is liquidated."""
    first = slack_crossing(book, unit, path)
    if first.x is None or first.at_once:
        return first.x

    def slack(sample: Fraction) -> Curve:
        equity, maintenance = unit_curves(book, unit, path, sample)
        return equity.minus(maintenance)

    edges = breakpoints(book, unit, path)
    found = [x for x in (_upward(slack, edges), _downward(slack, edges)) if x is not None]
    return min(found, key=lambda x: abs(x - ONE))


def _crossing(measure: Measure, edges: list[Fraction], *, passed: bool) -> Crossing:
    now = measure(ONE).at(ONE)
    if now < 0 or (now == 0 and not passed):
        return Crossing(ONE, at_once=True)
    falls_upward = measure(ONE).slope(ONE) < 0
    ways = (_upward, _downward) if falls_upward else (_downward, _upward)
    for place, way in enumerate(ways):
        x = way(measure, edges)
        if x is not None:
            return Crossing(x, against=place == 1)
    return Crossing(None)


def _upward(measure: Measure, edges: list[Fraction]) -> Fraction | None:
    stops = [ONE, *(x for x in edges if x > ONE)]
    for near, far in pairwise([*stops, stops[-1] * 2]):
        curve = measure((near + far) / 2)
        if curve.at(near) <= 0:
            return near
        reach = None if far == stops[-1] * 2 else far
        for root in curve.roots():
            if root > near and (reach is None or root <= reach):
                return root
    return None


def _downward(measure: Measure, edges: list[Fraction]) -> Fraction | None:
    stops = [ONE, *reversed([x for x in edges if x < ONE]), ZERO]
    for near, far in pairwise(stops):
        curve = measure((near + far) / 2)
        if curve.at(near) <= 0:
            return near
        for root in reversed(curve.roots()):
            if far <= root < near:
                return root
    return None
