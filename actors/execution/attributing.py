"""Whose a fill is that the venue made by itself: a liquidation or a deleveraging takes from every share it closes."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.orders import Fill
from letrade.core.money import money
from letrade.core.quantities import number, units

VENUES_OWN = ("liquidation", "adl")
"""Origins of fills that no order asked for."""


def parts_of(fill: Fill, shares: Mapping[str, int], lot: int) -> list[Fill]:
    """The fill as one for each strategy whose share (in units of 1e-18) it closes, in proportion and in whole lots.

    What no share covers is nobody's. Sizes and fees add up to the whole.
    """
    sizes = closed_shares(fill.side, units(fill.size), shares, lot)
    if len(sizes) == 1:
        return [structs.replace(fill, strategy=next(iter(sizes)))]
    fees = split_whole(fill.fee.integer, list(sizes.values()))
    parts = []
    for place, (strategy, size) in enumerate(sizes.items()):
        fee = money(fill.fee.currency, fees[place], fill.fee.scale)
        part = structs.replace(fill, strategy=strategy, size=number(size), fee=fee)
        if place:
            part = structs.replace(part, trade_id=f"{fill.trade_id}-{place + 1}", fill_number=0)
        parts.append(part)
    return parts


def closed_shares(side: int, size: int, shares: Mapping[str, int], lot: int) -> dict[str, int]:
    """How much of each share is closed, by name; units of 1e-18."""
    held = {name: abs(share) for name, share in sorted(shares.items()) if share * side < 0}
    total = sum(held.values())
    covered = min(size, total)
    cuts = {name: covered * share // total // lot * lot for name, share in held.items()}
    left = covered - sum(cuts.values())
    for name in sorted(held, key=lambda name: (-held[name], name)):
        more = min(left, held[name] - cuts[name])
        cuts[name] += more
        left -= more
    if size > covered:
        cuts[NO_STRATEGY] = cuts.get(NO_STRATEGY, 0) + size - covered
    return {name: cut for name, cut in cuts.items() if cut}


def split_whole(whole: int, sizes: list[int]) -> list[int]:
    """A whole number in proportion to sizes; what does not divide goes to the first."""
    total = sum(sizes)
    parts = [whole * size // total for size in sizes]
    parts[0] += whole - sum(parts)
    return parts
