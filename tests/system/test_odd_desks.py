"""Both engines give the same on desks at the edges: odd grids, tight money and limits, books, jitter, crowds."""

from __future__ import annotations

from pathlib import Path

import pytest

from letrade.hotpath.simulation.doubt import Doubtful
from tests.system.odd_desks import odd_desk
from tests.system.two_desks import by_actors, compiled

LINEAR, SPOT, OTHER = "binance.BTC-USDT_USDT", "binance.BTC-USDT", "binance.ETH-USDT_USDT"
BOTH = (LINEAR, SPOT)
CASES = [(kind, names) for kind in ("quotes", "trades", "bars", "levels") for names in ((LINEAR,), BOTH)]
AFTER_THE_DRAIN = [
    ("levels", *each) for each in (((SPOT,), 0, 70), ((LINEAR, OTHER), 6, 100), (BOTH, 1, 100), (BOTH, 5, 100))
]
"""Books, seed and events of desks whose strategies go on wanting, by timer, while the desk stops."""
AT_ONCE = [("levels", (SPOT,), 23, 70), ("quotes", (LINEAR, OTHER), 10, 100)]
"""Desks where an amend and the cancel after it are answered at one time."""


@pytest.mark.parametrize(("kind", "names"), CASES)
def test_odd_desks_are_the_same_in_both_engines(tmp_path: Path, kind: str, names: tuple[str, ...]) -> None:
    sure = 0
    for seed in range(6):
        config = odd_desk(tmp_path, seed, kind, names, count=60)
        try:
            ours = compiled(config)
        except Doubtful:
            continue
        known = by_actors(config)
        assert known[0]["failures"] == 0
        assert ours == known, f"seed {seed}"
        sure += 1
    assert sure >= 2


@pytest.mark.parametrize(("kind", "names", "seed", "count"), [*AFTER_THE_DRAIN, *AT_ONCE])
def test_what_once_differed_is_the_same(
    tmp_path: Path, kind: str, names: tuple[str, ...], seed: int, count: int
) -> None:
    config = odd_desk(tmp_path, seed, kind, names, count)
    assert compiled(config) == by_actors(config)


def test_jitter_is_a_doubt_once_accounts_are_compared(tmp_path: Path) -> None:
    with pytest.raises(Doubtful, match="latencies vary"):
        compiled(odd_desk(tmp_path, 42, "trades", BOTH, count=100))
