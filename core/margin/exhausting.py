"""How far a cut may trade: never worse than the price at which nothing of what backs the position is left."""

from __future__ import annotations


def exhausting_price(mark: float, side: int, share: float, *, inverse: bool = False) -> float | None:
    """Where a position of this side (1, -1) has lost `share` of its notional at `mark`; None where it never does.

    A linear contract gains size × (price − mark), an inverse one value × (1 / mark − 1 / price). With equity / notional
    as the share this is the bankruptcy price: who closes beyond it loses more than a liquidation can take.
    """
    left = 1 + side * share if inverse else 1 - side * share
    if left <= 0:
        return None
    return mark / left if inverse else mark * left
