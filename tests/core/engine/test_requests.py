"""What an operator may ask of a desk."""

from __future__ import annotations

from letrade.core.engine.requests import open_positions


def position(strategy: str, quantity: str, instrument: str = "x.A-B") -> dict[str, str]:
    return {"strategy": strategy, "account": "a", "instrument": instrument, "quantity": quantity}


def test_an_account_is_flat_when_the_shares_of_its_strategies_cancel_each_other_out() -> None:
    opposed = [position("one", "-0.1"), position("two", "0.3"), position("three", "-0.2")]
    assert open_positions(opposed, "*") == []
    assert open_positions(opposed, "a") == []
    left = [position("one", "0.1", "x.C-B")]
    assert open_positions([*opposed, *left], "*") == left
    assert open_positions([*opposed[:2], *left], "b") == []
