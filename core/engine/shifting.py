"""Data of another time, told as of now: what a desk on the wall clock does with a recorded or seeded feed."""

from __future__ import annotations

from msgspec.structs import force_setattr

from letrade.core.messages.base import Message
from letrade.core.messages.market import FundingRate


def shift_times(message: Message, shift_ns: int) -> None:
    """Its time, and the time that it speaks of."""
    force_setattr(message, "time", message.time + shift_ns)
    if type(message) is FundingRate:
        force_setattr(message, "funding_time", message.funding_time + shift_ns)
