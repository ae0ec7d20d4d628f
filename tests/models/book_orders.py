"""An order-by-order book made of one list of orders in the order of their arrival, searched for every question."""

from dataclasses import dataclass

from tests.models.book import BUY, SELL, Level
from tests.models.hashing import hash_words


@dataclass
class SlowOrder:
    order_id: int
    side: int
    price: int
    size: int
    arrival: int


class SlowOrdersBook:
    """The same answers as letrade.hotpath.book_orders.OrdersBook."""

    def __init__(self) -> None:
        self.orders: dict[int, SlowOrder] = {}
        self.next_arrival = 1

    def add(self, order_id: int, side: int, price: int, size: int) -> None:
        self.orders[order_id] = SlowOrder(order_id, side, price, size, self.next_arrival)
        self.next_arrival += 1

    def change(self, order_id: int, price: int, size: int) -> bool:
        order = self.orders.get(order_id)
        if order is None:
            return False
        if price == order.price and size <= order.size:
            order.size = size
        else:
            del self.orders[order_id]
            self.add(order_id, order.side, price, size)
        return True

    def remove(self, order_id: int) -> bool:
        return self.orders.pop(order_id, None) is not None

    def trade(self, order_id: int, size: int) -> bool:
        order = self.orders.get(order_id)
        if order is None:
            return False
        order.size -= size
        if order.size == 0:
            del self.orders[order_id]
        return True

    def waiting(self, side: int, price: int) -> list[SlowOrder]:
        found = [order for order in self.orders.values() if (order.side, order.price) == (side, price)]
        return sorted(found, key=lambda order: order.arrival)

    def queue(self, side: int, price: int) -> list[Level]:
        return [(order.order_id, order.size) for order in self.waiting(side, price)]

    def ahead(self, order_id: int) -> list[SlowOrder]:
        mine = self.orders[order_id]
        return [order for order in self.waiting(mine.side, mine.price) if order.arrival < mine.arrival]

    def lots_queued(self, side: int, price: int, before: int | None) -> int:
        found = self.waiting(side, price)
        return sum(order.size for order in found if before is None or order.arrival < before)

    def depth(self, side: int, n: int) -> list[Level]:
        lots: dict[int, int] = {}
        for order in self.orders.values():
            if order.side == side:
                lots[order.price] = lots.get(order.price, 0) + order.size
        return sorted(lots.items(), key=lambda level: -side * level[0])[:n]

    def best(self) -> tuple[Level | None, Level | None]:
        bids, asks = self.depth(BUY, 1), self.depth(SELL, 1)
        return bids[0] if bids else None, asks[0] if asks else None

    def state_hash(self) -> int:
        words = []
        for side in (BUY, SELL):
            levels = self.depth(side, len(self.orders))
            words.append(len(levels))
            for price, _ in levels:
                queue = self.queue(side, price)
                words += [side * price, len(queue)]
                words += [word for order in queue for word in order]
        return hash_words(words)
