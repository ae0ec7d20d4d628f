"""Price-time matching of one instrument, in integer ticks and lots; an owner never trades with itself."""
from typing import TypeAlias

_Trade: TypeAlias = tuple[int, int, int, int]
_Result: TypeAlias = tuple[int, int, list[_Trade]]

class MatchingEngine:
    """Resting orders in price-time priority, and what happens to them when others arrive.

    Order ids and owners are any int64; prices are ticks and sizes lots, both above 0. Anything else raises ValueError
    (also for the id of an order that is still resting), OverflowError (beyond 64 bits) or TypeError (not a whole
    number), and changes nothing.

    limit, market and amend return (status, open lots, trades): the status is one of letrade.hotpath.constants, the open
    lots rest when it is RESTING (and for an amend when it is WOULD_CROSS) and are gone otherwise, and a trade is
    (maker's id, taker's id, price, size), the price always the maker's.
    """

    def limit(
        self,
        order_id: int,
        owner: int,
        side: int,
        price: int,
        size: int,
        time_in_force: int = 0,
        post_only: bool = False,
    ) -> _Result:
        """Trades at `price` or better; what is left rests (GTC) or expires (IOC); FOK trades all of it or nothing.

        Post-only is refused with WOULD_CROSS when it would trade. What would meet an order of the same owner (0 is
        nobody) is dropped with SELF_TRADE; a FOK that would is EXPIRED, untraded.
        """
    def market(self, order_id: int, owner: int, side: int, size: int) -> _Result:
        """Trades at any price until filled, EXPIRED (no more orders) or SELF_TRADE (the next is the owner's own)."""
    def cancel(self, order_id: int) -> int:
        """Removes a resting order and returns its open lots; 0 when there is none with this id."""
    def amend(self, order_id: int, price: int, size: int) -> _Result:
        """Gives a resting order a new price and new open lots.

        At the same price with the same or fewer lots it keeps its place; else it goes to the end of the queue of its
        new price and trades first where it crosses. A post-only order that would cross stays as it was (WOULD_CROSS,
        with its old open lots); an id that does not rest is UNKNOWN_ORDER.
        """
    def order(self, order_id: int) -> tuple[int, int, int, int, bool] | None:
        """(owner, side, price, open lots, post-only) of a resting order, None when there is none with this id."""
    def order_count(self) -> int:
        """How many orders rest."""
    def best_bid(self) -> tuple[int, int] | None:
        """(price, size) of the highest bid, None without bids."""
    def best_ask(self) -> tuple[int, int] | None:
        """(price, size) of the lowest ask, None without asks."""
    def best(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """(best bid, best ask)."""
    def depth(self, side: int, n: int) -> list[tuple[int, int]]:
        """The first n (price, size) of a side, best first; fewer when the side has fewer."""
    def levels(self, side: int) -> int:
        """How many prices of a side have orders."""
    def state_hash(self) -> int:
        """An unsigned 64-bit number that depends only on the resting orders and their priority."""
    def dump(self) -> bytes:
        """Every resting order, for a snapshot: little-endian int64 mark, count, then bids and asks in priority."""
    def load_bytes(self, data: bytes) -> None:
        """Replaces the orders by what dump gave; ValueError when the bytes are anything else."""
