"""Pure: how much of each leg of a basket the others support, and what stands alone beyond that."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from letrade.core.fraction import Fraction

ZERO = Fraction(0)
Line = tuple[int, int, int]
"""a × the first + b × the second = the third."""


def supported(held: Sequence[int], before: Sequence[int], wanted: Sequence[int]) -> list[Fraction]:
    """The largest part of `held` that is a mix of the two portfolios: a × before + b × wanted, a + b at most 1.

    Never beyond what a leg holds, nor on its other side. Each leg counts as a share of what it is in the larger of the
    two portfolios. Of mixes as large, the one with the most of `wanted`.
    """
    legs = list(zip(held, before, wanted, strict=True))
    lines: list[Line] = [(1, 0, 0), (0, 1, 0), (1, 1, 1)]
    for amount, old, new in legs:
        if old or new:
            lines += [(old, new, 0), (old, new, amount)]
    best, largest = (ZERO, ZERO), (ZERO, ZERO)
    for one, other in combinations(dict.fromkeys(lines), 2):
        point = _crossing(one, other)
        if point is not None and (size := _size(point, legs)) > largest and _fits(point, legs):
            best, largest = point, size
    return [best[0] * old + best[1] * new for _, old, new in legs]


def excess(
    held: Sequence[int], before: Sequence[int], wanted: Sequence[int], lots: Sequence[int]
) -> list[int]:  # fmt: skip
    """Of each leg the whole lots that stand alone, without a sign."""
    found = supported(held, before, wanted)
    return [
        int((abs(amount) - abs(part)) // lot) * lot for amount, part, lot in zip(held, found, lots, strict=True)
    ]  # fmt: skip


def _size(point: tuple[Fraction, Fraction], legs: Sequence[tuple[int, int, int]]) -> tuple[Fraction, Fraction]:
    """(what is kept of all legs, how much of the wanted portfolio is in it)."""
    kept = ZERO
    for _, old, new in legs:
        if old or new:
            kept += abs(point[0] * old + point[1] * new) / max(abs(old), abs(new))
    return kept, point[1]


def _crossing(one: Line, other: Line) -> tuple[Fraction, Fraction] | None:
    """Where two lines meet; None for parallels."""
    scale = one[0] * other[1] - one[1] * other[0]
    if not scale:
        return None
    first = one[2] * other[1] - one[1] * other[2]
    second = one[0] * other[2] - one[2] * other[0]
    return Fraction(first, scale), Fraction(second, scale)


def _fits(point: tuple[Fraction, Fraction], legs: Sequence[tuple[int, int, int]]) -> bool:
    """Whether a mix is one, and no leg of it is larger than, or on the other side of, what is held."""
    old_share, new_share = point
    if old_share < 0 or new_share < 0 or old_share + new_share > 1:
        return False
    for amount, old, new in legs:
        part = old_share * old + new_share * new
        if not (0 <= part <= amount if amount >= 0 else amount <= part <= 0):
            return False
    return True
