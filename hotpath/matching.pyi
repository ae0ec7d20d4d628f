"""Price-time matching of one instrument, in integer ticks and lots, by the caller's own order ids."""
from typing import TypeAlias

from letrade.hotpath.matcher import Matching

_Trade: TypeAlias = tuple[int, int, int, int]
_Result: TypeAlias = tuple[int, int, list[_Trade]]

class MatchingEngine(Matching):
    """Resting orders in price-time priority, and what happens to them when others arrive.

    Order ids and owners are any int64; prices are ticks from 1 to 2**62 - 1 and sizes lots above 0. Anything else
    raises ValueError (also for the id of an order that is still live), OverflowError (beyond 64 bits) or TypeError (not
    a whole number), and changes nothing.

    place, limit, market and amend return (status, open lots, trades): the status is one of letrade.hotpath.constants,
    the open lots rest or wait when it is RESTING or WAITING (and for an amend when it is WOULD_CROSS or
    NOTHING_TO_REDUCE) and are gone otherwise, and a trade is (maker's id, taker's id, price, size), the price always
    the maker's. The trades include those of the orders that the command's own trades triggered; status and open lots
    are the command's own, before that. The trades of trigger_price are there to be taken with take_trades.
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
    def place(
        self,
        order_id: int,
        owner: int,
        kind: int,
        side: int,
        size: int,
        price: int = 0,
        *,
        time_in_force: int = 0,
        expires: int = 0,
        trigger: int = 0,
        trail: int = 0,
        source: int = 0,
        shown: int = 0,
        group: int = 0,
        post_only: bool = False,
        reduce_only: bool = False,
        self_trade: int = 0,
    ) -> _Result:
        """An order of any kind; the terms are those of letrade.hotpath.matcher.Matcher.place."""
    def cancel(self, order_id: int) -> int:
        """Removes a live order and returns its open lots; 0 when there is none with this id."""
    def amend(self, order_id: int, price: int, size: int, trigger: int = 0) -> _Result:
        """Gives a live order a new price and new open lots, and one that waits a new trigger (0: the same).

        At the same price with the same or fewer lots it keeps its place; else it goes to the end of the queue of its
        new price and trades first where it crosses. A post-only order that would cross stays as it was (WOULD_CROSS,
        with its old open lots); an id that is not live is UNKNOWN_ORDER.
        """
    def order(self, order_id: int) -> tuple[int, int, int, int, bool] | None:
        """(owner, side, price, open lots, post-only) of a live order, None when there is none with this id."""
