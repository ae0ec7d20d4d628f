"""Both engines give the same on desks at the edges: odd grids, tight money and limits, books, jitter, crowds."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from letrade.core.config.desk import LatencyConfig
from letrade.hotpath.simulation.doubt import Doubtful
from tests.system.odd_desks import odd_desk
from tests.system.two_desks import MS, by_actors, compiled

LINEAR, SPOT, OTHER = "binance.BTC-USDT_USDT", "binance.BTC-USDT", "binance.ETH-USDT_USDT"
BOTH = (LINEAR, SPOT)
CASES = [(kind, names) for kind in ("quotes", "trades", "bars", "levels") for names in ((LINEAR,), BOTH)]
AFTER_THE_DRAIN = [
    ("levels", *each) for each in (((SPOT,), 0, 70), ((LINEAR, OTHER), 6, 100), (BOTH, 1, 100), (BOTH, 5, 100))
]
"""Books, seed and events of desks whose strategies go on wanting, by timer, while the desk stops."""
AT_ONCE = [("levels", (SPOT,), 23, 70), ("quotes", (LINEAR, OTHER), 10, 100)]
"""Desks where an amend and the cancel after it are answered at one time."""
SOLD_OUT = [("levels", (SPOT,), 2, 80)]
"""A strategy that has sold more than its share of a spot wants its quotes gone: that sells nothing."""


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


@pytest.mark.parametrize(("kind", "names", "seed", "count"), [*AFTER_THE_DRAIN, *AT_ONCE, *SOLD_OUT])
def test_what_once_differed_is_the_same(
    tmp_path: Path, kind: str, names: tuple[str, ...], seed: int, count: int
) -> None:
    config = odd_desk(tmp_path, seed, kind, names, count)
    assert compiled(config) == by_actors(config)


TARDY = {
    "slow": (1_400, 800, LatencyConfig()),
    "far": (2_500, 1_900, LatencyConfig(reject=0.2)),
    "busy": (10, 3, LatencyConfig(jitter=25 * MS, reject=0.4)),
    "restless": (300, 5, LatencyConfig(jitter=2_500 * MS, seed=7, reject=0.1)),
}  # fmt: skip
"""Order and response latency in ms: answers come later than execution waits, or requests are turned away."""


@pytest.mark.parametrize("kind", ["quotes", "trades", "levels"])
def test_orders_that_are_unknown_for_a_while_are_the_same_in_both_engines(tmp_path: Path, kind: str) -> None:
    unknown = 0
    for seed, (order, response, latency) in enumerate((*TARDY.values(), *TARDY.values())):
        config = odd_desk(tmp_path, seed, kind, (SPOT, LINEAR), count=80)
        venue = structs.replace(
            config.venues[0], order_latency=order * MS, response_latency=response * MS, latency=latency
        )
        desk = structs.replace(config.desk, step=min(config.desk.step, venue.order_latency))
        config = structs.replace(config, desk=desk, venues=[venue])
        try:
            ours = compiled(config)
        except Doubtful:
            continue
        known = by_actors(config)
        assert ours == known, f"desk {seed}"
        unknown += sum(told[3] == "unknown" for heard in known[1].values() for told in heard)
    assert unknown


def test_jitter_goes_on_after_accounts_are_compared(tmp_path: Path) -> None:
    config = odd_desk(tmp_path, 42, "trades", BOTH, count=250)
    ours, known = compiled(config), by_actors(config)
    assert ours == known
