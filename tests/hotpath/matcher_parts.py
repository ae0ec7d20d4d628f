"""Matching engines by handles as tests need them, and what they tell."""

from letrade.hotpath.constants import BUY, FILLED, SELL
from letrade.hotpath.matcher import Matcher


def matcher_with(*orders: tuple[int, int, int]) -> Matcher:
    """Resting limit orders of nobody: side, price, size, with ids from 1."""
    matcher = Matcher()
    for number, (side, price, size) in enumerate(orders, 1):
        assert matcher.limit(side, price, size, id=number) > 0
    return matcher


def notices(matcher: Matcher) -> list[tuple[int, int, int]]:
    return [(order, status, lots) for order, status, lots, _ in matcher.take_notices().tolist()]


def trade_at(matcher: Matcher, price: int) -> None:
    """A trade of one lot between two strangers at a price where nobody rests."""
    assert matcher.limit(SELL, price, 1) > 0
    assert matcher.limit(BUY, price, 1) == -FILLED
    assert matcher.take_trades()[0][2:] == (price, 1)
