"""Cash, reservations, equity and gross exposure in fractions, from nothing but what is held, works and costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from letrade.core.instruments import Catalogue, Specification
from letrade.hotpath.ledger import Position

UNIT = 10**18


class SlowOrder(NamedTuple):
    """`remaining` in units of 1e-18."""

    side: int
    remaining: int
    basis: float


def decimal(value: float) -> Fraction:
    return Fraction(Decimal(repr(value)))


class SlowWorth:
    """What things are worth at the last prices, in the reporting currency where nothing else is said."""

    def __init__(self, catalogue: Catalogue, prices: Mapping[str, float], reporting: str) -> None:
        self.catalogue, self.prices, self.reporting = catalogue, prices, reporting

    def rate(self, currency: str) -> Fraction | None:
        if currency == self.reporting:
            return Fraction(1)
        for each in sorted(self.catalogue.messages(), key=lambda each: (each.kind != "spot", each.instrument)):
            price = self.prices.get(each.instrument)
            if price is not None and (each.base, each.quote) == (currency, self.reporting):
                return decimal(price)
            if price is not None and (each.base, each.quote) == (self.reporting, currency):
                return 1 / decimal(price)
        return None

    def equity(self, wallets: Mapping[str, Fraction], positions: Mapping[str, Position]) -> Fraction | None:
        worths = [(amount, self.rate(currency)) for currency, amount in wallets.items() if amount]
        for instrument, position in positions.items():
            specification = self.catalogue.at(instrument, 0)
            if not position.quantity or specification.kind == "spot":
                if position.quantity and None in (self.prices.get(instrument), self.rate(specification.quote)):
                    return None
                continue
            price = self.prices.get(instrument)
            if price is None:
                return None
            quantity = Fraction(position.quantity, 10**position.quantity_decimals)
            cost = Fraction(position.cost, 10 ** (position.quantity_decimals + position.price_decimals))
            gain = (quantity * decimal(price) - cost) * specification.multiplier
            worths.append((gain, self.rate(specification.quote)))
        if any(rate is None for _, rate in worths):
            return None
        return sum((amount * rate for amount, rate in worths if rate is not None), Fraction(0))

    def gross(self, worst: Mapping[str, int]) -> Fraction | None:
        """Of the largest positions by instrument."""
        total = Fraction(0)
        for instrument, quantity in worst.items():
            specification, price = self.catalogue.at(instrument, 0), self.prices.get(instrument)
            rate = self.rate(specification.quote)
            if price is None or rate is None:
                return None
            total += Fraction(quantity, UNIT) * decimal(price) * specification.multiplier * rate
        return total

    def required(
        self, specification: Specification, share: int, orders: Iterable[SlowOrder], leverage: Fraction, fee: Fraction
    ) -> Fraction:
        """Of one share and its orders, in the currency that pays for them, whichever fill and in which order."""
        least = 1 if specification.kind == "spot" else leverage
        price = decimal(self.prices.get(specification.id, 0.0))
        held = Fraction(abs(share), UNIT) * price * specification.multiplier / least
        held = Fraction(0) if specification.kind == "spot" else held
        ways = [held]
        for side in (1, -1):
            closing = max(0, -side * share)
            needed = held if side * share > 0 or (side < 0 and not share) else Fraction(0)
            for order in sorted((order for order in orders if order.side == side), key=lambda order: order.basis):
                closed = min(closing, order.remaining)
                closing -= closed
                notional = Fraction(order.remaining - closed, UNIT) * decimal(order.basis) * specification.multiplier
                needed += notional * (Fraction(1) / least + fee)
            ways.append(needed)
        return max(ways)
