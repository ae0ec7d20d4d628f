"""What an account's largest positions may come to be worth, each counted anew only when it or its price changed."""

from __future__ import annotations

from fractions import Fraction

from letrade.actors.risk.reservations import Reservations
from letrade.core.instruments import Catalogue, Specification
from letrade.core.quantities import FINE_ONE, ONE, fine
from letrade.core.valuation import PAR, PriceBoard


class GrossExposure:
    """Values are in units of 1e-96 of the quote currency, rounded up where that is not fine enough."""

    def __init__(self, reservations: Reservations, board: PriceBoard, catalogue: Catalogue, reporting: str) -> None:
        self._reservations = reservations
        self._board = board
        self._catalogue = catalogue
        self._reporting = reporting
        self._known: dict[tuple[str, Specification], tuple[int, float, int]] = {}
        """(quantity, price, value) by account and instrument."""

    def of(self, account: str, instrument: str, worst: int, price: float | None, now: int) -> Fraction | None:
        """With this worst case in one instrument, and what the reservations say of the others; in the reporting
        currency, None while a price or a rate is missing."""
        total, rest = 0, Fraction(0)
        others = self._reservations.instruments(account)
        for other in others if instrument in others else (*others, instrument):
            specification = self._catalogue.at(other, now)
            last = self._board.prices.get(other)
            quantity = worst
            if other == instrument:
                last = max(last or 0.0, price or 0.0) or None
            else:
                quantity = self._reservations.exposure(account, specification).worst
            rate = self._board.rate(specification.quote, self._reporting, self._catalogue)
            if last is None or rate is None:
                return None
            value = self._value(account, specification, quantity, last)
            if rate is PAR:
                total += value
            else:
                rest += Fraction(value, FINE_ONE) * rate
        return Fraction(total, FINE_ONE) + rest

    def _value(self, account: str, specification: Specification, quantity: int, price: float) -> int:
        known = self._known.get((account, specification))
        if known is not None and known[0] == quantity and known[1] == price:
            return known[2]
        multiplier = specification.multiplier
        value = -(-quantity * fine(price) * multiplier.numerator // (multiplier.denominator * ONE))
        self._known[(account, specification)] = (quantity, price, value)
        return value
