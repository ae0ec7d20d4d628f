"""An order-by-order (L3) book of one instrument: each order by its id, in the queue of its price."""

import numpy as np
from numpy.typing import NDArray

class OrdersBook:
    """Bids (BUY, 1) and asks (SELL, -1) in ticks and lots, each price a queue in the order of arrival.

    It holds what a venue's order-by-order feed tells, and matches nothing. Ids are any int64, one order each.
    Wrong numbers raise ValueError, OverflowError (beyond 64 bits) or TypeError, and leave the book as it was.
    A change, removal or trade of an order that is not there does nothing and is told by False.
    """

    next_arrival: int
    """What the next order to join a queue is numbered by; orders keep theirs until they lose their place."""
    def add(self, order_id: int, side: int, price: int, size: int) -> None:
        """A new order at the end of the queue of its price; ValueError when its id is in the book."""
    def change(self, order_id: int, price: int, size: int) -> bool:
        """A smaller or equal size at the same price keeps the place; all else goes to the end of the queue."""
    def remove(self, order_id: int) -> bool:
        """Takes the order out."""
    def trade(self, order_id: int, size: int) -> bool:
        """These lots of the order were traded; with all of them it is gone. ValueError when it has fewer."""
    def apply_batch(
        self,
        events: NDArray[np.int8],
        ids: NDArray[np.int64],
        sides: NDArray[np.int8],
        prices: NDArray[np.int64],
        sizes: NDArray[np.int64],
    ) -> int:
        """Events add (0), change (1), remove (2), trade (3), row by row; how many told of an order not there.

        An error names its row in a note; the rows before it are in the book.
        """
    @property
    def order_count(self) -> int:
        """How many orders are in the book."""
    def order(self, order_id: int) -> tuple[int, int, int] | None:
        """(side, price, size), None when it is not there."""
    def queue(self, side: int, price: int) -> list[tuple[int, int]]:
        """The (order id, size) of a price, first come first."""
    def lots_ahead(self, order_id: int) -> int | None:
        """The lots that trade before this order does, at its price; None when it is not there."""
    def orders_ahead(self, order_id: int) -> int | None:
        """The orders before this one, at its price; None when it is not there."""
    def lots_queued(self, side: int, price: int, before: int | None = None) -> int:
        """The lots at a price, which an order that joins now would have ahead.

        With `before`, an earlier `next_arrival`: what an order that would have joined then still has ahead.
        """
    def best_bid(self) -> tuple[int, int] | None:
        """(price, lots) of the highest bid, None without bids."""
    def best_ask(self) -> tuple[int, int] | None:
        """(price, lots) of the lowest ask, None without asks."""
    def best(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """(best bid, best ask)."""
    def depth(self, side: int, n: int) -> list[tuple[int, int]]:
        """The first n (price, lots) of a side, best first."""
    def levels(self, side: int) -> int:
        """How many prices of a side have orders."""
    def is_crossed(self) -> bool:
        """True when the best bid is at or above the best ask."""
    def clear(self) -> None:
        """Removes every order; next_arrival goes on."""
    def state_hash(self) -> int:
        """An unsigned 64-bit number that depends only on the orders and their places in the queues."""
    def dump(self) -> bytes:
        """The whole book, for a snapshot: little-endian int64 mark, next arrival, count, then five words an order."""
    def load_bytes(self, data: bytes) -> None:
        """Replaces the book by what dump gave; ValueError when the bytes are anything else."""
