"""A slow, obvious market of best prices."""

from __future__ import annotations

from typing import Any

from tests.models.recorded import RecordedModel
from tests.models.working import NOT_SHOWN


class QuotesModel(RecordedModel):
    """[price, size, left] of bid and ask."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(**terms)
        self.tops = {1: [0, 0, 0], -1: [0, 0, 0]}

    def has_market(self) -> bool:
        return any(top[0] for top in self.tops.values())

    def reference(self) -> tuple[int, int]:
        return super().reference() if self.heard_trade else (self.tops[1][0], self.tops[-1][0])

    def hear_quote(self, time: int, bid: int, bid_size: int, ask: int, ask_size: int) -> list[tuple[int, ...]]:
        self.time = time
        self.show(1, bid, bid_size)
        self.show(-1, ask, ask_size)
        if not self.heard_trade:
            for side in (-1, 1):
                price, _, left = self.tops[side]
                if price and left > 0:
                    self.tops[side][2] -= self.meet_offer(-side, price, left)
            if bid and ask:
                self.hear_price(0, bid, ask)
        self.settle()
        return self.heard()

    def show(self, side: int, price: int, size: int) -> None:
        before, before_size, _ = self.tops[side]
        if (price, size) == (before, before_size):
            return
        self.tops[side] = [price, size, size]
        if before and before != price and (not price or side * price < side * before):
            self.level_changed(side, before, before_size, 0)
        if price:
            self.level_changed(side, price, before_size if before == price else size, size)

    def offers(self, side: int, size: int, limit: int) -> list[tuple[int, int]]:
        price, _, left = self.tops[-side]
        if not price or size <= 0:
            return []
        shown = [(price, min(size, left))]
        if self.terms["one_tick_beyond"]:
            shown.append((price + side * self.terms["price_step"], size - min(size, left)))
        return [(at, some) for at, some in shown if some and at > 0 and (not limit or side * at <= side * limit)]

    def took(self, side: int, price: int, size: int) -> None:
        if price == self.tops[-side][0]:
            self.tops[-side][2] -= size

    def queue_ahead(self, side: int, price: int) -> int:
        best, size, _ = self.tops[side]
        if best == price:
            return size
        return 0 if side * price > side * best or self.terms["queue"] == "none" else NOT_SHOWN
