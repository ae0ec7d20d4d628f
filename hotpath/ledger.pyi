"""Exact ledger arithmetic: netting positions at average cost, and half-even rounding; integers of any size."""
from collections.abc import Sequence
from typing import Final

DECIMALS_MAX: Final = 64
"""No scale has more decimal places."""

def rescale_half_even(value: int, from_scale: int, to_scale: int) -> int:
    """The integer at `to_scale` decimals nearest to `value` at `from_scale`, ties to the even one.

    Scales are from 0 to DECIMALS_MAX, else ValueError; what is not a whole number is a TypeError, here and below.
    """

def multiply_rate(value: int, rate_numerator: int, rate_scale: int, from_scale: int, to_scale: int) -> int:
    """`value` at `from_scale` times rate_numerator / 10**rate_scale, at `to_scale`: one rounding, half-even.

    A fee of 0.0005 on a notional is multiply_rate(notional, 5, 4, notional_scale, 8).
    """

class Position:
    """A netting position of one instrument: a signed quantity and what it cost, average-cost.

    Quantities are integers at `quantity_decimals`, prices at `price_decimals`, and money (cost, realised, unrealised)
    at the sum of both; none has a largest value. At any price, the sum of all realised plus the unrealised is exactly
    the money received minus the money paid plus quantity * price.
    """

    def __init__(self, price_decimals: int, quantity_decimals: int) -> None:
        """A flat position; decimals are from 0 to DECIMALS_MAX, else ValueError."""
    @property
    def price_decimals(self) -> int:
        """Decimal places of prices."""
    @property
    def quantity_decimals(self) -> int:
        """Decimal places of quantities."""
    @property
    def quantity(self) -> int:
        """Held: above 0 is long, below 0 short."""
    @property
    def cost(self) -> int:
        """Paid for what is held; it has the quantity's sign."""
    def fill(self, side: int, quantity: int, price: int) -> int:
        """Books a fill of `side` (BUY 1, SELL -1) and returns the profit that it realised, without fees.

        What reduces takes its share of the cost, half-even to one unit, and the rest stays, so that a full close leaves
        nothing behind. What is more than the position held opens the other way at the fill's price. ValueError when the
        side is another number, the quantity not above 0 or the price below 0.
        """
    def unrealised(self, price: int) -> int:
        """The profit that closing at this price would realise."""
    def average_entry(self) -> tuple[int, int]:
        """(numerator, denominator) of the average entry price at price_decimals; (0, 1) when flat."""
    def rescale(self, price_decimals: int, quantity_decimals: int) -> None:
        """Holds the same position at other decimals, as after a tick change; exactly, or ValueError and no change."""
    def state(self) -> list[int | str]:
        """[price decimals, quantity decimals, quantity as text, cost as text], which every encoder can carry."""
    def restore(self, state: Sequence[int | str]) -> None:
        """Becomes what state gave, decimals included; ValueError and no change when it is no position."""
