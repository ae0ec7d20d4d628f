"""Money moves between two venues, each a process of its own, while processes are killed: not a unit is lost or made."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from letrade.core import codec
from letrade.core.journal.files import read_segment, segment_paths
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.transfers import transfer_of
from tests.system.programs import Desk, running, until

ROLES = ("desk", "near", "far", "nats-server")
FAULTY = """
[venue.faults]
seed = {seed}
lose = 0.2
delay = 0.2
delay_time = "300ms"
repeat = 0.2
refuse = 0.1
"""
VENUE = """
[[venue]]
name = "{name}"
order_latency = "50ms"
response_latency = "5ms"
{worker}
{faults}
[[account]]
name = "{name}"
venue = "{name}"
balances = {{ USDT = "10000" }}
"""
ROUTE = """
[[route]]
name = "{giver}-{taker}"
from = "{giver}"
to = "{taker}"
currency = "USDT"
fee = "1"
minimum = "10"
latency = "2s"
fail_rate = 0.2
"""
REST = """
[desk]
name = "moving"
snapshot_every = "1s"

[[feed]]
name = "trades"
kind = "synthetic_trades"
names = ["near.BTC-USDT"]
trades_per_second = 100
duration = "{seconds}s"
speed = "{speed}"

[[actor]]
name = "mover"
class = "tests.system.mover.Mover"
instrument = "near.BTC-USDT"
account = "near"
other = "far"
most = {most}
largest = {largest}

[[actor]]
name = "execution"
order_timeout = "500ms"
"""


def desk_file(
    folder: Path, seconds: int, workers: bool, speed: str = "max", most: int = 100, largest: float = 6000.0
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = REST.format(seconds=seconds, speed=speed, most=most, largest=largest)
    for seed, name in enumerate(("near", "far")):
        worker = f'worker = "{name}"' if workers else ""
        text += VENUE.format(name=name, worker=worker, faults=FAULTY.format(seed=seed))
        text += f'[[worker]]\nname = "{name}"\n' if workers else ""
    text += ROUTE.format(giver="near", taker="far") + ROUTE.format(giver="far", taker="near")
    file = folder / "desk.toml"
    file.write_text(text)
    return file


def entries(desk: Desk) -> dict[str, CashEntry]:
    """By id, as execution booked them; none twice."""
    found: dict[str, CashEntry] = {}
    for path in segment_paths(desk.data / "desk" / "journal"):
        for turn in read_segment(path)[0]:
            for message in map(codec.decode, turn.outputs):
                if isinstance(message, CashEntry):
                    assert found.setdefault(message.entry_id, message).id == message.id
    return found


def total_of(summary: dict[str, Any]) -> Decimal:
    held = sum((Decimal(amounts["USDT"]) for amounts in summary["balances"].values()), Decimal(0))
    return held + Decimal(summary.get("in_transit", "0"))


def check(desk: Desk, summary: dict[str, Any]) -> None:
    """What is missing of the 20,000 are fees; every transfer that left has arrived or come back, once."""
    booked = entries(desk)
    parts: dict[str, list[str]] = {}
    for entry_id in booked:
        transfer_id, part = transfer_of(entry_id)
        parts.setdefault(transfer_id, []).append(part)
    ways = [sorted(each) for each in parts.values()]
    assert all(way in (["fee", "in", "out"], ["back", "fee", "fee-back", "out"]) for way in ways), ways
    assert ways.count(["fee", "in", "out"]) > 5
    assert ways.count(["back", "fee", "fee-back", "out"]) > 1
    fees = sum((entry.amount.decimal for entry in booked.values() if entry.origin == "fee"), Decimal(0))
    assert total_of(summary) == 20_000 + fees
    assert "ledger_mismatch" not in summary["alerts"]


def undisturbed(folder: Path, seconds: int, workers: bool) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    with running(Desk(folder, desk_file(folder, seconds, workers))) as desk:
        summary = desk.wait()
    check(desk, summary)
    return summary, time.monotonic() - began


def disturbed(folder: Path, seconds: int, kills: int, length: float) -> dict[str, Any]:
    chance = Random(7)
    with running(Desk(folder, desk_file(folder, seconds, workers=True))) as desk:
        for place in range(kills):
            time.sleep(0.3 + chance.random() * length / kills)
            assert desk.alive, f"the run was over after {place} kills: {desk.errors.read_text()[-2000:]}"
            role = ROLES[place % len(ROLES)]
            if desk.kill(role) and role == "desk":
                desk.start()
        summary = desk.wait(300)
    check(desk, summary)
    return summary


SAME = ("balances", "pnl", "refused", "result_hash", "alerts")


@pytest.mark.timeout(300)
def test_in_one_process_in_three_and_with_kills_the_same_money_is_moved(tmp_path: Path) -> None:
    alone, _ = undisturbed(tmp_path / "alone", 120, workers=False)
    apart, length = undisturbed(tmp_path / "apart", 120, workers=True)
    killed = disturbed(tmp_path / "killed", 120, 5, length)
    assert {key: apart[key] for key in SAME} == {key: alone[key] for key in SAME}
    assert {key: killed[key] for key in SAME} == {key: alone[key] for key in SAME}


@pytest.mark.timeout(180)
def test_by_the_clock_with_kills_of_the_desk_and_of_a_venue_nothing_is_lost(tmp_path: Path) -> None:
    file = desk_file(tmp_path, 100_000, workers=True, speed="live", most=50, largest=800.0)
    with running(Desk(tmp_path, file)) as desk:
        for role in ("far", "desk", "near", "desk"):
            time.sleep(3.0)
            until(lambda role=role: desk.kill(role), f"the process {role}")
            if role == "desk":
                desk.start()
        until(lambda: is_over(desk), "the end of all transfers", timeout=60.0)
        summary = desk.stop()
    check(desk, summary)


def is_over(desk: Desk) -> bool:
    """Whether all transfers have ended: none of the last five seconds has left or arrived."""
    booked = entries(desk)
    ends = [transfer_of(entry_id) for entry_id in booked]
    left = {transfer_id for transfer_id, part in ends if part == "out"}
    ended = {transfer_id for transfer_id, part in ends if part in ("in", "back")}
    newest = max((entry.time for entry in booked.values()), default=0)
    return left == ended and len(left) > 10 and time.time_ns() - newest > 5_000_000_000
