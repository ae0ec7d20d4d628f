"""Pure: the orders, amends and cancels that follow from wanted − (held + working). Quantities in units of 1e-18."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from letrade.actors.capital.orders import Working
from letrade.core.quantities import units


class NewOrder(msgspec.Struct, frozen=True, gc=False):
    """`closing` of `size` reduces the strategy's share; a multiple of the lot each."""

    side: int
    size: int
    closing: int


class Amend(msgspec.Struct, frozen=True, gc=False):
    """The new price, and the new size with the filled part included."""

    order_id: str
    price: float
    size: int


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What to do now; `waiting` when more follows once something on its way has ended."""

    orders: tuple[NewOrder, ...] = ()
    amends: tuple[Amend, ...] = ()
    cancels: tuple[str, ...] = ()
    waiting: bool = False


NOTHING = Plan()


def whole_lots(amount: int, lot: int) -> int:
    """Towards zero."""
    return amount // lot * lot if amount >= 0 else -(-amount // lot * lot)


def toward_position(wanted: int, held: int, lot: int, price: float | None, working: Sequence[Working]) -> Plan:
    """Never more on its way than wanted − held: what a cancel has not ended yet still counts, and may fill."""
    need = whole_lots(wanted - held, lot)
    side = 1 if need > 0 else -1
    if not working:
        return Plan((_split(side, abs(need), held, 0, lot),)) if need else NOTHING
    same: list[Working] = []
    cancels: list[str] = []
    dying, ending = 0, False
    for order in working:
        if order.cancelling:
            ending = True
            dying += order.remaining if order.side == side else 0
        elif need and order.side == side:
            same.append(order)
        else:
            cancels.append(order.order_id)
    room = abs(need) - dying
    if room <= 0 or not need:
        cancels += [order.order_id for order in same]
        return Plan(cancels=tuple(cancels), waiting=bool(cancels) or ending)
    if len(same) == 1 and same[0].price is not None and price is not None:
        return _change_one(same[0], room, price, cancels, ending)
    return _add_or_cancel(same, side, room, held, lot, price, cancels, dying, ending)


def _change_one(order: Working, room: int, price: float, cancels: list[str], ending: bool) -> Plan:
    if order.remaining == room and order.price == price and not order.amending:
        return Plan(cancels=tuple(cancels), waiting=bool(cancels) or ending)
    if order.busy:
        return Plan(cancels=tuple(cancels), waiting=True)
    amend = Amend(order.order_id, price, units(order.filled) + room)
    return Plan(amends=(amend,), cancels=tuple(cancels), waiting=bool(cancels) or ending)


def _add_or_cancel(
    same: list[Working], side: int, room: int, held: int, lot: int, price: float | None, cancels: list[str],
    dying: int, ending: bool,
) -> Plan:  # fmt: skip
    matching = on_the_way = 0
    for order in same:
        remaining = order.remaining
        on_the_way += remaining
        matching += remaining if order.price == price else 0
    cancels += [order.order_id for order in same if order.price != price or matching > room]
    fresh = max(0, room - on_the_way)
    orders = (_split(side, fresh, held, on_the_way + dying, lot),) if fresh else ()
    return Plan(orders=orders, cancels=tuple(cancels), waiting=bool(cancels) or ending)


def _split(side: int, size: int, held: int, ahead: int, lot: int) -> NewOrder:
    """How much of a new order closes what is held, after those ahead of it."""
    against = max(0, -side * held - ahead)
    return NewOrder(side, size, min(size, whole_lots(against, lot)))


def halves(new: NewOrder) -> tuple[NewOrder, ...]:
    """The part that closes, then the part that opens."""
    if not new.closing or new.closing == new.size:
        return (new,)
    return NewOrder(new.side, new.closing, new.closing), NewOrder(new.side, new.size - new.closing, 0)


def match_quotes(quotes: Sequence[tuple[int, float, float]], working: Sequence[Working]) -> tuple[list[str], list[str]]:
    """(the order that shall stand for each quote, '' for a new one; the orders to cancel): equal ones first, then any
    of the same side, which is amended."""
    free = [order for order in working if not order.cancelling and order.price is not None]
    assigned = [""] * len(quotes)
    for exact in (True, False):
        for place, quote in enumerate(quotes):
            if assigned[place]:
                continue
            found = next(
                (order for order in free if order.side == quote[0] and (not exact or stands(order, quote))), None
            )
            if found is not None:
                assigned[place] = found.order_id
                free.remove(found)
    kept = set(assigned)
    return assigned, [order.order_id for order in working if order.order_id not in kept and not order.cancelling]


def stands(order: Working, quote: tuple[int, float, float]) -> bool:
    """Whether an order is what a quote asks for: its price, and its size in all or still to fill."""
    return order.price == quote[1] and order.amending is None and (
        order.size == quote[2] or order.remaining == units(quote[2])
    )  # fmt: skip
