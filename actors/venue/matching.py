"""Fills by price-time matching: our orders and those of the other participants rest in one book."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.model import NO_MORE_SIZE, SELF_TRADED, Changed, Ended, FillModel, Print, Said, Terms
from letrade.actors.venue.orders import EXPIRED, FILLED, GTC, IOC, PLAIN, Order
from letrade.actors.venue.scales import Scales
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import FlowOrder, MarketFlow
from letrade.hotpath import constants
from letrade.hotpath.constants import RESTING, SELF_TRADE, UNKNOWN_ORDER
from letrade.hotpath.matching import MatchingEngine

Trades = list[tuple[int, int, int, int]]
DEPTH_START = 8


class MatchingModel(FillModel):
    """Our order number n is -n in the engine, so that no participant's id is ours; an account's orders never meet."""

    kind = "matching"
    public = True

    def __init__(self, scales: Scales, terms: Terms | None = None) -> None:
        super().__init__(scales, terms)
        self.engine = MatchingEngine()
        self.ours: dict[int, Order] = {}
        self.owners: dict[str, int] = {}
        self.heard = False

    @property
    def has_market(self) -> bool:
        return self.heard

    def refusal(self, order: Order) -> str:
        if order.kind != PLAIN or order.shown or order.group or order.time_in_force not in (GTC, IOC):
            return "order type: a market of other participants takes limit and market orders, gtc or ioc"
        return ""

    def hear(self, message: MarketMessage, time: int) -> list[Said]:
        """Every command that this book can take is done; the first that it cannot is the complaint."""
        prints: list[Said] = []
        if type(message) is not MarketFlow:
            return prints
        self.heard = True
        for command in message.orders:
            try:
                prints += self._command(command)
            except (ValueError, OverflowError) as error:
                self.complaint = self.complaint or f"participant's order {command.order_id}: {error}"
        return prints

    def _command(self, command: FlowOrder) -> list[Said]:
        if command.order_id <= 0:
            raise ValueError("the id must be above 0")
        if command.kind == "cancel":
            self.engine.cancel(command.order_id)
            return []
        if command.kind not in ("limit", "market"):
            raise ValueError(f"expected limit, market or cancel, found {command.kind!r}")
        size = self.scales.size_units(command.size)
        if command.kind == "market":
            trades = self.engine.market(command.order_id, 0, command.side, size)[2]
        else:
            price = self.scales.price_units(command.price)
            trades = self.engine.limit(command.order_id, 0, command.side, price, size)[2]
        return self._prints(trades, command.side, None)

    def _prints(self, trades: Trades, side: int, taker: Order | None) -> list[Said]:
        """Taker and makers of trades, and makers that are done forgotten."""
        prints: list[Said] = []
        for maker_id, _, price, size in trades:
            maker = self.ours.get(-maker_id) if maker_id < 0 else None
            prints.append(Print(self.scales.price(price), size, side, maker, taker))
            if maker is not None and self.engine.order(maker_id) is None:
                del self.ours[maker.number]
        return prints

    def _owner(self, account: str) -> int:
        return self.owners.setdefault(account, len(self.owners) + 1)

    def preview(self, side: int, size: int, limit: float | None) -> list[tuple[float, int]]:
        worst = None if limit is None else side * self.scales.price_units(limit)
        count = DEPTH_START
        while True:
            levels = self.engine.depth(-side, count)
            taken: list[tuple[float, int]] = []
            left = size
            for price, offered in levels:
                if left <= 0 or (worst is not None and side * price > worst):
                    return taken
                taken.append((self.scales.price(price), min(left, offered)))
                left -= offered
            if left <= 0 or len(levels) < count:
                return taken
            count *= 4

    def place(self, order: Order, time: int) -> list[Said]:
        number, owner = -order.number, self._owner(order.account)
        if order.price:
            price = self.scales.price_units(order.price)
            force = constants.GTC if order.rests else constants.IOC
            status, _, trades = self.engine.limit(
                number, owner, order.side, price, order.left, force, order.post_only and order.rests
            )
        else:
            status, _, trades = self.engine.market(number, owner, order.side, order.left)
        return self._placed(order, status, trades)

    def _placed(self, order: Order, status: int, trades: Trades) -> list[Said]:
        if status == RESTING:
            self.ours[order.number] = order
        else:
            self.ours.pop(order.number, None)
        said = self._prints(trades, order.side, order)
        left = order.left - sum(size for *_, size in trades)
        if status == RESTING:
            return [*said, Changed(order, left)]
        if not left:
            return [*said, Ended(order, FILLED, "")]
        return [*said, Ended(order, EXPIRED, SELF_TRADED if status == SELF_TRADE else NO_MORE_SIZE)]

    def amend(self, order: Order, price: float, size: int, time: int) -> list[Said]:
        left = size - order.filled
        status, _, trades = self.engine.amend(-order.number, self.scales.price_units(price), left)
        if status == UNKNOWN_ORDER:
            raise ValueError(f"order {order.number} does not rest in the book")
        order.price, order.size = price, size
        return self._placed(order, status, trades)

    def remove(self, order: Order) -> None:
        self.engine.cancel(-order.number)
        self.ours.pop(order.number, None)

    def hold(self, account: str, position: int) -> None:
        """Nothing to learn: reduce-only orders are fitted by the floor."""

    def orders(self) -> list[Order]:
        return list(self.ours.values())

    def best(self) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
        bid, ask = self.engine.best()
        price = self.scales.price
        return (price(bid[0]), bid[1]) if bid else None, (price(ask[0]), ask[1]) if ask else None

    def state(self) -> Any:
        return [self.engine.dump(), list(self.ours), self.owners, self.heard]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        dump, ours, self.owners, self.heard = state
        self.engine.load_bytes(dump)
        self.ours = {number: orders[number] for number in ours}
