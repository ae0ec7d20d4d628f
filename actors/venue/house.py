"""What the venue itself does to an account: takes its orders off, trades for it, closes a position outright."""

from __future__ import annotations

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.amounts import Amount, whole
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.margin import LIQUIDATION
from letrade.actors.venue.market import Market
from letrade.actors.venue.orders import CANCELLED, FILLED, IOC, Order
from letrade.core.fraction import Fraction


class House:
    """Its orders are numbered as all others are, and are told by their fills alone."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def withdraw(self, order: Order, reason: str) -> None:
        """Ends a working order, and says so."""
        market = self._floor.markets[order.instrument]
        if market.model is not None:
            market.model.remove(order)
        self._floor.end(order, CANCELLED)
        self._floor.report(order, reason)

    def send(
        self, account: VenueAccount, market: Market, side: int, size: int, price: float, force: str, leg: str = ""
    ) -> Order:
        """A liquidation's order, no worse than a price; it has met its market unless that opens later."""
        order = self._order(account, market, side, size, price, force, LIQUIDATION, leg)
        if market.model is not None:
            self._floor.execute(order, market, market.model)
            self._floor.settled(market)
        if not order.working and not order.filled:
            del account.orders[order.client_order_id]
        return order

    def close_outright(
        self, account: VenueAccount, market: Market, side: int, price: float, size: int, fee: Amount, origin: str,
        leg: str = "",
    ) -> None:  # fmt: skip
        """A trade that no market sees."""
        floor, rules = self._floor, self._floor.rules_of(market.instrument)
        order = self._order(account, market, side, size, price, IOC, origin, leg)
        was = None if floor.margin is None else floor.margin.before(account, market, rules.settle, leg)
        account.realise(side, price, size, market, rules, leg)
        account.wallet.add(fee.negated())
        floor.trades_count += 1
        floor.booked(order, price, size, False, market, f"{floor.venue}-{floor.trades_count}", fee)
        if floor.margin is not None and was is not None:
            floor.margin.filled(order, market, rules, price, size, was)
        order.status = FILLED
        if market.model is not None:
            market.model.hold(order.owner, account.quantity(market, leg))
        floor.settled(market)

    def tell_price(self, account: VenueAccount, market: Market, price: float, origin: str) -> None:
        """A fill of nothing, where nothing is held any more: strategies' shares that cover each other close at it."""
        currency = self._floor.rules_of(market.instrument).settle
        order = self._order(account, market, 1, 0, price, IOC, origin, "")
        self._floor.trades_count += 1
        trade_id = f"{self._floor.venue}-{self._floor.trades_count}"
        self._floor.booked(order, price, 0, False, market, trade_id, whole(currency, Fraction(0)))

    def _order(
        self, account: VenueAccount, market: Market, side: int, size: int, price: float, force: str, origin: str,
        leg: str,
    ) -> Order:  # fmt: skip
        self._floor.orders_count += 1
        number = self._floor.orders_count
        order = Order(
            number=number, client_order_id=f"{origin}-{number}", account=account.name, instrument=market.instrument,
            side=side, price=price, size=size, time_in_force=force, post_only=False, reduce_only=True, cause="",
            origin=origin, leg=leg,
        )  # fmt: skip
        account.orders[order.client_order_id] = order
        return order


def grid_price(price: Fraction, side: int, market: Market, time: int) -> float:
    """The nearest tick that is no worse for one who trades this side: dearer for a sale, cheaper for a buy."""
    grid = market.rules(time).price
    steps = -int(-price // grid.step) if side < 0 else int(price // grid.step)
    return grid.value_of_steps(max(1, steps))
