"""Pure: which event of the order life cycle a venue's answer is."""

from __future__ import annotations

from letrade.actors.execution.table import Order
from letrade.core.messages.venue import VenueOrder
from letrade.core.orders import ACCEPT, CANCEL_REFUSED, EXPIRE, FULL_FILL, GONE, NOT_FOUND, REFUSE, TRANSITIONS

EVENTS = {
    "open": ACCEPT,
    "partly_filled": ACCEPT,
    "filled": FULL_FILL,
    "cancelled": GONE,
    "expired": EXPIRE,
    "rejected": REFUSE,
    "not_found": NOT_FOUND,
}
ENDS = frozenset({FULL_FILL, GONE, EXPIRE})
"""Events that wait until every fill that the venue counts is in."""


def event_of(order: Order, answer: VenueOrder) -> str | None:
    """None when the answer says nothing that the table of the life cycle can take: then the order is asked for."""
    event = EVENTS.get(answer.status)
    if answer.request == "cancel" and answer.refused and event == ACCEPT and order.cancel_wanted:
        event = CANCEL_REFUSED
    return event if event in TRANSITIONS[order.state] else None


def is_early(order: Order, answer: VenueOrder) -> bool:
    """Whether it answers a question that was asked before the amend under way; counts it as answered."""
    if answer.request != "query" or not order.questions:
        return False
    order.questions -= 1
    if not order.early:
        return False
    order.early -= 1
    return True


def settles_amend(order: Order, answer: VenueOrder) -> str:
    """`amended`, `amend refused`, or '' when this answer does not tell: it may be of an earlier request."""
    early = is_early(order, answer)
    if order.amending is None or answer.price is None:
        return ""
    if (answer.price, answer.size) == order.amending and answer.request in ("amend", "query"):
        return "amended"
    if answer.request == "query" and not early:
        return "amend refused"
    return ""
