"""A transfer is its strategy's: the same id of another strategy is another wish, and refused."""

from __future__ import annotations

import pytest

from tests.actors.transfer_parts import MS, SECOND, TwoVenues, settings, updates, wish


@pytest.mark.parametrize("wait", [5 * MS, 2 * SECOND])
@pytest.mark.parametrize("amount", ["500", "5"])
def test_an_id_that_another_strategy_has_used_is_refused_to_the_second(wait: int, amount: str) -> None:
    desk = TwoVenues()
    desk.tell(wish("t1", amount), wait=wait)
    ((state, reason),) = [
        (each.state, each.reason)
        for each in updates(desk.tell(wish("t1", "300", strategy="beta"), wait=2 * SECOND))
        if each.strategy == "beta"
    ]
    assert (state, reason) == ("refused", "id: t1 is a transfer of alpha")
    assert desk.total() == 20_000
    assert desk.balances()["here"] == (9_500 if amount == "500" else 10_000)
    assert desk.actor("capital").leaves == {}
    assert not desk.actor("capital").purse.shifts.held_back("here")
    assert [each.amount.integer for each in updates(desk.tell(wish("t1", amount)))] == [int(amount) * 10**8]


def test_the_second_strategys_refusal_frees_nothing_of_the_firsts_transfer() -> None:
    desk = TwoVenues(settings())
    desk.tell(wish("t1", "500"), wait=MS // 2)
    held = desk.actor("capital").purse.shifts.held_back("here")
    assert held == {"USDT": 500}
    fresh = desk.restarted()
    fresh.tell(wish("t1", "300", strategy="beta"), wait=MS // 2)
    assert fresh.actor("capital").purse.shifts.held_back("here") == held
    assert fresh.actor("capital").leaves["t1"].strategy == "alpha"
    fresh.tell(wait=2 * SECOND)
    assert fresh.balances() == {"here": 9_500, "there": 10_499}
