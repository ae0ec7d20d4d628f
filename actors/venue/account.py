"""One account at the venue: its wallet, its contract positions, its orders for ever, and every fill it had."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from letrade.actors.venue.amounts import Amount, whole
from letrade.actors.venue.fees import FeeSchedule
from letrade.actors.venue.market import Market
from letrade.actors.venue.orders import Order
from letrade.actors.venue.volume import Volume
from letrade.actors.venue.wallet import Wallet
from letrade.core.bookkeeping import gain_at, new_position, position_of, trade
from letrade.core.fraction import Fraction
from letrade.core.instruments import Specification
from letrade.core.legs import LONG, SHORT, name_of
from letrade.core.messages.venue import VenueFill
from letrade.core.money import DEFAULT_SCALE
from letrade.core.quantities import TEN, exact
from letrade.hotpath.ledger import Position


class Traded(msgspec.Struct, frozen=True, gc=False):
    """One trade as one of its two sides sees it."""

    order: Order
    price: float
    size: int
    maker: bool
    time: int


class VenueAccount:
    """Trades move money and positions in `settle` alone; orders lock what they may cost until they trade or end."""

    def __init__(self, name: str, balances: Mapping[str, Decimal], fees: FeeSchedule) -> None:
        self.name = name
        self.wallet = Wallet(balances)
        self.fees = fees
        self.hedged = False
        """Whether each contract has a long and a short leg of its own."""
        self.volume = Volume()
        self.positions: dict[str, Position] = {}
        """By their names (legs.py)."""
        self.orders: dict[str, Order] = {}
        """Every order that ever came, by our client order id: none is ever taken twice."""
        self.working: dict[int, Order] = {}
        self.fills: list[VenueFill] = []
        self.cash_entries = 0
        """Told so far."""

    def quantity(self, market: Market, leg: str = "") -> int:
        """The contract position, or a leg of it, signed, in the market's size units."""
        position = self.positions.get(name_of(market.instrument, leg))
        if position is None:
            return 0
        return position.quantity * TEN[market.scales.size_decimals] // TEN[position.quantity_decimals]

    def held(self, instrument: str) -> list[str]:
        """The names of the open positions in a contract: one, or up to two legs."""
        names = (instrument, name_of(instrument, LONG), name_of(instrument, SHORT)) if self.hedged else (instrument,)
        return [name for name in names if name in self.positions and self.positions[name].quantity]

    def settle(self, traded: Traded, market: Market, rules: Specification) -> Amount:
        """Moves money, or money and position, and returns the fee."""
        size = market.scales.exact_size(traded.size)
        notional = rules.worth(exact(traded.price), size)
        fee = self._fee(traded, rules, notional, size)
        if rules.kind == "spot":
            self.wallet.add(whole(rules.base, traded.order.side * size))
            self.wallet.add(whole(rules.quote, -traded.order.side * notional))
            fee = self._affordable(fee, traded.order)
        else:
            self.realise(traded.order.side, traded.price, traded.size, market, rules, traded.order.leg)
        self.wallet.add(fee.negated())
        return fee

    def _fee(self, traded: Traded, rules: Specification, notional: Fraction, size: Fraction) -> Amount:
        if not self.fees.by_volume:
            return self.fees.fee(rules, notional, size, traded.maker)
        currency = self.fees.paid_in(rules)
        fee = self.fees.fee(rules, notional, size, traded.maker, self.volume.before(currency, traded.time))
        self.volume.add(currency, traded.time, notional)
        return fee

    def _affordable(self, fee: Amount, order: Order) -> Amount:
        """Fees of an order's parts, each rounded, may be some units more than what was locked for the whole."""
        spendable = self.wallet.spendable(fee.currency, order.number)
        most = max(0, int(spendable.value * 10**DEFAULT_SCALE))
        return Amount(fee.currency, min(fee.units, most), fee.scale) if fee.units > 0 else fee

    def realise(
        self, side: int, price: float, size: int, market: Market, rules: Specification, leg: str = ""
    ) -> None:
        """Books a contract trade, without a fee, by the arithmetic that the desk's ledger has too."""
        name = name_of(market.instrument, leg)
        position = self.positions.get(name)
        if position is None:
            position = self.positions[name] = new_position(rules)
        self.wallet.add(whole(rules.settle, trade(position, rules, side, market.scales.size(size), price)))

    def unrealised(self, instrument: str, price: float, rules: Specification) -> Fraction:
        """The profit of closing the contract position at a price, in the settlement currency."""
        position = self.positions.get(instrument)
        if position is None or not position.quantity:
            return Fraction(0)
        return gain_at(position, rules, exact(price))

    def unrealised_nearly(self, instrument: str, price: float, inverse: bool = False) -> float:
        """The same in doubles and before the multiplier; 0 without a position or a price."""
        position = self.positions.get(instrument)
        if position is None or not position.quantity or not price:
            return 0.0
        scale: float = 10.0 ** (position.price_decimals + position.quantity_decimals)
        quantity = position.quantity / 10.0**position.quantity_decimals
        return position.cost / scale - quantity / price if inverse else price * quantity - position.cost / scale

    def working_size(self, instrument: str, side: int, but: Order, reduce_only: bool = False) -> int:
        """What the other working orders of one side may still trade; only the reduce-only ones where asked."""
        total = 0
        for order in self.working.values():
            if order.instrument != instrument or order.side != side or order.number == but.number:
                continue
            if order.leg != but.leg:
                continue
            if not order.only_protects and not order.shares_group(but):
                total += order.left if order.reduce_only or not reduce_only else 0
        return total

    def group_of(self, order: Order) -> list[Order]:
        """The other working orders of which one cancels the other."""
        others = self.working.values() if order.group else ()
        return [other for other in others if other.number != order.number and other.shares_group(order)]

    def reservation(
        self, order: Order, market: Market, rules: Specification, offered: list[tuple[float, int]]
    ) -> list[Amount]:
        """What the rest of an order may cost at most: `offered` at once, the rest at its own price."""
        if rules.kind != "spot" and self.fees.currency(rules) == rules.settle:
            return []
        if any(other.number < order.number and other.left >= order.left for other in self.group_of(order)):
            return []  # what the first of a group has set aside is enough for all
        left = order.left
        cost = Fraction(0)
        for price, offered_size in offered:
            cost += rules.worth(exact(price), market.scales.exact_size(offered_size))
            left -= offered_size
        if order.price and left > 0 and (order.rests or order.awaits_trigger):
            cost += rules.worth(exact(order.price), market.scales.exact_size(left))
        size = market.scales.exact_size(order.left)
        fee = self.fees.worst(rules, cost, size)
        return [*self._principal(order, cost, rules, market), *self._fee_reserved(order, fee, rules)]

    def _principal(self, order: Order, cost: Fraction, rules: Specification, market: Market) -> list[Amount]:
        if rules.kind != "spot":
            return []
        if order.side < 0:
            return [Amount(rules.base, order.left, market.scales.size_decimals)]
        return [whole(rules.quote, cost)]

    def _fee_reserved(self, order: Order, fee: Amount, rules: Specification) -> list[Amount]:
        """What a trade brings in pays its own fee; contracts pay theirs from what the leverage check has seen."""
        received = rules.base if order.side > 0 else rules.quote
        own = fee.currency == received if rules.kind == "spot" else fee.currency == rules.settle
        return [] if own else [fee]

    def state(self) -> Any:
        return {
            "wallet": self.wallet.state(),
            "positions": {name: position.state() for name, position in self.positions.items()},
            "orders": msgspec.msgpack.encode(list(self.orders.values())),
            "fills": msgspec.msgpack.encode(self.fills),
            "volume": self.volume.state(),
            "hedged": self.hedged,
            "cash_entries": self.cash_entries,
        }

    def restore(self, state: Any) -> None:
        self.wallet.restore(state["wallet"])
        self.positions = {name: position_of(saved) for name, saved in state["positions"].items()}
        orders = msgspec.msgpack.decode(state["orders"], type=list[Order])
        self.orders = {order.client_order_id: order for order in orders}
        self.working = {order.number: order for order in orders if order.working}
        self.fills = msgspec.msgpack.decode(state["fills"], type=list[VenueFill])
        self.volume.restore(state.get("volume", {}))
        self.hedged = state.get("hedged", False)
        self.cash_entries = state.get("cash_entries", 0)
