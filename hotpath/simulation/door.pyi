"""How Python makes a market and speaks to it: whole units in, what the exchange says out, as tuples of numbers."""
from collections.abc import Sequence
from typing import Any, TypeAlias

from letrade.hotpath.simulation.market import Market

KINDS: dict[str, type[Market]]
QUEUES: dict[str, int]

_Said: TypeAlias = tuple[int, ...]

def new_market(
    kind: str,
    price_step: int,
    size_step: int,
    price_decimals: int,
    queue: str = "pessimistic",
    queue_power: float = 3.0,
    one_tick_beyond: bool = False,
    spread: float = 0.0,
    impact: float = 0.0,
    volume_share: float = -1.0,
    contract: bool = False,
    by_venue_time: bool = False,
    asks_before_waiting: bool = False,
) -> Market:
    """A market of a kind of KINDS. ValueError for what makes no sense.

    `price_step` and `size_step` are tick and lot in units of 10**-decimals; `queue` is one of QUEUES, with the n of the
    probabilistic one; `spread` is a share of the price, of which a taker on bars pays half; `impact` and
    `volume_share` are for bars too (the share of a bar's range that an order of its whole volume moves the price by;
    the most that we trade of its volume, below 0 any). In a `contract` reduce-only orders are fitted to the position.
    """

class MarketDoor:
    """Each call returns what the exchange has said since: (kind, order, time, price, size, maker, reason) each.

    Numbers are those of hotpath/simulation/orders.pxd. ValueError, TypeError and OverflowError for what is no such
    number; what the exchange refuses is said, not raised.
    """

    market: Market
    def __init__(self, market: Market) -> None: ...
    def submit(
        self,
        time: int,
        number: int,
        owner: int,
        side: int,
        kind: int,
        price: int,
        size: int,
        filled: int = 0,
        time_in_force: int = 0,
        expires: int = 0,
        trigger: int = 0,
        trigger_source: int = 0,
        trail: int = 0,
        shown: int = 0,
        group: int = 0,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> list[_Said]:
        """A new order. Its size holds what is filled; `kind` counts from 0: limit, market, stop, stop-limit, …"""
    def cancel(self, time: int, number: int) -> list[_Said]: ...
    def drop(self, time: int, number: int, reason: int) -> list[_Said]:
        """Ends an order for a reason that the market does not know."""
    def amend(self, time: int, number: int, price: int, size: int) -> list[_Said]:
        """The price of a stop that becomes a market order is its trigger."""
    def expire(self, time: int) -> list[_Said]:
        """Ends what was good till a time that has come."""
    def hold(self, owner: int, position: int) -> list[_Said]:
        """What an owner holds of a contract, where it is not what traded here."""
    def next_expiry(self) -> int | None:
        """Nothing expires before; None: nothing will."""
    def next_waiting(self) -> int:
        """An order that waited for the market to open, and may be placed; 0: none."""
    def place_waiting(self, number: int, reason: int = 0) -> list[_Said]:
        """Places it, or ends it for a reason other than 0."""
    def hear_quote(self, time: int, bid: int, bid_size: int, ask: int, ask_size: int) -> list[_Said]: ...
    def hear_trade(self, time: int, price: int, size: int, side: int = 0) -> list[_Said]: ...
    def hear_bar_open(self, time: int, start: int, open: int, feed: int = 0) -> list[_Said]: ...
    def hear_bar(
        self, time: int, start: int, open: int, high: int, low: int, close: int, volume: int, feed: int = 0
    ) -> list[_Said]:
        """A whole bar, at its end."""
    def hear_mark(self, time: int, price: float, index: bool = False) -> list[_Said]:
        """In quote units, on no grid."""
    def hear_levels(
        self, time: int, sides: Sequence[int], prices: Sequence[int], sizes: Sequence[int], snapshot: bool = False
    ) -> list[_Said]:
        """Changed levels of one event; a size of 0 removes the level."""
    def hear_order(self, time: int, action: int, order_id: int, side: int, price: int, size: int) -> list[_Said]: ...
    def preview(self, side: int, size: int, limit: int = 0) -> list[tuple[int, int]]:
        """The (price, size) that a taker would get now, best first; nothing changes. Limit 0: at any price."""
    def has_market(self) -> bool: ...
    def best(self, side: int) -> int:
        """0 where it is not known."""
    def feed(self) -> int: ...
    def last(self) -> int:
        """0 where no trade was told."""
    def left(self, number: int) -> int:
        """Of a working order; else 0."""
    def numbers(self) -> list[int]:
        """Of the working orders: bids and asks with the best last, then what awaits its trigger, then what waits."""
    def scale_prices(self, factor: int) -> None:
        """Prices are told so many times finer from now on."""
    def state(self) -> Any:
        """All that must not be forgotten, as what msgpack can hold."""
    def restore(self, state: Any) -> None: ...
