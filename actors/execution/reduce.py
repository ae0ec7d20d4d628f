"""Pure: what may be sent without an approval, because it provably reduces whatever becomes of the working orders."""

from __future__ import annotations

from typing import NamedTuple

from letrade.core.exposure import Exposure, opening_part


class Closing(NamedTuple):
    """A market order that closes part of a strategy's share; units of 1e-18."""

    strategy: str
    side: int
    size: int


def reduces(exposure: Exposure, side: int, size: int) -> bool:
    """True when no part of the order can open."""
    return size > 0 and opening_part(exposure, side, size) == 0


def closings(exposure: Exposure, shares: dict[str, int], lot: int) -> list[Closing]:
    """Orders that bring the account's net position to zero, each from a share on the net's side, by strategy name.

    Shares on the other side stay: against them there is nothing at the venue that could be reduced.
    """
    side = -1 if exposure.net > 0 else 1
    left = abs(exposure.net) - (exposure.sells if side < 0 else exposure.buys)
    found = []
    for strategy, share in sorted(shares.items()):
        size = min(abs(share), left) // lot * lot if share * side < 0 else 0
        if size > 0:
            found.append(Closing(strategy, side, size))
            left -= size
    return found


def within(found: list[Closing], size: int, lot: int) -> list[Closing]:
    """No more than `size` of them, from each in proportion, in whole lots."""
    total = sum(closing.size for closing in found)
    size = size // lot * lot
    if total <= size:
        return found
    parts = [closing.size * size // total // lot * lot for closing in found]
    left = size - sum(parts)
    for place, closing in enumerate(found):
        more = min(left, closing.size - parts[place])
        parts[place], left = parts[place] + more, left - more
    return [closing._replace(size=part) for closing, part in zip(found, parts, strict=True) if part]
