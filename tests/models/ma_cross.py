"""The slow, obvious MA cross: long one unit while the fast mean of the closes is above the slow, in exact numbers."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple


class Outcome(NamedTuple):
    """How often it went in and out, and what it made, the open position marked at the last close."""

    entries: int
    exits: int
    profit: Fraction


def trade(
    opens: Sequence[float], closes: Sequence[float], fast: int, slow: int, fee: str, fill_after_bars: int = 1
) -> Outcome:
    """Decides at the close of each bar from the slow window's first full one on; fills at the open of the bar
    `fill_after_bars` later: 1 is the next bar, 0 would be the bar that has just ended."""
    exact_opens = [Fraction(Decimal(repr(price))) for price in opens]
    exact_closes = [Fraction(Decimal(repr(price))) for price in closes]
    cash, held, entries, exits = Fraction(0), 0, 0, 0
    for bar in range(slow - 1, len(closes)):
        means = [sum(exact_closes[bar + 1 - window : bar + 1], Fraction(0)) / window for window in (fast, slow)]
        wanted = 1 if means[0] > means[1] else 0
        place = bar + fill_after_bars
        if wanted == held or place >= len(opens):
            continue
        price = exact_opens[place]
        cash -= (wanted - held) * price + price * Fraction(Decimal(fee))
        entries, exits = entries + wanted, exits + held
        held = wanted
    return Outcome(entries, exits, cash + held * exact_closes[-1])
