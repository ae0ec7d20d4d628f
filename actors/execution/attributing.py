"""Whose a fill is that the venue made by itself: a liquidation or a deleveraging takes from every share it closes."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.orders import Fill
from letrade.core.money import money
from letrade.core.quantities import number, units

SETTLEMENT = "settlement"
VENUES_OWN = ("liquidation", "adl", SETTLEMENT)
"""Origins of fills that no order asked for."""


def parts_of(fill: Fill, shares: Mapping[str, int], lot: int) -> list[Fill]:
    """The fill as one for each strategy whose share (in units of 1e-18) it closes, in proportion and in whole lots.

    What no share covers is nobody's. Sizes and fees add up to the whole.
    """
    if fill.origin == SETTLEMENT:
        return _settled_shares(fill, shares)
    sizes = closed_shares(fill.side, units(fill.size), shares, lot)
    if len(sizes) == 1:
        return [structs.replace(fill, strategy=next(iter(sizes)))]
    fees = split_whole(fill.fee.integer, list(sizes.values()))
    parts = []
    for place, (strategy, size) in enumerate(sizes.items()):
        fee = money(fill.fee.currency, fees[place], fill.fee.scale)
        part = structs.replace(fill, strategy=strategy, size=number(size), fee=fee)
        if place:
            part = _later(part, place)
        parts.append(part)
    return parts


def _settled_shares(fill: Fill, shares: Mapping[str, int]) -> list[Fill]:
    """An expired contract is held by nobody: every share (of the leg) is closed whole, those that the others cover
    among themselves too, be the fill itself of nothing. What no share covers is nobody's; the fee goes by size."""
    way = {"long": 1, "short": -1}.get(fill.leg, 0)
    closes = {name: -share for name, share in sorted(shares.items()) if share and (not way or share * way > 0)}
    rest = fill.side * units(fill.size) - sum(closes.values())
    if rest:
        closes[NO_STRATEGY] = closes.get(NO_STRATEGY, 0) + rest
    if not closes:
        return [fill]
    # The largest on the fill's own side comes first: it keeps the venue's number and id.
    order = sorted((name for name in closes if closes[name]), key=lambda name: (-fill.side * closes[name], name))
    fees = split_whole(fill.fee.integer, [abs(closes[name]) for name in order])
    parts = []
    for place, (name, fee) in enumerate(zip(order, fees, strict=True)):
        change = closes[name]
        part = structs.replace(
            fill, strategy=name, side=1 if change > 0 else -1, size=number(abs(change)),
            fee=money(fill.fee.currency, fee, fill.fee.scale),
        )  # fmt: skip
        parts.append(_later(part, place) if place else part)
    return parts


def _later(part: Fill, place: int) -> Fill:
    """The first has the venue's own number and id."""
    return structs.replace(part, trade_id=f"{part.trade_id}-{place + 1}", fill_number=0, part=place)


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
