"""Both engines give the same orders, fills, balances and hash, and tell strategies the same, at the same times."""

from __future__ import annotations

from pathlib import Path

import pytest

from letrade.hotpath.simulation.doubt import Doubtful
from tests.system.two_desks import by_actors, compiled, desk

LINEAR, OTHER, SPOT = "binance.BTC-USDT_USDT", "binance.ETH-USDT_USDT", "binance.BTC-USDT"


def compare(folder: Path, seeds: range, kinds: tuple[str, ...], names: tuple[str, ...]) -> int:
    """How many of the desks were no matter of doubt; those are the same in both engines."""
    sure = 0
    for seed in seeds:
        config = desk(folder, seed, kinds, names=names)
        try:
            summary, heard = compiled(config)
        except Doubtful:
            continue
        known, told = by_actors(config)
        assert known["failures"] == 0
        assert heard == told, f"seed {seed}"
        assert summary == known, f"seed {seed}"
        sure += 1
    return sure


@pytest.mark.parametrize("kinds", [("quotes",), ("trades",), ("bars",), ("quotes", "trades")], ids="-".join)
def test_perpetuals_on_any_data(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    assert compare(tmp_path, range(6), kinds, (LINEAR,)) >= 5


@pytest.mark.parametrize("kinds", [("quotes",), ("bars",)], ids="-".join)
def test_spot_on_any_data(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    assert compare(tmp_path, range(6), kinds, (SPOT,)) >= 5


def test_several_instruments_of_one_account(tmp_path: Path) -> None:
    assert compare(tmp_path, range(6), ("quotes",), (LINEAR, OTHER, SPOT)) >= 5
