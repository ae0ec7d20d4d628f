"""A slow, obvious account: everything is added up from the fills that the venue reported, as fractions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from letrade.core.messages.market import Instrument
from letrade.core.messages.venue import VenueFill


def exact(value: float) -> Fraction:
    return Fraction(Decimal(repr(value)))


class AccountModel:
    """Spot trades move two currencies. Contract trades move a position, and a cash flow that is theirs alone."""

    def __init__(self, balances: Mapping[str, Decimal], instruments: tuple[Instrument, ...]) -> None:
        self.instruments = {each.instrument: each for each in instruments}
        self.money: defaultdict[str, Fraction] = defaultdict(Fraction)
        self.money.update({currency: Fraction(amount) for currency, amount in balances.items()})
        self.positions: defaultdict[str, Fraction] = defaultdict(Fraction)
        self.flows: defaultdict[str, Fraction] = defaultdict(Fraction)
        self.filled: defaultdict[str, Fraction] = defaultdict(Fraction)
        self.numbers: list[int] = []
        self.trade_ids: list[tuple[str, str]] = []

    def book(self, fill: VenueFill) -> None:
        rules = self.instruments[fill.instrument]
        size, cost = fill.side * exact(fill.size), fill.side * exact(fill.size) * exact(fill.price)
        if rules.kind == "spot":
            self.money[rules.base] += size
            self.money[rules.quote] -= cost
        else:
            self.positions[fill.instrument] += size
            self.flows[fill.instrument] -= cost * Fraction(rules.multiplier)
        self.money[fill.fee.currency] -= Fraction(fill.fee.decimal)
        self.filled[fill.client_order_id] += exact(fill.size)
        self.numbers.append(fill.fill_number)
        self.trade_ids.append((fill.instrument, fill.trade_id))

    def equity(self, settle: str, prices: Mapping[str, Fraction]) -> Fraction:
        """Money of a currency, with every contract in it closed at these prices."""
        contracts = [rules for rules in self.instruments.values() if rules.kind == "linear" and rules.settle == settle]
        return self.money[settle] + sum(
            self.flows[rules.instrument]
            + self.positions[rules.instrument] * prices[rules.instrument] * Fraction(rules.multiplier)
            for rules in contracts
        )
