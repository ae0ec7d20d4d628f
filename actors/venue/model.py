"""What limits fills: the one interface of all fill models, and what they have to say of orders."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import msgspec

from letrade.actors.venue.orders import Order
from letrade.actors.venue.scales import Scales
from letrade.core.config.desk import FillsConfig
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import Trade


class Print(msgspec.Struct, frozen=True, gc=False):
    """One trade; `maker` and `taker` are our orders in it, None where somebody else's."""

    price: float
    size: int
    side: int
    """The taker's."""
    maker: Order | None
    taker: Order | None


class Ended(msgspec.Struct, frozen=True, gc=False):
    """Nothing of an order is left at the venue, and `reason` says why; '' when it has traded in full."""

    order: Order
    status: str
    reason: str


class Changed(msgspec.Struct, frozen=True, gc=False):
    """An order that works was changed by the venue, or is working now: so much is left of it."""

    order: Order
    left: int
    reason: str = ""


class Refused(msgspec.Struct, frozen=True, gc=False):
    """An amend that changed nothing."""

    order: Order
    reason: str


Said = Print | Ended | Changed | Refused

NO_MORE_SIZE = "immediate or cancel: no more size at its price"
SELF_TRADED = "self trade: the account's own order is next"
WOULD_TAKE = "post_only: it would trade at once"
NO_MARK_PRICE = "trigger_by: the data have told no mark price of the instrument so far"
NO_INDEX_PRICE = "trigger_by: the data have told no index price of the instrument so far"


class Terms(msgspec.Struct, frozen=True):
    """What a model must know of its instrument and of what the desk assumes."""

    fills: FillsConfig = FillsConfig()
    tick: int = 1
    lot: int = 1
    """Both in units of the scales."""
    contract: bool = False


class FillModel(abc.ABC):
    """Keeps the orders of one instrument and says what becomes of them; what trades it leaves to others to book."""

    kind: ClassVar[str]
    public: ClassVar[bool] = False
    """True when the trades and quotes of this model are the market's."""
    fits_reducing: ClassVar[bool] = False
    """True when it keeps reduce-only orders of contracts within the position itself."""

    def __init__(self, scales: Scales, terms: Terms | None = None) -> None:
        self.scales = scales
        self.terms = terms or Terms()
        self.complaint = ""
        """What was wrong with data since somebody last looked."""

    @property
    @abc.abstractmethod
    def has_market(self) -> bool:
        """False while nothing is known that an order could trade against."""

    @abc.abstractmethod
    def hear(self, message: MarketMessage, time: int) -> list[Said]:
        """Market data in, and what follows for orders; what it cannot take is told by `complaint`."""

    def last_told(self, message: MarketMessage) -> float:
        """The market's last price where a message that was just heard told it, else 0."""
        return message.price if isinstance(message, Trade) else 0.0

    @abc.abstractmethod
    def preview(self, side: int, size: int, limit: float | None) -> list[tuple[float, int]]:
        """The (price, size) that a taker would get now, best first; nothing changes."""

    @abc.abstractmethod
    def place(self, order: Order, time: int) -> list[Said]:
        """A new order: trades what it can, rests what is left where it may, or waits for its trigger."""

    @abc.abstractmethod
    def amend(self, order: Order, price: float, size: int, time: int) -> list[Said]:
        """Gives a resting order another price and another size, what is filled included; it may trade at once."""

    @abc.abstractmethod
    def remove(self, order: Order) -> None:
        """Take an order off; fine when it is not there."""

    @abc.abstractmethod
    def orders(self) -> list[Order]:
        """What rests or waits, in priority."""

    @abc.abstractmethod
    def best(self) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
        """The best (price, size) of bids and asks, where they are known."""

    def refusal(self, order: Order) -> str:
        """Why this model cannot take an order of this form; '' when it can."""
        return ""

    @abc.abstractmethod
    def hold(self, account: str, position: int) -> None:
        """What an account, or a leg of one (Order.owner), holds of a contract when the model starts."""

    def next_expiry(self) -> int | None:
        """No order expires before; None: none will."""
        return None

    def expire(self, time: int) -> list[Said]:
        """Ends what was good till a time that has come."""
        return []

    def next_waiting(self) -> Order | None:
        """An order that waited for the market to open, and may be placed now."""
        return None

    def place_waiting(self, order: Order, reason: str) -> list[Said]:
        """Places it; or forgets it for a reason other than ''."""
        return []

    @abc.abstractmethod
    def state(self) -> Any:
        """All that the model must not forget; orders by number."""

    @abc.abstractmethod
    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        """Take back what state() gave."""
