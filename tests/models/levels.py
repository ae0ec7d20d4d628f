"""A slow, obvious market of price levels: two dictionaries."""

from __future__ import annotations

from typing import Any

from tests.models.recorded import RecordedModel
from tests.models.working import NOT_SHOWN


class LevelsModel(RecordedModel):
    """Sizes by price as they were told, `taken` (shown, had) of them; `seen`: all prices since the last snapshot."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(**terms)
        self.sizes: dict[int, dict[int, int]] = {1: {}, -1: {}}
        self.seen: dict[int, list[int]] = {1: [], -1: []}
        self.taken: dict[tuple[int, int], tuple[int, int]] = {}

    def has_market(self) -> bool:
        return bool(self.sizes[1] or self.sizes[-1])

    def best(self, side: int) -> int:
        return side * max((side * price for price in self.sizes[side]), default=0)

    def reference(self) -> tuple[int, int]:
        return super().reference() if self.heard_trade else (self.best(1), self.best(-1))

    def set(self, side: int, price: int, size: int) -> None:
        self.sizes[side].pop(price, None)
        if size:
            self.sizes[side][price] = size

    def hear_levels(
        self, time: int, sides: list[int], prices: list[int], sizes: list[int], snapshot: bool = False
    ) -> list[tuple[int, ...]]:
        self.time = time
        if snapshot:
            self.sizes, self.seen = {1: {}, -1: {}}, {1: [], -1: []}
        for side, price, size in zip(sides, prices, sizes, strict=True):
            self.seen[side].append(side * price)
            before = self.sizes[side].get(price, 0)
            self.set(side, price, size)
            self.retell(side, price, size)
            if not snapshot:
                self.level_changed(side, price, before, size)
        for side, price in list(self.taken):
            self.retell(side, price, self.sizes[side].get(price, 0))
        if snapshot:
            for side in (1, -1):
                for price in {order.price for order in self.working.book(side)}:
                    size = self.sizes[side].get(price, 0)
                    if size or (self.seen[side] and side * price >= min(self.seen[side])):
                        self.level_changed(side, price, size, size)
        if not self.heard_trade:
            for side in (-1, 1):
                self.meet_book(side)
            if self.best(1) and self.best(-1):
                self.hear_price(0, self.best(1), self.best(-1))
        self.settle()
        return self.heard()

    def meet_book(self, side: int) -> None:
        for price in sorted(self.sizes[side], key=lambda price: -side * price):
            size = self.there(side, price)
            taken = self.meet_offer(-side, price, size) if size else 0
            if taken:
                self.took(-side, price, taken)
            if taken < size:
                return

    def there(self, side: int, price: int) -> int:
        return self.sizes[side][price] - self.taken.get((side, price), (0, 0))[1]

    def retell(self, side: int, price: int, size: int) -> None:
        """What was taken of a level that shows another size is there again."""
        if self.taken.get((side, price), (size, 0))[0] != size:
            del self.taken[side, price]

    def offers(self, side: int, size: int, limit: int) -> list[tuple[int, int]]:
        found = []
        for price in sorted(self.sizes[-side], key=lambda price: side * price):
            there = self.there(-side, price)
            if there and size > 0 and (not limit or side * price <= side * limit):
                found.append((price, min(size, there)))
                size -= found[-1][1]
        return found

    def took(self, side: int, price: int, size: int) -> None:
        shown = self.sizes[-side][price]
        self.taken[-side, price] = (shown, self.taken.get((-side, price), (0, 0))[1] + size)

    def queue_ahead(self, side: int, price: int) -> int:
        size = self.sizes[side].get(price, 0)
        shown = bool(self.seen[side]) and side * price >= min(self.seen[side])
        return size if size or shown or self.terms["queue"] == "none" else NOT_SHOWN
