"""Moving money between accounts: slow, costly orders of another kind, sent by CapitalManager's leave only."""

from __future__ import annotations

from letrade.core.messages.base import DeskMessage
from letrade.core.money import Money

REQUESTED, PENDING, DONE, FAILED, UNKNOWN, REFUSED = "requested", "pending", "done", "failed", "unknown", "refused"
"""Where a transfer stands: asked for; given up by its account; arrived; come back; not known, and so counted as neither
here nor there; never sent."""


OUT, FEE, IN, BACK, FEE_BACK = "out", "fee", "in", "back", "fee-back"
"""The parts of a transfer that are booked, each a cash entry of its own: see entry_of."""
_ENTRY = "transfer"


def entry_of(transfer_id: str, part: str) -> str:
    """The id of the cash entry of one part of a transfer."""
    return f"{_ENTRY} {part} {transfer_id}"


def transfer_of(entry_id: str) -> tuple[str, str]:
    """(transfer id, part) of a cash entry; two empty words for one that is of no transfer."""
    words = entry_id.split(" ", 2)
    return (words[2], words[1]) if len(words) == 3 and words[0] == _ENTRY else ("", "")


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


class TransferOrder(DeskMessage, frozen=True, kw_only=True):
    """Leave to move money. Only CapitalManager makes these; execution carries each to its venue once."""

    transfer_id: str
    to_account: str
    amount: Money


class VenueTransfer(DeskMessage, frozen=True, kw_only=True):
    """Give money up to another account. Asked for again under its id it is answered again, and never done twice."""

    transfer_id: str
    to_account: str
    amount: Money


class VenueTransferAnswer(DeskMessage, frozen=True, kw_only=True):
    """What the venue of the giving account made of it: pending, failed or refused.

    That it has arrived, or come back, is told by the cash entry of it alone.
    """

    transfer_id: str
    to_account: str
    state: str
    amount: Money
    fee: Money | None = None
    arrives: int = 0
    reason: str = ""


class VenueDeposit(DeskMessage, frozen=True, kw_only=True):
    """From simulated venue to simulated venue: money on its way to `account`, `instrument` is '<its venue>.-'."""

    transfer_id: str
    from_account: str
    amount: Money
    arrives: int
    """ns UTC at the venue; told again it is credited once."""
