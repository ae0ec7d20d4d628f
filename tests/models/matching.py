"""A matching engine that is one list of orders in their order of arrival, searched anew for every trade."""

from dataclasses import dataclass

from tests.models.constants import Side, Status, TimeInForce
from tests.models.hashing import hash_words

Trade = tuple[int, int, int, int]
Result = tuple[int, int, list[Trade]]


@dataclass
class SlowOrder:
    id: int
    owner: int
    side: int
    price: int
    size: int
    post_only: bool


class SlowEngine:
    """The same answers as letrade.hotpath.matching.MatchingEngine."""

    def __init__(self) -> None:
        self.orders: list[SlowOrder] = []

    def in_priority(self, side: int) -> list[SlowOrder]:
        """Best price first; sorting keeps the order of arrival inside a price."""
        return sorted((order for order in self.orders if order.side == side), key=lambda order: -side * order.price)

    def find(self, order_id: int) -> SlowOrder | None:
        return next((order for order in self.orders if order.id == order_id), None)

    def makers(self, side: int, price: int | None) -> list[SlowOrder]:
        """What a taker of this side may trade with, best first; no price is a market order."""
        return [
            order
            for order in self.in_priority(-side)
            if price is None or (order.price <= price if side == Side.BUY else order.price >= price)
        ]

    def can_fill(self, taker: SlowOrder) -> bool:
        available = 0
        for maker in self.makers(taker.side, taker.price):
            if taker.owner and maker.owner == taker.owner:
                break
            available += maker.size
        return available >= taker.size

    def trade(self, taker: SlowOrder, price: int | None) -> tuple[Status, list[Trade]]:
        """The status that the order has if it may not rest."""
        trades: list[Trade] = []
        for maker in self.makers(taker.side, price):
            if taker.size == 0:
                break
            if taker.owner and maker.owner == taker.owner:
                return Status.SELF_TRADE, trades
            size = min(taker.size, maker.size)
            trades.append((maker.id, taker.id, maker.price, size))
            taker.size -= size
            maker.size -= size
            if maker.size == 0:
                self.orders.remove(maker)
        return Status.EXPIRED if taker.size else Status.FILLED, trades

    def place(self, taker: SlowOrder, tif: int) -> Result:
        if taker.post_only and self.makers(taker.side, taker.price):
            return Status.WOULD_CROSS, taker.size, []
        if tif == TimeInForce.FOK and not self.can_fill(taker):
            return Status.EXPIRED, taker.size, []
        status, trades = self.trade(taker, taker.price)
        if status == Status.EXPIRED and tif == TimeInForce.GTC:
            self.orders.append(taker)
            status = Status.RESTING
        return status, taker.size, trades

    def limit(
        self, order_id: int, owner: int, side: int, price: int, size: int, tif: int = 0, post_only: bool = False
    ) -> Result:
        return self.place(SlowOrder(order_id, owner, side, price, size, post_only), tif)

    def market(self, order_id: int, owner: int, side: int, size: int) -> Result:
        taker = SlowOrder(order_id, owner, side, 0, size, False)
        status, trades = self.trade(taker, None)
        return status, taker.size, trades

    def cancel(self, order_id: int) -> int:
        order = self.find(order_id)
        if order is None:
            return 0
        self.orders.remove(order)
        return order.size

    def amend(self, order_id: int, price: int, size: int) -> Result:
        order = self.find(order_id)
        if order is None:
            return Status.UNKNOWN_ORDER, 0, []
        if price == order.price and size <= order.size:
            order.size = size
            return Status.RESTING, size, []
        if order.post_only and self.makers(order.side, price):
            return Status.WOULD_CROSS, order.size, []
        self.orders.remove(order)
        order.price, order.size = price, size
        return self.place(order, TimeInForce.GTC)

    def depth(self, side: int) -> list[tuple[int, int]]:
        sizes: dict[int, int] = {}
        for order in self.in_priority(side):
            sizes[order.price] = sizes.get(order.price, 0) + order.size
        return list(sizes.items())

    def state_hash(self) -> int:
        words = []
        for side in (Side.BUY, Side.SELL):
            orders = self.in_priority(side)
            words.append(6 * len(orders))
            for order in orders:
                words += [order.id, order.owner, order.side, order.price, order.size, int(order.post_only)]
        return hash_words(words)
