"""What an account's largest positions may come to be worth, each counted anew only when it or its price changed."""

from __future__ import annotations

import msgspec

from letrade.actors.risk.reservations import Reservations
from letrade.core.exposure import Exposure
from letrade.core.fraction import Fraction
from letrade.core.instruments import Catalogue
from letrade.core.quantities import FINE_ONE, ONE, fine
from letrade.core.valuation import PAR, PriceBoard


class Worth(msgspec.Struct, frozen=True, gc=False):
    """One instrument of an account: what it was counted from, and what it came to."""

    exposure: Exposure | None
    price: float | None
    value: int


class GrossExposure:
    """Values are in units of 1e-96 of the reporting currency, rounded up where that is not fine enough."""

    def __init__(self, reservations: Reservations, board: PriceBoard, catalogue: Catalogue, reporting: str) -> None:
        self._reservations = reservations
        self._board = board
        self._catalogue = catalogue
        self._reporting = reporting
        self._known: dict[str, dict[str, Worth]] = {}
        """By account and instrument, of those that are worth the same while their own price and exposure stay."""

    def of(self, account: str, instrument: str, worst: int, price: float | None, now: int) -> Fraction | None:
        """With this worst case in one instrument, and what the reservations say of the others; in the reporting
        currency, None while a price or a rate is missing."""
        prices_known = [each for each in (self._board.prices.get(instrument), price) if each]
        dearest = min if self._catalogue.at(instrument, now).inverse else max
        own = self._value(instrument, worst, dearest(prices_known, default=0.0), now)
        if own is None:
            return None
        total = own
        known = self._known.get(account)
        if known is None:
            known = self._known[account] = {}
        exposures, prices = self._reservations.exposures(account), self._board.prices
        for other in self._reservations.instruments(account):
            if other == instrument:
                continue
            found = known.get(other)
            if found is None or found.exposure is not exposures.get(other) or found.price != prices.get(other):
                value = self._count(account, other, now)
                if value is None:
                    return None
                total += value
            else:
                total += found.value
        return Fraction(total, FINE_ONE)

    def _count(self, account: str, instrument: str, now: int) -> int | None:
        specification = self._catalogue.at(instrument, now)
        if not self._reservations.busy(account, instrument):
            return 0
        exposure = self._reservations.exposure(account, specification)
        price = self._board.prices.get(instrument)
        value = self._value(instrument, exposure.worst, price or 0.0, now)
        if value is not None and specification.currency == self._reporting:
            self._known[account][instrument] = Worth(exposure, price, value)
        return value

    def _value(self, instrument: str, quantity: int, price: float, now: int) -> int | None:
        """None without a price or a rate."""
        specification = self._catalogue.at(instrument, now)
        rate = self._board.rate(specification.currency, self._reporting, self._catalogue)
        if not price or rate is None:
            return None
        factor = specification.multiplier if rate is PAR else specification.multiplier * rate
        if specification.inverse:
            numerator = quantity * factor.numerator * FINE_ONE * FINE_ONE
            return -(-numerator // (fine(price) * factor.denominator * ONE))
        if factor == 1:
            return -(-quantity * fine(price) // ONE)
        return -(-quantity * fine(price) * factor.numerator // (factor.denominator * ONE))
