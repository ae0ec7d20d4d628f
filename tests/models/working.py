"""A slow, obvious store of working orders: a plain list, searched from one end to the other."""

from __future__ import annotations

from dataclasses import dataclass

TRIGGER, WAITING, BOOK = 1, 2, 3
NOT_SHOWN = -1


@dataclass
class OrderModel:
    """One working order, as the simulated exchange knows it."""

    number: int
    owner: int
    side: int
    kind: int
    price: int
    size: int
    filled: int = 0
    time_in_force: int = 0
    expires: int = 0
    trigger: int = 0
    trigger_source: int = 0
    trail: int = 0
    shown: int = 0
    group: int = 0
    post_only: bool = False
    reduce_only: bool = False
    place: int = 0
    arrival: int = 0
    ahead: int = 0
    traded: int = 0
    visible: int = 0
    entered: int = 0
    """Counts what came into a list: the order within equals."""

    @property
    def left(self) -> int:
        return self.size - self.filled

    @property
    def conditional(self) -> bool:
        return self.kind >= 2

    @property
    def upwards(self) -> bool:
        return (self.side > 0) != (self.kind in (4, 5))


class WorkingModel:
    """Orders by number; the book's in priority."""

    def __init__(self) -> None:
        self.orders: dict[int, OrderModel] = {}
        self.entries = 0

    def enlist(self, order: OrderModel, place: int) -> None:
        self.entries += 1
        order.place, order.entered = place, self.entries

    def book(self, side: int) -> list[OrderModel]:
        """Best first, then the oldest."""
        resting = [each for each in self.orders.values() if each.place == BOOK and each.side == side]
        return sorted(resting, key=lambda each: (-side * each.price, each.entered))

    def listed(self, place: int) -> list[OrderModel]:
        """The oldest first."""
        return sorted((each for each in self.orders.values() if each.place == place), key=lambda each: each.entered)
