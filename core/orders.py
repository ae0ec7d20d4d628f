"""The life cycle of an order as a table: what each event makes of each state; an unknown pair is an error."""

from __future__ import annotations

from letrade.core.errors import Inconsistent

PENDING, SENT, UNKNOWN, OPEN, PARTLY_FILLED = "pending", "sent", "unknown", "open", "partly_filled"
CANCEL_SENT, FILLED, CANCELLED, REJECTED, EXPIRED = "cancel_sent", "filled", "cancelled", "rejected", "expired"

TERMINAL = frozenset({FILLED, CANCELLED, REJECTED, EXPIRED})
WORKING = frozenset({SENT, UNKNOWN, OPEN, PARTLY_FILLED, CANCEL_SENT})
"""States in which the venue may hold the order: their reservation stays."""

SEND, TIMEOUT, ACCEPT, PART_FILL, FULL_FILL = "send", "timeout", "accept", "part_fill", "full_fill"
ASK_CANCEL = "ask_cancel"
CANCEL_REFUSED, GONE, REFUSE, EXPIRE, NOT_FOUND = "cancel_refused", "gone", "refuse", "expire", "not_found"

TRANSITIONS: dict[str, dict[str, str]] = {
    PENDING: {SEND: SENT, ASK_CANCEL: CANCELLED, REFUSE: REJECTED, EXPIRE: EXPIRED, NOT_FOUND: REJECTED},
    SENT: {
        TIMEOUT: UNKNOWN, ACCEPT: OPEN, PART_FILL: PARTLY_FILLED, FULL_FILL: FILLED, ASK_CANCEL: CANCEL_SENT,
        GONE: CANCELLED, REFUSE: REJECTED, EXPIRE: EXPIRED, NOT_FOUND: UNKNOWN,
    },
    UNKNOWN: {
        TIMEOUT: UNKNOWN, ACCEPT: OPEN, PART_FILL: PARTLY_FILLED, FULL_FILL: FILLED, ASK_CANCEL: CANCEL_SENT,
        GONE: CANCELLED, REFUSE: REJECTED, EXPIRE: EXPIRED, NOT_FOUND: REJECTED, CANCEL_REFUSED: UNKNOWN,
    },
    OPEN: {
        ACCEPT: OPEN, PART_FILL: PARTLY_FILLED, FULL_FILL: FILLED, ASK_CANCEL: CANCEL_SENT, CANCEL_REFUSED: OPEN,
        GONE: CANCELLED, EXPIRE: EXPIRED, TIMEOUT: OPEN, NOT_FOUND: CANCELLED,
    },
    PARTLY_FILLED: {
        ACCEPT: PARTLY_FILLED, PART_FILL: PARTLY_FILLED, FULL_FILL: FILLED, ASK_CANCEL: CANCEL_SENT,
        CANCEL_REFUSED: PARTLY_FILLED, GONE: CANCELLED, EXPIRE: EXPIRED, TIMEOUT: PARTLY_FILLED, NOT_FOUND: CANCELLED,
    },
    CANCEL_SENT: {
        ACCEPT: CANCEL_SENT, PART_FILL: CANCEL_SENT, FULL_FILL: FILLED, ASK_CANCEL: CANCEL_SENT,
        CANCEL_REFUSED: UNKNOWN, GONE: CANCELLED, REFUSE: REJECTED, EXPIRE: EXPIRED, TIMEOUT: CANCEL_SENT,
        NOT_FOUND: CANCELLED,
    },
    # Fills may come after the news that ended the order: the ledger takes them, the state stays. Only a rejection is
    # taken back by a late acceptance or fill: a venue refuses repeats of an order that it holds.
    FILLED: {ACCEPT: FILLED, FULL_FILL: FILLED, PART_FILL: FILLED, ASK_CANCEL: FILLED, CANCEL_REFUSED: FILLED,
             GONE: FILLED, EXPIRE: FILLED, TIMEOUT: FILLED, NOT_FOUND: FILLED, REFUSE: FILLED},
    CANCELLED: {ACCEPT: CANCELLED, PART_FILL: CANCELLED, FULL_FILL: FILLED, ASK_CANCEL: CANCELLED, GONE: CANCELLED,
                CANCEL_REFUSED: CANCELLED, EXPIRE: CANCELLED, TIMEOUT: CANCELLED, NOT_FOUND: CANCELLED,
                REFUSE: CANCELLED},
    REJECTED: {ACCEPT: OPEN, PART_FILL: PARTLY_FILLED, FULL_FILL: FILLED, ASK_CANCEL: REJECTED, GONE: REJECTED,
               CANCEL_REFUSED: REJECTED, REFUSE: REJECTED, EXPIRE: REJECTED, TIMEOUT: REJECTED, NOT_FOUND: REJECTED},
    EXPIRED: {ACCEPT: EXPIRED, PART_FILL: EXPIRED, FULL_FILL: FILLED, ASK_CANCEL: EXPIRED, GONE: EXPIRED,
              CANCEL_REFUSED: EXPIRED, EXPIRE: EXPIRED, REFUSE: EXPIRED, TIMEOUT: EXPIRED, NOT_FOUND: EXPIRED},
}  # fmt: skip


CONTRADICTIONS = frozenset({(OPEN, REFUSE), (PARTLY_FILLED, REFUSE)})
"""The venue refuses what it had accepted: neither word is believed, and the order is asked for."""


def next_state(state: str, event: str) -> str:
    """The state after an event. Inconsistent when the table has no such pair."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise Inconsistent(f"an order in state {state!r} cannot meet {event!r}") from None
