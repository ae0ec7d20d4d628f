"""An order as the venue keeps it, from its acceptance or refusal on, for ever."""

from __future__ import annotations

import msgspec

from letrade.core.legs import name_of

OPEN, PARTLY_FILLED = "open", "partly_filled"
FILLED, CANCELLED, EXPIRED, REJECTED, NOT_FOUND = "filled", "cancelled", "expired", "rejected", "not_found"
WORKING = frozenset({OPEN, PARTLY_FILLED})
PLAIN, STOP, TAKE_PROFIT, TRAILING_STOP = "order", "stop", "take_profit", "trailing_stop"
GTC, IOC, FOK, GTD = "gtc", "ioc", "fok", "gtd"
LAST, MARK, INDEX = "last", "mark", "index"


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
    kind: str = PLAIN
    trigger: float = 0.0
    trigger_by: str = LAST
    trail: float = 0.0
    shown: int = 0
    expires: int = 0
    group: str = ""
    triggered: bool = False
    origin: str = "desk"
    """liquidation or adl where the venue itself closes a position."""
    leg: str = ""
    """long or short in hedge mode."""

    @property
    def position(self) -> str:
        """The key of the position that it opens or closes."""
        return name_of(self.instrument, self.leg)

    @property
    def owner(self) -> str:
        """Whom fill models know: each leg of an account by itself, as each has its own position."""
        return name_of(self.account, self.leg)

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
        return bool(self.price) and self.time_in_force in (GTC, GTD)

    @property
    def awaits_trigger(self) -> bool:
        return self.kind != PLAIN and not self.triggered

    @property
    def only_protects(self) -> bool:
        """It waits to close a position, and never opens one."""
        return self.reduce_only and self.awaits_trigger

    def shares_group(self, other: Order) -> bool:
        """One of the two cancels the other, as both trade the same way."""
        same = (self.group, self.account, self.instrument, self.side)
        return bool(self.group) and same == (other.group, other.account, other.instrument, other.side)
