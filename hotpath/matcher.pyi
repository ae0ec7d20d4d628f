"""Price-time matching of one instrument in whole ticks and lots, by handles: numbers in, numbers out."""
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

class Handed:
    """A block of memory that an engine has given away; an array lies on it."""

class Matching:
    """What both views of a matching engine share: what rests, and what has happened.

    Fills and notices are kept until they are taken, in the order in which they happened. A command whose fills might
    not fit is refused with FILLS_FULL before it changes anything: the room grows as needed up to `fills_max` fills (1
    to 2**24), and so many shown parts of orders (an iceberg has several) are live at most, beyond that it is
    ENGINE_FULL.

    Each owner other than 0 has a position, the sum of its trades here and of what set_position says. When a trade, or
    trigger_price, reaches the trigger of conditional orders they are handled one by one after the command: those that
    a falling price triggers first, from the highest trigger down, then those that a rising price triggers, from the
    lowest up, the first to come first; what they trigger lines up behind them.
    """

    def __new__(cls, fills_max: int = ...) -> Self: ...
    @property
    def left(self) -> int:
        """Open lots of the order of the last command: those that stay, or those that are gone."""
    @property
    def fills_waiting(self) -> int:
        """How many fills have not been taken."""
    @property
    def notices_waiting(self) -> int:
        """How many notices have not been taken."""
    def take_fills(self) -> NDArray[Any]:
        """The fills since the last taking, as an array of matching_rows.FILL: ids of maker and taker, price, size."""
    def take_trades(self) -> list[tuple[int, int, int, int]]:
        """The same as a list of (maker, taker, price, size), which is quicker for a few."""
    def take_notices(self) -> NDArray[Any]:
        """What happened to orders other than by a fill or by their own command, as an array of matching_rows.NOTICE.

        `order` is the id, `status` one of TRIGGERED (followed by RESTING, FILLED, EXPIRED, SELF_TRADE, WOULD_CROSS or
        NOTHING_TO_REDUCE for what became of it), TIME_OVER, GROUP_DONE, SELF_TRADE, DECREMENTED and NOTHING_TO_REDUCE,
        `lots` those left or gone, and `after` how many of the fills not yet taken came before.
        """
    def trigger_price(self, source: int, price: int) -> int:
        """A last (0), mark (1) or index (2) price from outside; how many orders were triggered, or -FILLS_FULL."""
    def price(self, source: int) -> int:
        """The price of a source that was known last, in ticks; 0 without one."""
    def advance(self, time: int) -> int:
        """Ends the GTD orders whose time (ns) has come, the earliest first; how many, or -FILLS_FULL."""
    def position(self, owner: int) -> int:
        """The lots that an owner holds, below 0 when it has sold more than it bought."""
    def set_position(self, owner: int, lots: int) -> None:
        """Says what an owner holds from elsewhere."""
    def order_count(self) -> int:
        """How many orders rest or wait for a trigger."""
    def best_bid(self) -> tuple[int, int] | None:
        """(price, shown lots) of the highest bid, None without bids."""
    def best_ask(self) -> tuple[int, int] | None:
        """(price, shown lots) of the lowest ask, None without asks."""
    def best(self) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """(best bid, best ask)."""
    def depth(self, side: int, n: int) -> list[tuple[int, int]]:
        """The first n (price, shown lots) of a side, best first; fewer when the side has fewer."""
    def levels(self, side: int) -> int:
        """How many prices of a side have orders."""
    def state_hash(self) -> int:
        """An unsigned 64-bit number that depends only on what dump says."""
    def dump(self) -> bytes:
        """All that decides what the engine answers from now on, for a snapshot, as little-endian int64 words.

        Mark, counts, time and prices, positions, then bids, asks and conditional orders in priority. Fills and notices
        that are not taken are not in it.
        """
    def load_bytes(self, data: bytes) -> None:
        """Replaces all by what dump gave, under new handles; ValueError when the bytes are anything else."""

class Matcher(Matching):
    """A matching engine whose orders are addressed by handles.

    A handle is above 0 and means one order for ever: when it has ended, its handle finds nothing. limit, market, place
    and amend answer the handle of an order that rests or waits, else its status (letrade.hotpath.constants) below 0.
    An order's id is what fills and notices name it by; without one (0) it is the handle. Terms that make no sense raise
    ValueError (OverflowError beyond 64 bits, TypeError for what is not a whole number), and change nothing.
    """

    def limit(
        self,
        side: int,
        price: int,
        size: int,
        owner: int = 0,
        time_in_force: int = 0,
        post_only: bool = False,
        id: int = 0,
    ) -> int:
        """Trades at `price` or better; what is left rests (GTC) or expires (IOC); FOK trades all of it or nothing.

        FOK counts what it is sure of: no reduce-only makers, and none that another order of its group may end.
        """
    def market(self, side: int, size: int, owner: int = 0, id: int = 0) -> int:
        """Trades at any price until filled, EXPIRED (no more orders) or SELF_TRADE (the next is the owner's own)."""
    def place(
        self,
        kind: int,
        side: int,
        size: int,
        price: int = 0,
        *,
        owner: int = 0,
        id: int = 0,
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
    ) -> int:
        """An order of any kind (LIMIT_ORDER to TRAILING_STOP) with any terms.

        `price` is 0 for kinds that trade at any price. `trigger` (ticks) and `source` belong to conditional kinds; one
        whose trigger is reached already is triggered at once. A trailing stop's trigger follows its source's price at
        `trail` ticks, from `trigger` or, when that is 0, from the price known now. `expires` (ns) goes with GTD.
        `shown` lots of an iceberg are seen at a time; what it shows next stands at the end of the queue. Of the orders
        of one `group` (not 0) the first to trade or to be triggered ends the others. A reduce-only order is cut to the
        position that it would reduce, when it comes and when it is met. `self_trade` says what happens when the order
        would meet its owner's own (or one of its own group): CANCEL_NEWEST, CANCEL_OLDEST, CANCEL_BOTH, DECREMENT.
        """
    def cancel(self, handle: int) -> int:
        """Removes a live order and returns its open lots; 0 when the handle's order has ended or never was."""
    def amend(self, handle: int, price: int, size: int, trigger: int = 0) -> int:
        """Gives a live order a new price, new open lots and a new trigger (0: the same); the handle stays.

        At the same price with the same or fewer lots it keeps its place in the queue; an iceberg's hidden lots go
        first. Refused with WOULD_CROSS or NOTHING_TO_REDUCE it stays as it was.
        """
    def run(self, commands: NDArray[Any], answers: NDArray[np.int64], start: int = 0) -> int:
        """Handles rows of matching_rows.COMMAND from `start` on, and writes what each was answered; rows done.

        PLACE and AMEND answer as place and amend do, with -BAD_TERMS for nonsense; CANCEL the lots that were open or 0.
        `order` is a handle, or -1 - row for the order that an earlier row made. ValueError when the answers lie in the
        memory of the commands; the GIL is held. It stops at a row that is refused with FILLS_FULL: take the fills, and
        go on from there.
        """
    def order(self, handle: int) -> tuple[int, int, int, int, int, int, int] | None:
        """(id, owner, side, kind, price, open lots, trigger) of a live order, else None."""
    def handles(self) -> list[int]:
        """The handles of all live orders: bids, asks, conditional orders, each in priority."""
