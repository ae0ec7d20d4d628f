"""Pure: how an account's worth follows the price of its coin, over spot, contracts, coin collateral and their gains.

Worth is counted in the quote currency. Its delta is the derivative by the coin's price, in coins: how many of them the
account behaves like. All figures are exact fractions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from letrade.core.fraction import Fraction

ZERO, ONE = Fraction(0), Fraction(1)


class Holding(Struct, frozen=True, kw_only=True):
    """One part of what an account has.

    coin: a spot holding, or collateral in a wallet. linear: a contract that gains size × (price − entry) in the quote
    currency. inverse: one that gains contracts × (1 / entry − 1 / price) coins, so that its delta lies in the entry and
    stays the same at every price.
    """

    kind: Literal["coin", "linear", "inverse"]
    size: Fraction
    """Signed: coins, or contracts."""
    price: Fraction
    """Of the market that it is in: a contract's mark."""
    multiplier: Fraction = ONE
    """linear: coins of a contract; inverse: quote units of a contract."""
    entry: Fraction | None = None
    """What a contract was opened at on average; an inverse one's is contracts / Σ contracts / price."""
    coin_price: Fraction | None = None
    """What turns an inverse contract's gains, which are coins, into the quote currency; None: its own price."""
    beta: Fraction = ONE
    """How far it moves for a move of the coin that delta is counted in: 1 for the same coin."""


def worth(holding: Holding) -> Fraction:
    """What it is worth, or has gained, at its price."""
    size = holding.size * holding.multiplier
    if holding.kind == "coin":
        return size * holding.price
    entry = _entry(holding)
    if holding.kind == "linear":
        return size * (holding.price - entry)
    return size * (1 / entry - 1 / holding.price) * _coin_price(holding)


def value_at_risk(holding: Holding) -> Fraction:
    """What it gains per unit of a common move: when all prices become (1 + m) times as high, its worth grows by exactly
    m times this."""
    size = holding.size * holding.multiplier
    if holding.kind != "inverse":
        return size * holding.price * holding.beta
    return size / _entry(holding) * _coin_price(holding) * holding.beta


def delta_value(holdings: Iterable[Holding]) -> Fraction:
    """Of all of them, in the quote currency: 0 is hedged."""
    return sum((value_at_risk(holding) for holding in holdings), ZERO)


def delta(holdings: Iterable[Holding], price: Fraction) -> Fraction:
    """The same in coins that cost `price`."""
    return delta_value(holdings) / price


def contract_value(holding: Holding) -> Fraction:
    """The delta that one more contract, opened at the price of now, brings."""
    if holding.kind != "inverse":
        return holding.multiplier * holding.price * holding.beta
    return holding.multiplier / holding.price * _coin_price(holding) * holding.beta


def hedge_change(held: Iterable[Holding], hedge: Holding) -> Fraction:
    """How many more contracts of `hedge`, itself among `held` or not, take all delta away; not rounded to lots."""
    return -delta_value(held) / contract_value(hedge)


def _entry(holding: Holding) -> Fraction:
    """ValueError where the entry of a contract is not known: it is never guessed."""
    if holding.entry is None:
        if not holding.size:
            return holding.price
        raise ValueError(f"expected the entry price of {holding.size} {holding.kind} contracts, found none")
    return holding.entry


def _coin_price(holding: Holding) -> Fraction:
    return holding.price if holding.coin_price is None else holding.coin_price
