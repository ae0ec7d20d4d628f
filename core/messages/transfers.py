"""Moving money between accounts: slow, costly orders of another kind, sent by CapitalManager's leave only."""

from __future__ import annotations

from letrade.core.messages.base import DeskMessage
from letrade.core.money import Money

REQUESTED, PENDING, DONE, FAILED, UNKNOWN, REFUSED = "requested", "pending", "done", "failed", "unknown", "refused"
"""Where a transfer stands: asked for; given up by its account; arrived; come back; not known, and so counted as neither
here nor there; never sent."""


class TransferRequest(DeskMessage, frozen=True, kw_only=True):
    """A wish to move money from `account` to another; `instrument` is '<venue>.-' of the account that gives."""

    transfer_id: str
    """The same wish has the same id for ever: it is sent once."""
    to_account: str
    amount: Money
    """What leaves, the route's fee included."""
    reason: str = ""


class TransferUpdate(DeskMessage, frozen=True, kw_only=True):
    """Where a transfer stands; only `done` means that the money may be spent at the other end."""

    transfer_id: str
    to_account: str
    state: str
    amount: Money
    fee: Money | None = None
    arrives: int = 0
    """ns UTC; when it is expected while pending; 0: not known."""
    reason: str = ""
