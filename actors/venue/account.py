"""One account at the venue: its wallet, its contract positions, its orders for ever, and every fill it had."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from letrade.actors.venue.amounts import MONEY_SCALE, Amount, decimals_of, exact, units_of
from letrade.actors.venue.fees import FeeSchedule
from letrade.actors.venue.market import Market
from letrade.actors.venue.orders import Order
from letrade.actors.venue.wallet import Wallet
from letrade.core.instruments import Specification
from letrade.core.messages.venue import VenueFill
from letrade.hotpath.ledger import Position


class Traded(NamedTuple):
    """One trade as one of its two sides sees it."""

    order: Order
    price: float
    size: int
    maker: bool


class VenueAccount:
    """Trades move money and positions in `settle` alone; orders lock what they may cost until they trade or end."""

    def __init__(self, name: str, balances: Mapping[str, Decimal], fees: FeeSchedule) -> None:
        self.name = name
        self.wallet = Wallet(balances)
        self.fees = fees
        self.positions: dict[str, Position] = {}
        self.orders: dict[str, Order] = {}
        """Every order that ever came, by our client order id: none is ever taken twice."""
        self.working: dict[int, Order] = {}
        self.fills: list[VenueFill] = []

    def quantity(self, instrument: str) -> int:
        """The contract position, signed, in size units."""
        position = self.positions.get(instrument)
        return position.quantity if position is not None else 0

    def settle(self, traded: Traded, market: Market, rules: Specification) -> Amount:
        """Moves money, or money and position, and returns the fee."""
        notional = exact(traded.price) * market.scales.exact_size(traded.size) * rules.multiplier
        fee = self.fees.fee(rules, notional, market.scales.exact_size(traded.size), traded.maker)
        if rules.kind == "spot":
            self._settle_spot(traded, market, rules)
            fee = self._affordable(fee, traded.order)
        else:
            self._settle_linear(traded, market, rules)
        self.wallet.add(fee.negated())
        return fee

    def _settle_spot(self, traded: Traded, market: Market, rules: Specification) -> None:
        price, decimals = units_of(traded.price, market.scales.price_decimals)
        side, size_decimals = traded.order.side, market.scales.size_decimals
        self.wallet.add(Amount(rules.base, side * traded.size, size_decimals))
        self.wallet.add(Amount(rules.quote, -side * price * traded.size, decimals + size_decimals))

    def _affordable(self, fee: Amount, order: Order) -> Amount:
        """Fees of an order's parts, each rounded, may be some units more than what was locked for the whole."""
        spendable = self.wallet.spendable(fee.currency, order.number)
        most = max(0, spendable.units * 10**MONEY_SCALE // 10**spendable.scale)
        return fee._replace(units=min(fee.units, most)) if fee.units > 0 else fee

    def _settle_linear(self, traded: Traded, market: Market, rules: Specification) -> None:
        position = self._position(market)
        price, decimals = units_of(traded.price, position.price_decimals)
        if decimals > position.price_decimals:
            position.rescale(decimals, position.quantity_decimals)
        realised = position.fill(traded.order.side, traded.size, price)
        multiplier = rules.message.multiplier
        extra = decimals_of(multiplier)
        units = realised * int(rules.multiplier * 10**extra)
        self.wallet.add(Amount(rules.settle, units, decimals + position.quantity_decimals + extra))

    def _position(self, market: Market) -> Position:
        """Cost is kept to at least 1e-8 of the quote, whatever the tick: the rounding that the ledger has too."""
        position = self.positions.get(market.instrument)
        if position is None:
            scales = market.scales
            price_decimals = max(scales.price_decimals, MONEY_SCALE - scales.size_decimals)
            position = self.positions[market.instrument] = Position(price_decimals, scales.size_decimals)
        return position

    def unrealised(self, instrument: str, price: float, rules: Specification) -> Fraction:
        """The profit of closing the contract position at a price, in the settlement currency."""
        position = self.positions.get(instrument)
        if position is None or not position.quantity:
            return Fraction(0)
        scale = 10 ** (position.price_decimals + position.quantity_decimals)
        worth = exact(price) * Fraction(position.quantity, 10**position.quantity_decimals)
        return (worth - Fraction(position.cost, scale)) * rules.multiplier

    def working_size(self, instrument: str, side: int, but: Order, reduce_only: bool = False) -> int:
        """What the other working orders of one side may still trade; only the reduce-only ones where asked."""
        return sum(
            order.left
            for order in self.working.values()
            if order.instrument == instrument and order.side == side and order.number != but.number
            and (order.reduce_only or not reduce_only)
        )  # fmt: skip

    def reservation(
        self, order: Order, market: Market, rules: Specification, offered: list[tuple[float, int]]
    ) -> list[Amount]:
        """What the rest of an order may cost at most: `offered` at once, the rest at its own price."""
        left = order.left
        cost = Fraction(0)
        for price, offered_size in offered:
            cost += exact(price) * market.scales.exact_size(offered_size)
            left -= offered_size
        if order.price and left > 0 and order.rests:
            cost += exact(order.price) * market.scales.exact_size(left)
        size = market.scales.exact_size(order.left)
        fee = self.fees.worst(rules, cost * rules.multiplier, size)
        return [*self._principal(order, cost, rules, market), *self._fee_reserved(order, fee, rules)]

    def _principal(self, order: Order, cost: Fraction, rules: Specification, market: Market) -> list[Amount]:
        if rules.kind != "spot":
            return []
        if order.side < 0:
            return [Amount(rules.base, order.left, market.scales.size_decimals)]
        scale = _scale_of(cost)
        return [Amount(rules.quote, int(cost * 10**scale), scale)]

    def _fee_reserved(self, order: Order, fee: Amount, rules: Specification) -> list[Amount]:
        """What a trade brings in pays its own fee; contracts pay theirs from what the leverage check has seen."""
        received = rules.base if order.side > 0 else rules.quote
        own = fee.currency == received if rules.kind == "spot" else fee.currency == rules.settle
        return [] if own else [fee]

    def state(self) -> Any:
        return {
            "wallet": self.wallet.state(),
            "positions": {name: position.state() for name, position in self.positions.items()},
            "orders": list(self.orders.values()),
            "fills": self.fills,
        }

    def restore(self, state: Any) -> None:
        self.wallet.restore(state["wallet"])
        self.positions = {}
        for name, saved in state["positions"].items():
            self.positions[name] = Position(0, 0)
            self.positions[name].restore(saved)
        orders = msgspec.convert(state["orders"], list[Order])
        self.orders = {order.client_order_id: order for order in orders}
        self.working = {order.number: order for order in orders if order.working}
        self.fills = msgspec.convert(state["fills"], list[VenueFill])


def _scale_of(value: Fraction) -> int:
    """The decimals of a value that is a decimal."""
    scale, denominator = 0, value.denominator
    while denominator > 1:
        scale += 1
        denominator //= 10 if denominator % 10 == 0 else (2 if denominator % 2 == 0 else 5)
    return scale
