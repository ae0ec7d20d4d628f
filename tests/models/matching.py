"""The slow matching engine by the caller's ids, with trades in its answers."""

from typing import Any

from tests.models.constants import OrderKind, Status
from tests.models.matcher import SlowMatcher, SlowOrder

Trade = tuple[int, int, int, int]
Result = tuple[int, int, list[Trade]]


class SlowEngine(SlowMatcher):
    """The same answers as letrade.hotpath.matching.MatchingEngine."""

    def answer(self, status: Status) -> Result:
        trades, self.fills = self.fills, []
        return status, self.left, trades

    def limit(
        self, order_id: int, owner: int, side: int, price: int, size: int, tif: int = 0, post_only: bool = False
    ) -> Result:
        order = SlowOrder(order_id, owner, side, size, price, time_in_force=tif, post_only=post_only)
        return self.answer(self.place(order))

    def market(self, order_id: int, owner: int, side: int, size: int) -> Result:
        return self.answer(self.place(SlowOrder(order_id, owner, side, size, kind=OrderKind.MARKET_ORDER)))

    def place_terms(self, order_id: int, owner: int, kind: int, side: int, size: int, **terms: Any) -> Result:
        return self.answer(self.place(SlowOrder(order_id, owner, side, size, kind=kind, **terms)))

    def amend_order(self, order_id: int, price: int, size: int, trigger: int = 0) -> Result:
        return self.answer(self.amend(order_id, price, size, trigger))
