"""The indexes give back what they took: accounts and positions that come, change and go leave no memory behind."""

from __future__ import annotations

import numpy as np

from letrade.hotpath.liquidation.liquidation_cross import CrossIndex
from letrade.hotpath.liquidation.liquidation_index import LiquidationIndex
from tests.hotpath.liquidation.accounts import columns
from tests.hotpath.memory import grown_bytes
from tests.models.liquidation_cross import SlowAccount, SlowLeg

LEG = SlowLeg(0, tuple((20.0 * tier, 5.0 * tier, 1.0) for tier in range(10)))
GROWN_BYTES_MAX = 2_000_000


def test_cross_accounts_that_come_change_and_go() -> None:
    accounts = columns([SlowAccount(10.0, [LEG, LEG, LEG])] * 200)
    changed, handles = columns([SlowAccount(20.0, [LEG])]), np.zeros(200, np.int64)
    index, out = CrossIndex(np.array([100.0])), np.zeros(200, np.int64)

    def turn(number: int) -> None:
        index.load(*accounts, handles)
        for handle in handles.tolist():
            index.update(handle, *changed)
        index.tick(0, 90.0 + number % 20, out)
        for handle in handles.tolist():
            index.remove(handle)

    assert grown_bytes(turn, 20, 200) < GROWN_BYTES_MAX
    assert len(index) == index.watched == 0


def test_whole_indexes_that_are_dropped() -> None:
    accounts, sides = columns([SlowAccount(10.0, [LEG, LEG])] * 500), np.ones(5_000, np.int8)

    def turn(number: int) -> None:
        CrossIndex(np.array([100.0])).load(*accounts, np.zeros(500, np.int64))
        isolated = LiquidationIndex()
        isolated.load(sides, np.full(5_000, 1.0 + number), np.zeros(5_000, np.int64))
        isolated.mark(1.0, np.zeros(7, np.int64))

    assert grown_bytes(turn, 20, 200) < GROWN_BYTES_MAX
