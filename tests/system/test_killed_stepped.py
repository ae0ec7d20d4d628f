"""A stepped run whose processes are killed at seeded points ends with the ledger and the result of one that was not."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.system.desks import TRADES_FEED, desk_text, write
from tests.system.programs import Desk, running

ROLES = ("desk", "one", "exchange", "nats-server")
SAME = ("orders", "fills", "entries", "exits", "balances", "pnl", "fees", "result_hash")


def desk_file(folder: Path, seconds: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    feed = TRADES_FEED.format(seconds=seconds, speed="max")
    return write(folder, desk_text(feed, workers={"one": ["alpha", "beta"]}, venue_worker="exchange"))


def undisturbed(folder: Path, seconds: int) -> tuple[dict[str, Any], float]:
    """The summary of a run that nobody disturbs, and how long it takes."""
    began = time.monotonic()
    with running(Desk(folder, desk_file(folder, seconds))) as desk:
        return desk.wait(), time.monotonic() - began


def disturbed(folder: Path, seconds: int, kills: int, seed: int, length: float) -> tuple[dict[str, Any], list[str]]:
    """The summary of a run with so many kills, started again whenever the desk itself is hit."""
    chance = Random(seed)
    killed: list[str] = []
    with running(Desk(folder, desk_file(folder, seconds))) as desk:
        while len(killed) < kills:
            time.sleep(0.3 + chance.random() * length / kills)
            role = ROLES[len(killed) % len(ROLES)] if len(killed) < len(ROLES) else chance.choice(ROLES)
            assert desk.alive, f"the run was over after {killed}: {desk.errors.read_text()[-2000:]}"
            if desk.kill(role):
                killed.append(role)
                if role == "desk":
                    desk.start()
        return desk.wait(300), killed


def compare(tmp_path: Path, seconds: int, kills: int, seed: int) -> None:
    expected, length = undisturbed(tmp_path / "undisturbed", seconds)
    found, killed = disturbed(tmp_path / "disturbed", seconds, kills, seed, length)
    assert set(killed) == set(ROLES)
    assert expected["fills"] > 20
    assert {key: found[key] for key in SAME} == {key: expected[key] for key in SAME}


@pytest.mark.timeout(300)
def test_five_kills_change_nothing(tmp_path: Path) -> None:
    compare(tmp_path, seconds=150, kills=5, seed=1)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
def test_fifty_kills_change_nothing(tmp_path: Path) -> None:
    for seed in range(2, 7):
        compare(tmp_path / str(seed), seconds=400, kills=10, seed=seed)
