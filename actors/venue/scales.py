"""The integer grid of one instrument's book at this venue: fine enough for every version of the instrument."""

from __future__ import annotations

from letrade.actors.venue.amounts import decimals_of
from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.instruments import Catalogue
from letrade.core.quantities import TEN, decimal_units
from letrade.hotpath.decimals import from_units, to_units


class Scales:
    """Prices and sizes as integers of 1e-decimals. A new tick or lot changes what is refused, never what rests."""

    def __init__(self, price_decimals: int, size_decimals: int) -> None:
        self.price_decimals = price_decimals
        self.size_decimals = size_decimals

    def price_units(self, price: float) -> int:
        """ValueError when the price has more decimals than the instrument."""
        return to_units(price, self.price_decimals)

    def price(self, units: int) -> float:
        return from_units(units, self.price_decimals)

    def size_units(self, size: float) -> int:
        """ValueError when the size has more decimals than the instrument."""
        return to_units(size, self.size_decimals)

    def size_units_down(self, size: float) -> int:
        """The whole units within a size: recorded trades may be finer than the lot."""
        digits, decimals = decimal_units(size)
        if decimals <= self.size_decimals:
            return digits * TEN[self.size_decimals - decimals]
        return int(Fraction(digits, int(10 ** (decimals - self.size_decimals))))

    def size(self, units: int) -> float:
        return from_units(units, self.size_decimals)

    def exact_size(self, units: int) -> Fraction:
        return Fraction(units, TEN[self.size_decimals])


def scales_of(catalogue: Catalogue, instrument: str) -> Scales:
    """The finest grid among the instrument's versions. DataError when the desk does not know the instrument."""
    versions = [message for message in catalogue.messages() if message.instrument == instrument]
    if not versions:
        raise DataError(f"unknown instrument {instrument!r}: add an [[instrument]]")
    return Scales(
        max(decimals_of(version.tick) for version in versions), max(decimals_of(version.lot) for version in versions)
    )
