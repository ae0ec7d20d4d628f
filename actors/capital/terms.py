"""What a unit of an instrument takes of an account's cash, as whole numbers: exact for any price, fee and leverage."""

from __future__ import annotations

from letrade.actors.capital.orders import Working
from letrade.core.fraction import Fraction
from letrade.core.instruments import Specification
from letrade.core.quantities import FINE_ONE, ONE, fine

COSTS_MAX = 64


class Terms:
    """Amounts are in parts of the quote or settle currency: a unit of it is 10**96 × the leverage's numerator, so that
    dividing by the leverage leaves whole numbers. What is finer still is rounded up, against us."""

    def __init__(
        self, specification: Specification, leverage: Fraction, fee: Fraction, level: Fraction | None = None
    ) -> None:
        spot = specification.kind == "spot"
        self.contract = not spot
        self.currency = specification.quote if spot else specification.settle
        whole, parts = leverage.numerator, leverage.numerator if spot else leverage.denominator
        self._holding = Fraction(0) if spot else specification.multiplier * parts
        self._owing = Fraction(0) if level is None else level * whole
        self.lent = spot and level is not None
        """Whether a share on spot may be short, and then holds back the level of what it owes."""
        self._opening = specification.multiplier * (parts + fee * whole)
        self._inverse = specification.inverse
        self._price, self._margin = 0.0, 0
        self._costs: dict[float, int] = {}

    def margin(self, price: float) -> int:
        """What a share holds back for each 1e-18 of it: a spot asset is paid for, and holds back nothing."""
        if price != self._price:
            self._price, self._margin = price, self._times(price, self._holding)
        return self._margin

    def unit(self, share: int, price: float) -> int:
        """The same of a share on this side: on spot, who is short has what was sold, and owes it."""
        return self._times(price, self._owing) if self.lent and share < 0 else self.margin(price)

    def beyond(self, share: int, unit: int, orders: list[Working]) -> int:
        """Parts that the working orders of a share may take at worst beyond its margin, which is `unit` for each 1e-18.

        Orders that all go on from where the share stands add up.
        """
        if not orders:
            return 0
        total, side, costs = 0, orders[0].side, self._costs
        if share * side >= 0:
            for order in orders:
                if order.side != side:
                    break
                cost = costs.get(order.basis)
                total += order.remaining * (self._cost_at(order.basis) if cost is None else cost)
            else:
                return total
        held = abs(share) * unit
        return self._worst(share, held, orders) - held

    def _worst(self, share: int, held: int, orders: list[Working]) -> int:
        """What the share and its orders may take, whichever of them fill and in which order.

        The position stays between what all sells and what all buys lead to: what closes first costs nothing.
        """
        buys: list[Working] = []
        sells: list[Working] = []
        for order in orders:
            (buys if order.side > 0 else sells).append(order)
        long = self._opening_cost(-share, buys) if buys else 0
        short = self._opening_cost(share, sells) if sells else 0
        return max(held, held + long if share > 0 else long, held + short if share <= 0 else short)

    def _opening_cost(self, against: int, orders: list[Working]) -> int:
        """Of what orders of one side open beyond closing `against`, the dearest of them last."""
        total, closing = 0, max(0, against)
        for order in sorted(orders, key=_basis, reverse=self._inverse) if len(orders) > 1 else orders:
            remaining = order.remaining
            closed = min(closing, remaining)
            closing -= closed
            if remaining > closed:
                total += (remaining - closed) * self._cost_at(order.basis)
        return total

    def _cost_at(self, basis: float) -> int:
        """What opening takes for each 1e-18, at a worst price: often one of the last ones."""
        cost = self._costs.get(basis)
        if cost is None:
            if len(self._costs) >= COSTS_MAX:
                self._costs.clear()
            cost = self._costs[basis] = self._times(basis, self._opening)
        return cost

    def _times(self, price: float, factor: Fraction) -> int:
        """Parts for a size of 1e-18, rounded up; 0 while no price is known."""
        if not self._inverse or not price:
            return -(-fine(price) * factor.numerator // (factor.denominator * ONE))
        return -(-factor.numerator * FINE_ONE * FINE_ONE // (factor.denominator * fine(price) * ONE))


def parts_in(leverage: Fraction) -> int:
    """How many parts a unit of currency has."""
    return FINE_ONE * leverage.numerator


def _basis(order: Working) -> float:
    return order.basis
