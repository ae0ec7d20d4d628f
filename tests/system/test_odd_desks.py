"""Both engines give the same on desks at the edges: odd grids, tight money and limits, books, jitter, crowds."""

from __future__ import annotations

from pathlib import Path

import pytest

from letrade.hotpath.simulation.doubt import Doubtful
from tests.system.odd_desks import odd_desk
from tests.system.two_desks import by_actors, compiled

LINEAR, SPOT = "binance.BTC-USDT_USDT", "binance.BTC-USDT"


BOTH = (LINEAR, SPOT)
CASES = [(kind, names) for kind in ("quotes", "trades", "bars") for names in ((LINEAR,), BOTH)]


@pytest.mark.parametrize(("kind", "names"), [*CASES, ("levels", (LINEAR,))])
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
