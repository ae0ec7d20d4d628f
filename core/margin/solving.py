"""The first x, going up or down from 1, at which a unit's slack or equity is used up."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from msgspec import Struct

from letrade.core.fraction import Fraction
from letrade.core.margin.book import Book, Unit
from letrade.core.margin.curves import NOTHING, Curve
from letrade.core.margin.numbers import ONE, ZERO
from letrade.core.margin.slack import Path, breakpoints, closing_fee, leg, moving_curves, requirement_share

Measure = Callable[[Fraction], Curve]
"""The curve that holds around a sample."""


class Crossing(Struct, frozen=True):
    """Where the measure is used up."""

    x: Fraction | None
    """None: at no price above 0."""
    against: bool = False
    """It lies on the side that is good for the legs at first; nothing is reached on the other one."""
    at_once: bool = False
    """It is used up already; x is then where it came to be, on the way back to a price at which something is left."""
    other: Fraction | None = None
    """Where it is used up on the other side of the mark too."""


def slack_crossing(book: Book, unit: Unit, path: Path) -> Crossing:
    """Where the unit is liquidated as one mark moves: first on the side where its own legs lose, else on the other."""
    edges, way = breakpoints(book, unit, path), _hurtful_way(book, unit, path, maintained=True)
    return _crossing(_slack(book, unit, path), edges, way, passed=_passed(book))


def equity_crossing(book: Book, unit: Unit, path: Path) -> Crossing:
    """Where the unit is bankrupt: nothing is left after the closing fee that its margin reserves."""
    curves = moving_curves(book, unit, path)
    reserved = NOTHING
    if book.rules.unit == "position" and book.rules.reserved_fee != "none":
        for place in unit.positions:
            reserved = reserved.plus(closing_fee(book, path, place))
    edges, way = breakpoints(book, unit, path), _hurtful_way(book, unit, path, maintained=False)
    return _crossing(lambda sample: curves(sample)[0].minus(reserved), edges, way, passed=False)


def nearest_crossing(book: Book, unit: Unit, path: Path) -> Fraction | None:
    """The x nearest to 1, on either side, where the unit is liquidated; 1 when it is so already."""
    found = _crossing(_slack(book, unit, path), breakpoints(book, unit, path), 0, passed=_passed(book))
    return ONE if found.at_once else found.x


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


def _hurtful_way(book: Book, unit: Unit, path: Path, *, maintained: bool) -> int:
    """1: the legs that move lose together when x rises, -1: when it falls, 0: neither. Collateral is not looked at."""
    slope = ZERO
    for place in unit.positions:
        if book.account.positions[place].instrument in path.instruments:
            its = leg(book, unit, path, place, ONE)
            needed = its.maintenance.slope(ONE) * requirement_share(book, unit, place) if maintained else ZERO
            slope += its.unrealised.slope(ONE) - needed
    return (slope < 0) - (slope > 0)


def _crossing(measure: Measure, edges: list[Fraction], way: int, *, passed: bool) -> Crossing:
    """`way`: the side that is asked first; 0 asks for the nearer one."""
    now = measure(ONE).at(ONE)
    if now == 0 and not passed:
        return Crossing(ONE, at_once=True)
    if now < 0:
        back = _first(lambda sample: measure(sample).times(-ONE), edges, -way)
        return Crossing(back.x, against=back.against, at_once=True)
    return _first(measure, edges, way)


def _first(measure: Measure, edges: list[Fraction], way: int) -> Crossing:
    """Where a measure that is above 0 now comes to 0."""
    up, down = _upward(measure, edges), _downward(measure, edges)
    asked = way or (-1 if up is None or (down is not None and ONE - down < up - ONE) else 1)
    first, second = (up, down) if asked > 0 else (down, up)
    if first is None:
        return Crossing(second, against=second is not None)
    return Crossing(first, other=second)


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
