"""How far a cut may trade: the bankruptcy price of what backs the position."""

from __future__ import annotations

import pytest

from letrade.core.margin.exhausting import exhausting_price


@pytest.mark.parametrize(("side", "price"), [(1, 54_000.0), (-1, 66_000.0)])
def test_a_tenth_of_the_notional_is_gone_a_tenth_away(side: int, price: float) -> None:
    assert exhausting_price(60_000.0, side, 0.1) == pytest.approx(price)


@pytest.mark.parametrize("side", [1, -1])
def test_an_inverse_contract_has_lost_its_coins_there(side: int) -> None:
    value, mark, coins = 60_000.0, 60_000.0, 0.1
    price = exhausting_price(mark, side, coins / (value / mark), inverse=True)
    assert price is not None
    assert side * value * (1 / mark - 1 / price) == pytest.approx(-coins)


@pytest.mark.parametrize(("side", "inverse"), [(1, False), (-1, True)])
def test_what_more_than_backs_a_position_bounds_nothing(side: int, inverse: bool) -> None:
    assert exhausting_price(60_000.0, side, 1.0, inverse=inverse) is None
