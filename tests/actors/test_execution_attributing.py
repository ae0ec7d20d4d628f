"""Fills that the venue made by itself are booked on the strategies whose shares they close."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.execution.attributing import closed_shares, parts_of
from letrade.core.messages.orders import Fill
from letrade.core.money import money
from letrade.core.quantities import ONE, units

LOT = ONE // 1000


def fill(side: int, size: float, fee: int = 0) -> Fill:
    return Fill(
        strategy="-", account="main", instrument="x.A-B_B", order_id="", client_order_id="", trade_id="t", side=side,
        price=10.0, size=size, fee=money("B", fee), maker=False, origin="liquidation", fill_number=7,
    )  # fmt: skip


def told(parts: list[Fill]) -> list[tuple[str, float, int, str, int]]:
    return [(each.strategy, each.size, each.fee.integer, each.trade_id, each.fill_number) for each in parts]


def test_one_strategy_takes_it_all() -> None:
    assert told(parts_of(fill(-1, 2.0, 5), {"a": 3 * ONE}, LOT)) == [("a", 2.0, 5, "t", 7)]


def test_two_strategies_share_it_in_proportion_with_its_fee() -> None:
    parts = parts_of(fill(-1, 2.0, 101), {"a": 3 * ONE, "b": ONE, "c": -ONE}, LOT)
    assert told(parts) == [("a", 1.5, 76, "t", 7), ("b", 0.5, 25, "t-2", 0)]


def test_what_no_share_covers_is_nobodys() -> None:
    assert told(parts_of(fill(1, 2.0), {"a": -ONE, "b": 4 * ONE}, LOT)) == [
        ("a", 1.0, 0, "t", 7),
        ("-", 1.0, 0, "t-2", 0),
    ]
    assert told(parts_of(fill(1, 2.0), {}, LOT)) == [("-", 2.0, 0, "t", 7)]


SHARES = st.dictionaries(st.sampled_from(["-", "a", "b", "c"]), st.integers(-5000, 5000).filter(bool))


@given(SHARES, st.sampled_from([1, -1]), st.integers(1, 9000))
def test_parts_add_up_and_no_share_turns(shares: dict[str, int], side: int, lots: int) -> None:
    held = {name: share * LOT for name, share in shares.items()}
    cuts = closed_shares(side, lots * LOT, held, LOT)
    assert sum(cuts.values()) == lots * LOT
    assert all(cut > 0 and cut % LOT == 0 for cut in cuts.values())
    closable = sum(abs(share) for share in held.values() if share * side < 0)
    for name, cut in cuts.items():
        own = abs(held.get(name, 0)) if held.get(name, 0) * side < 0 else 0
        beyond: Any = max(0, lots * LOT - closable) if name == "-" else 0
        assert cut <= own + beyond


@given(SHARES, st.sampled_from([1, -1]), st.integers(1, 9000), st.integers(-999, 999))
def test_fees_and_sizes_of_the_parts_are_those_of_the_whole(
    shares: dict[str, int], side: int, lots: int, fee: int
) -> None:
    whole = fill(side, lots / 1000, fee)
    parts = parts_of(whole, {name: share * LOT for name, share in shares.items()}, LOT)
    assert sum(units(part.size) for part in parts) == units(whole.size)
    assert sum(part.fee.integer for part in parts) == fee
    assert len({(part.trade_id, part.side, part.fill_number) for part in parts}) == len(parts)
