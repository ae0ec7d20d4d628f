"""The first x, going up or down from 1, at which a unit's slack or equity is used up."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from msgspec import Struct

from letrade.core.fraction import Fraction
from letrade.core.margin.book import Book, Unit
from letrade.core.margin.curves import NOTHING, Curve
from letrade.core.margin.numbers import ONE, ZERO
from letrade.core.margin.slack import Path, breakpoints, closing_fee, moving_curves

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
    return _crossing(_slack(book, unit, path), breakpoints(book, unit, path), passed=_passed(book))


def equity_crossing(book: Book, unit: Unit, path: Path) -> Crossing:
    """Where the unit is bankrupt: nothing is left after the closing fee that its margin reserves."""
    curves = moving_curves(book, unit, path)
    reserved = NOTHING
    if book.rules.unit == "position" and book.rules.reserved_fee != "none":
        for place in unit.positions:
            reserved = reserved.plus(closing_fee(book, path, place))
    return _crossing(lambda sample: curves(sample)[0].minus(reserved), breakpoints(book, unit, path), passed=False)


def nearest_crossing(book: Book, unit: Unit, path: Path) -> Fraction | None:
    """The x nearest to 1, on either side, where the unit is liquidated."""
    slack, edges = _slack(book, unit, path), breakpoints(book, unit, path)
    if is_used_up(book, slack(ONE).at(ONE)):
        return ONE
    found = [x for x in (_upward(slack, edges), _downward(slack, edges)) if x is not None]
    return min(found, key=lambda x: abs(x - ONE), default=None)


def is_used_up(book: Book, slack: Fraction) -> bool:
    """Whether a unit with this slack is liquidated."""
    return slack < 0 or (slack == 0 and not _passed(book))


def _passed(book: Book) -> bool:
    return book.rules.liquidated_at == "passed"


def _slack(book: Book, unit: Unit, path: Path) -> Measure:
    curves = moving_curves(book, unit, path)

    def slack(sample: Fraction) -> Curve:
        equity, maintenance = curves(sample)
        return equity.minus(maintenance)

    return slack


def _crossing(measure: Measure, edges: list[Fraction], *, passed: bool) -> Crossing:
    here = measure(ONE)
    now = here.at(ONE)
    if now < 0 or (now == 0 and not passed):
        return Crossing(ONE, at_once=True)
    falls_upward = here.slope(ONE) < 0
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
