"""Fills beside recorded data: the compiled markets, spoken to in the venue's words."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

from letrade.actors.venue.model import (
    NO_INDEX_PRICE,
    NO_MARK_PRICE,
    NO_MORE_SIZE,
    SELF_TRADED,
    WOULD_TAKE,
    Changed,
    Ended,
    FillModel,
    Print,
    Refused,
    Said,
    Terms,
)
from letrade.actors.venue.orders import (
    CANCELLED,
    EXPIRED,
    FILLED,
    FOK,
    GTC,
    GTD,
    INDEX,
    IOC,
    LAST,
    MARK,
    PLAIN,
    REJECTED,
    STOP,
    TAKE_PROFIT,
    TRAILING_STOP,
    Order,
)
from letrade.actors.venue.scales import Scales
from letrade.core.messages.base import MarketMessage
from letrade.core.messages.market import IndexPrice, MarkPrice, Trade
from letrade.core.quantities import TEN, decimal_units
from letrade.hotpath.decimals import from_units, to_units
from letrade.hotpath.simulation.door import MarketDoor, new_market

KINDS = {
    (PLAIN, True): 0, (PLAIN, False): 1, (STOP, False): 2, (STOP, True): 3, (TAKE_PROFIT, False): 4,
    (TAKE_PROFIT, True): 5, (TRAILING_STOP, False): 6,
}  # fmt: skip
"""The order kinds of hotpath/simulation/orders.pxd, by ours and whether they have a limit."""
FORCES = {GTC: 0, IOC: 1, FOK: 2, GTD: 3}
SOURCES = {LAST: 0, MARK: 1, INDEX: 2}
TRADED, RESTS, ENDED, TRIGGERED, AMENDED, REFUSED = range(1, 7)
WAS_CANCELLED = 2
ENDS: dict[int, tuple[str, str]] = {
    1: (FILLED, ""),
    WAS_CANCELLED: (CANCELLED, ""),
    3: (EXPIRED, NO_MORE_SIZE),
    4: (EXPIRED, WOULD_TAKE),
    5: (EXPIRED, SELF_TRADED),
    6: (EXPIRED, "gtd: its time is over"),
    7: (CANCELLED, "one cancels the other"),
    8: (CANCELLED, "reduce_only: no more is left to reduce"),
    9: (EXPIRED, "no market"),
    11: (REJECTED, "bad terms"),
    15: (REJECTED, NO_MARK_PRICE),
    16: (REJECTED, NO_INDEX_PRICE),
}
"""(status, reason) of each Reason of orders.pxd."""
CHANGES = {0: "", 7: "one cancels the other", 8: "reduce_only: no more is left to reduce"}
DECIMALS_MAX = 14
UNITS_MAX = 10**17
"""No price is told in more units than this, however fine the data are."""


class RecordedModel(FillModel):
    """Prices are told to the market in units of 1e-decimals, as fine as the data have been so far."""

    market_kind: ClassVar[str]
    fits_reducing = True

    def __init__(self, scales: Scales, terms: Terms | None = None) -> None:
        super().__init__(scales, terms)
        self.decimals = scales.price_decimals
        market = new_market(
            self.market_kind, self.terms.tick, self.terms.lot, self.decimals, contract=self.terms.contract,
            asks_before_waiting=True, **self.terms.fills.terms(),
        )  # fmt: skip
        self.door = MarketDoor(market)
        self.known: dict[int, Order] = {}
        self.owners: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.time = 0

    @property
    def has_market(self) -> bool:
        return self.door.has_market()

    def hear(self, message: MarketMessage, time: int) -> list[Said]:
        self.time = time
        if type(message) is MarkPrice or type(message) is IndexPrice:
            return self._said(self.door.hear_mark(time, message.price, type(message) is IndexPrice))
        try:
            return self._said(self.hear_data(message, time))
        except (ValueError, OverflowError) as error:
            self.complaint = f"data off the instrument's grid: {error}"
            return []

    @abc.abstractmethod
    def hear_data(self, message: MarketMessage, time: int) -> list[tuple[int, ...]]:
        """What the market says to it. ValueError or OverflowError for what is no such data."""

    def hear_trade(self, trade: Trade, time: int) -> list[tuple[int, ...]]:
        """Its size is cut to whole units: it may be finer than the lot."""
        size = self.scales.size_units_down(trade.size)
        return self.door.hear_trade(time, self.price_units(trade.price), size, trade.side)

    # ---- prices

    def price_units(self, price: float) -> int:
        """Recorded prices may be finer than the instrument's tick: the market learns to count as finely."""
        digits, decimals = decimal_units(price)
        if decimals > self.decimals:
            if decimals > DECIMALS_MAX or abs(digits) > UNITS_MAX:
                raise ValueError(f"{price!r} has too many digits")
            self.door.scale_prices(TEN[decimals - self.decimals])
            self.decimals = decimals
        return digits * TEN[self.decimals - decimals]

    def grid_units(self, price: float) -> int:
        """ValueError when the price is finer than the instrument's tick has decimals."""
        return self.scales.price_units(price) * TEN[self.decimals - self.scales.price_decimals]

    def price(self, units: int) -> float:
        return from_units(units, self.decimals)

    def _units(self, price: float) -> int:
        return to_units(price, self.decimals) if price else 0

    # ---- orders

    def preview(self, side: int, size: int, limit: float | None) -> list[tuple[float, int]]:
        if size <= 0 or not self.has_market:
            return []
        offers = self.door.preview(side, size, 0 if limit is None else self._units(limit))
        return [(self.price(price), taken) for price, taken in offers]

    def place(self, order: Order, time: int) -> list[Said]:
        self.time = time
        self.known[order.number] = order
        kind = PLAIN if order.triggered else order.kind
        return self._said(
            self.door.submit(
                time, order.number, self._owner(order.owner), order.side, KINDS[kind, bool(order.price)],
                self._units(order.price), order.size, order.filled, FORCES[order.time_in_force], order.expires,
                self._units(order.trigger) if kind != PLAIN else 0, SOURCES[order.trigger_by],
                self._units(order.trail), order.shown, self._group(order), order.post_only, order.reduce_only,
            )
        )  # fmt: skip

    def amend(self, order: Order, price: float, size: int, time: int) -> list[Said]:
        self.time = time
        told = self.door.amend(time, order.number, self._units(price), size)
        if told[0][0] == REFUSED:
            return [Refused(order, ENDS[told[0][6]][1])]
        if order.awaits_trigger and not order.price:
            order.trigger = price
        else:
            order.price = price
        order.size = size
        return self._said(told)

    def remove(self, order: Order) -> None:
        if self.known.pop(order.number, None) is not None:
            self.door.drop(self.time, order.number, WAS_CANCELLED)

    def orders(self) -> list[Order]:
        return [self.known[number] for number in sorted(self.known)]

    def hold(self, account: str, position: int) -> None:
        self.door.hold(self._owner(account), position)

    def next_expiry(self) -> int | None:
        return self.door.next_expiry()

    def expire(self, time: int) -> list[Said]:
        self.time = time
        return self._said(self.door.expire(time))

    def next_waiting(self) -> Order | None:
        number = self.door.next_waiting()
        return self.known[number] if number else None

    def place_waiting(self, order: Order, reason: str) -> list[Said]:
        if reason:
            self.remove(order)
            return []
        return self._said(self.door.place_waiting(order.number))

    def best(self) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
        return None, None

    def _owner(self, account: str) -> int:
        return self.owners.setdefault(account, len(self.owners) + 1)

    def _group(self, order: Order) -> int:
        """Groups are an account's own."""
        return self.groups.setdefault(f"{order.account} {order.group}", len(self.groups) + 1) if order.group else 0

    def _said(self, told: list[tuple[int, ...]]) -> list[Said]:
        said: list[Said] = []
        for kind, number, _, price, size, maker, reason in told:
            order = self.known[number]
            if kind == TRADED:
                side = -order.side if maker else order.side
                parties = (order, None) if maker else (None, order)
                said.append(Print(self.price(price), size, side, *parties))
            elif kind in (ENDED, REFUSED):
                status, why = ENDS[reason]
                said.append(Ended(order, status if kind == ENDED else REJECTED, why))
                del self.known[number]
            elif kind == TRIGGERED:
                order.triggered = True
                said.append(Changed(order, size, "triggered"))
            else:
                said.append(Changed(order, size, CHANGES[reason]))
        return said

    # ---- snapshots

    def state(self) -> Any:
        return [self.door.state(), self.decimals, self.owners, self.groups, self.time]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        market, decimals, self.owners, self.groups, self.time = state
        if decimals > self.decimals:
            self.door.scale_prices(TEN[decimals - self.decimals])
            self.decimals = decimals
        self.door.restore(market)
        self.known = {number: orders[number] for number in self.door.numbers()}
