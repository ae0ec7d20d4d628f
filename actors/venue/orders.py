"""An order as the venue keeps it, from its acceptance or refusal on, for ever."""

from __future__ import annotations

import msgspec

OPEN, PARTLY_FILLED = "open", "partly_filled"
FILLED, CANCELLED, EXPIRED, REJECTED, NOT_FOUND = "filled", "cancelled", "expired", "rejected", "not_found"
WORKING = frozenset({OPEN, PARTLY_FILLED})


class Order(msgspec.Struct, array_like=True):
    """Sizes are whole units at the market's size decimals; a price of 0 is a market order."""

    number: int
    """Counts the venue's orders, refused ones too, from 1."""
    client_order_id: str
    account: str
    instrument: str
    side: int
    price: float
    size: int
    time_in_force: str
    post_only: bool
    reduce_only: bool
    cause: str
    """The VenueSubmit, as source:epoch:sequence."""
    filled: int = 0
    status: str = OPEN
    priority: int = 0
    """Its place in the queue of its price, where the model keeps one."""

    @property
    def left(self) -> int:
        return self.size - self.filled

    @property
    def working(self) -> bool:
        return self.status in WORKING

    @property
    def limit(self) -> float | None:
        return self.price or None

    @property
    def rests(self) -> bool:
        """Whether what does not trade at once stays in the book."""
        return bool(self.price) and self.time_in_force == "gtc"
