"""A slow, obvious market of single orders: one list, in the order of arrival."""

from __future__ import annotations

from typing import Any

from tests.models.recorded import RecordedModel
from tests.models.working import OrderModel


class Other:
    """An order of somebody else."""

    def __init__(self, order_id: int, side: int, price: int, size: int, arrival: int) -> None:
        self.order_id, self.side, self.price, self.size, self.arrival = order_id, side, price, size, arrival


class IndividualModel(RecordedModel):
    """What is in front of an order of ours are those at its price that came before it."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(**terms)
        self.others: list[Other] = []
        self.count = 0
        self.joined: dict[int, int] = {}
        self.heard_order_trade = False

    def find(self, order_id: int) -> Other | None:
        return next((other for other in self.others if other.order_id == order_id), None)

    def join(self, order_id: int, side: int, price: int, size: int) -> None:
        self.count += 1
        self.others.append(Other(order_id, side, price, size, self.count))

    def hear_order(
        self, time: int, action: int, order_id: int, side: int, price: int, size: int
    ) -> list[tuple[int, ...]]:
        self.time = time
        other = self.find(order_id)
        if action == 4:
            self.other_trades(other, side, price, size)
            self.hear_price(0, price, price)
        else:
            if action == 1:
                self.join(order_id, side, price, size)
            elif other is not None and (action == 3 or not size):
                self.others.remove(other)
            elif other is not None and other.price == price and size <= other.size:
                other.size = size
            elif other is not None:
                self.others.remove(other)
                self.join(order_id, other.side, price, size)
            self.after_orders()
        self.settle()
        return self.heard()

    def after_orders(self) -> None:
        if self.heard_trade:
            return
        for side in (-1, 1):
            for price in sorted({other.price for other in self.others if other.side == side}, key=lambda p: -side * p):
                size = self.shown(side, price)
                taken = self.meet_offer(-side, price, size)
                self.took(-side, price, taken)
                if taken < size:
                    break
        if self.best(1) and self.best(-1):
            self.hear_price(0, self.best(1), self.best(-1))

    def other_trades(self, other: Other | None, side: int, price: int, size: int) -> None:
        self.heard_trade = self.heard_order_trade = True
        self.last = price
        left = size
        for order in self.working.book(side):
            if side * order.price < side * price or order.number not in self.working.orders:
                continue
            behind = other is not None and other.price == price and other.arrival > self.joined[order.number]
            amount = order.left
            if order.price == price:
                ours = self.terms["queue"] != "last" and (behind or self.terms["queue"] == "none")
                amount = order.visible if ours else 0
            amount = min(amount, left)
            if amount > 0:
                left -= self.fill(order, amount)
        if other is not None:
            self.reduce(other, size)

    def reduce(self, other: Other, size: int) -> None:
        other.size -= size
        if other.size <= 0:
            self.others.remove(other)

    def hear_trade(self, time: int, price: int, size: int, side: int = 0) -> list[tuple[int, ...]]:
        if not self.heard_order_trade:
            return super().hear_trade(time, price, size, side)
        self.time = time
        self.hear_price(0, price, price)
        self.settle()
        return self.heard()

    def share(self, order: OrderModel, size: int, taken: int) -> int:
        if self.terms["queue"] == "last":
            return 0
        front = 0
        if self.terms["queue"] != "none":
            joined = self.joined[order.number]
            queue = [other for other in self.others if (other.side, other.price) == (order.side, order.price)]
            front = sum(other.size for other in queue if other.arrival <= joined)
        return min(size - taken - front, order.visible)

    def rest(self, order: OrderModel) -> None:
        self.joined[order.number] = self.count
        super().rest(order)

    def fill(self, order: OrderModel, size: int) -> int:
        if order.visible <= size:
            self.joined[order.number] = self.count
        return super().fill(order, size)

    def best(self, side: int) -> int:
        return side * max((side * other.price for other in self.others if other.side == side), default=0)

    def shown(self, side: int, price: int) -> int:
        return sum(other.size for other in self.others if (other.side, other.price) == (side, price))

    def reference(self) -> tuple[int, int]:
        return super().reference() if self.heard_trade else (self.best(1), self.best(-1))

    def has_market(self) -> bool:
        return bool(self.others)

    def offers(self, side: int, size: int, limit: int) -> list[tuple[int, int]]:
        found = []
        for price in sorted({other.price for other in self.others if other.side == -side}, key=lambda p: side * p):
            if size > 0 and (not limit or side * price <= side * limit):
                found.append((price, min(size, self.shown(-side, price))))
                size -= found[-1][1]
        return found

    def took(self, side: int, price: int, size: int) -> None:
        for other in [each for each in self.others if (each.side, each.price) == (-side, price)]:
            taken = min(size, other.size)
            size -= taken
            if taken:
                self.reduce(other, taken)

    def queue_ahead(self, side: int, price: int) -> int:
        return self.shown(side, price)
