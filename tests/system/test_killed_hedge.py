"""A stepped desk that hedges, at a venue that loses and refuses, ends the same whatever of it is killed in between."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.system.programs import Desk, running

ROLES = ("desk", "one", "exchange", "nats-server")
SAME = ("orders", "fills", "entries", "exits", "balances", "pnl", "fees", "alerts", "refused", "result_hash")
COIN, HEDGE = "binance.ETH-USDT_USDT", "binance.BTC-USDT_USDT"
TEXT = f"""
[desk]
name = "hedged"
step = "50ms"
on_stop = "keep"
snapshot_every = "1s"

[[venue]]
name = "binance"
order_latency = "50ms"
response_latency = "5ms"
taker_fee = "0.0005"
worker = "exchange"

[venue.faults]
seed = 3
lose = 0.1
delay = 0.1
delay_time = "400ms"
repeat = 0.1
refuse = 0.2

[[worker]]
name = "exchange"
actors = []
restarts = 1000

[[worker]]
name = "one"
actors = ["hedged"]
restarts = 1000

[[account]]
name = "paper"
venue = "binance"
balances = {{ USDT = "100000" }}

[[feed]]
name = "recorded"
kind = "synthetic_trades"
names = ["{COIN}", "{HEDGE}"]
trades_per_second = 50
duration = "80s"
swing_ticks = 2000
speed = "max"

[[actor]]
name = "hedged"
class = "letrade.actors.strategies.delta_neutral.DeltaNeutral"
instrument = "{COIN}"
hedge = "{HEDGE}"
account = "paper"
size = 50.0
band = 0.01
naked_max = "4s"
look_every = "200ms"
patience = "1s"

[[actor]]
name = "execution"
order_timeout = "200ms"
"""


def desk_of(folder: Path) -> Desk:
    folder.mkdir(parents=True)
    file = folder / "desk.toml"
    file.write_text(TEXT)
    return Desk(folder, file)


def disturbed(folder: Path, kills: int, length: float) -> tuple[dict[str, Any], list[str]]:
    chance = Random(kills)
    killed: list[str] = []
    with running(desk_of(folder)) as desk:
        while len(killed) < kills:
            time.sleep(0.3 + chance.random() * length / kills)
            assert desk.alive, f"the run was over after {killed}: {desk.errors.read_text()[-2000:]}"
            role = ROLES[len(killed) % len(ROLES)]
            if desk.kill(role):
                killed.append(role)
                if role == "desk":
                    desk.start()
        return desk.wait(300), killed


@pytest.mark.timeout(300)
def test_four_kills_change_nothing_of_what_is_hedged(tmp_path: Path) -> None:
    began = time.monotonic()
    with running(desk_of(tmp_path / "undisturbed")) as desk:
        expected = desk.wait()
    found, killed = disturbed(tmp_path / "disturbed", 4, time.monotonic() - began)
    assert set(killed) == set(ROLES)
    assert expected["orders"] > 50
    assert {key: found[key] for key in SAME} == {key: expected[key] for key in SAME}
