"""What all messages share: tagged Structs whose first six fields say when, from whom, and because of what."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

VERSION = 1
NUMBER_LIMIT = 1e15
NO_STRATEGY = "-"

Number = Annotated[float, Meta(ge=-NUMBER_LIMIT, le=NUMBER_LIMIT)]
"""Any finite number of ordinary size; NaN and infinities are refused."""
Price = Annotated[float, Meta(gt=0.0, le=NUMBER_LIMIT)]
"""Quote units for one base unit; the nearest double of the venue's decimal."""
PriceIfAny = Annotated[float, Meta(ge=0.0, le=NUMBER_LIMIT)]
"""The same, or 0 where there is none."""
Rate = Annotated[float, Meta(ge=-1.0, le=1.0)]
"""A share of a position's value, as that of a payment; to either side."""
Size = Annotated[float, Meta(ge=0.0, le=NUMBER_LIMIT)]
"""Base units, or contracts where the instrument counts them; the nearest double of the venue's decimal."""
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A whole number that every encoder can carry."""


def is_price(value: float) -> bool:
    """Whether a number can be a price at all: what feeds within a process say has passed no decoder."""
    return 0.0 < value <= NUMBER_LIMIT


def tag_of(class_name: str) -> str:
    """`BookDelta` is `book_delta`: the tag on the wire, the kind in a subject, and the handler's name after `on_`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


class Message(Struct, array_like=True, frozen=True, kw_only=True, tag=tag_of, gc=False):
    """Stamped by the node that publishes it; the actor that makes it leaves these fields alone."""

    FAMILY: ClassVar[str] = ""

    version: Count = VERSION
    time: Count = 0
    """When we received or decided it, ns UTC."""
    source: str = ""
    epoch: Count = 0
    sequence: Count = 0
    """Counts the source's messages, from 1, over restarts."""
    cause: str = ""
    """The message that caused this one, as source:epoch:sequence."""

    @property
    def id(self) -> str:
        return f"{self.source}:{self.epoch}:{self.sequence}"


class MarketMessage(Message, frozen=True, kw_only=True):
    """About one instrument, from a market-data edge."""

    FAMILY: ClassVar[str] = "md"

    instrument: str


class DeskMessage(Message, frozen=True, kw_only=True):
    """About what one strategy wants or holds in one instrument of one account ('-' where none)."""

    FAMILY: ClassVar[str] = "do"

    strategy: str
    account: str
    instrument: str


class EventMessage(Message, frozen=True, kw_only=True):
    """About the desk itself, JSON on the wire."""

    FAMILY: ClassVar[str] = "ev"


class Timer(Message, frozen=True, kw_only=True):
    """What an actor asked to be told at this time; never leaves its process."""

    key: str
