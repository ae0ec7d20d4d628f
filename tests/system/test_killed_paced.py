"""By the clock, with a venue and a market that outlive the desk: whatever is killed, nothing is lost or late."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from letrade.core import codec
from letrade.core.journal.files import read_segment, segment_paths
from letrade.core.messages.accounts import Balance
from letrade.core.messages.base import Message
from letrade.core.messages.orders import ApprovedOrder, Fill, OrderUpdate, UnexplainedDifference
from letrade.core.messages.venue import VenueFill, VenueState, VenueSubmit
from tests.system.desks import TRADES_FEED, desk_text, write
from tests.system.programs import Desk, command, letrade, until
from tests.system.servers import NatsServer

LATE_NS = 2_000_000_000
"""max_age of execution, plus the order's latency and a loaded machine."""
EXTERNAL = """
[[worker]]
name = "market"
feeds = ["recorded"]
external = true

[[worker]]
name = "exchange"
external = true
"""


def desk_file(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    feed = TRADES_FEED.format(seconds=100_000, speed="live").replace("_second = 100", "_second = 50")
    text = desk_text(feed, name="paced", workers={"one": ["alpha", "beta"]}, cash="100000", extra=EXTERNAL)
    venue = '[[venue]]\nname = "binance"'
    return write(folder, text.replace(venue, f'{venue}\nworker = "exchange"'))


class World:
    """nats-server, venue and market as processes of their own, and a desk that trades in them."""

    def __init__(self, folder: Path) -> None:
        self.file = desk_file(folder)
        self.folder = folder
        self.server = NatsServer(folder / "nats")
        self.desk = Desk(folder, self.file, "--nats", self.server.url)
        self.outside: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.server.start()
        for name in ("exchange", "market"):
            with (self.folder / f"{name}.log").open("wb") as log:
                words = command(
                    "worker", name, self.file, "--nats", self.server.url, "--data-dir", self.folder / "outside"
                )
                self.outside.append(subprocess.Popen(words, stdout=log, stderr=log))
        self.desk.start()

    def end(self) -> None:
        self.desk.end()
        for process in self.outside:
            process.terminate()
        for process in self.outside:
            process.wait(20)
        self.server.kill()

    def status(self) -> dict[str, Any]:
        """The last line that the desk printed; {} before the first."""
        lines = self.desk.output.read_text().split("\n")[:-1]
        told: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        return told

    def fills(self) -> int:
        return sum(strategy["fills"] for strategy in self.status().get("strategies", []))

    def ask(self, verb: str) -> None:
        answer = letrade(verb, "--data-dir", self.desk.data, "--json")
        assert answer.returncode == 0, answer.stderr + answer.stdout

    def journal(self, process: str) -> Iterator[tuple[int, Message, bool]]:
        """(time of the turn, message, whether it was an output) of all turns of a process."""
        root = self.folder / "outside" if process == "exchange" else self.desk.data
        for path in segment_paths(root / process / "journal"):
            for turn in read_segment(path)[0]:
                for payload in turn.inputs:
                    yield turn.until, codec.decode(payload), False
                for payload in turn.outputs:
                    yield turn.until, codec.decode(payload), True


def disturb(world: World, kills: int, seed: int) -> list[str]:
    """Kill the desk, its worker and the nats-server, each in turn and then by chance."""
    chance = Random(seed)
    roles = ("desk", "one", "nats-server")
    killed: list[str] = []
    while len(killed) < kills:
        time.sleep(1.0 + chance.random() * 2)
        role = roles[len(killed)] if len(killed) < len(roles) else chance.choice(roles)
        if role == "nats-server":
            world.server.bounce(chance.random() * 2)
        elif not world.desk.kill(role):
            continue
        elif role == "desk":
            time.sleep(chance.random())
            world.desk.start()
        killed.append(role)
    return killed


def trade_through(folder: Path, kills: int, seed: int) -> World:
    """A world in which a desk traded, was killed so often, came back, and was paused and stopped in the end."""
    world = World(folder)
    try:
        world.start()
        until(lambda: world.fills() > 0, "fills")
        disturb(world, kills, seed)
        until(lambda: world.status().get("strategies"), "a status after the last kill")
        fills = world.fills()
        until(lambda: world.fills() > fills, "trading after the last kill")
        world.ask("pause")
        time.sleep(3.0)
        world.desk.stop()
    finally:
        world.end()
    return world


def check(world: World) -> None:
    """The venue's journal against the desk's: orders, fills and balances, each once, none late."""
    approved = Counter(m.order.order_id for _, m, out in world.journal("desk") if out and isinstance(m, ApprovedOrder))
    client_ids = {
        m.client_order_id: m.order_id for _, m, out in world.journal("desk") if out and isinstance(m, OrderUpdate)
    }
    submitted = [(turn, m) for turn, m, out in world.journal("exchange") if not out and isinstance(m, VenueSubmit)]
    reached = Counter(m.client_order_id for _, m in submitted)
    assert len(reached) > 10
    assert all(approved[client_ids[client_id]] == 1 for client_id in reached)
    assert set(reached.values()) == {1}
    late = [(turn - m.time) / 1e9 for turn, m in submitted if turn - m.time > LATE_NS]
    assert late == []
    traded = {m.trade_id for _, m, out in world.journal("exchange") if out and isinstance(m, VenueFill)}
    booked = Counter(m.trade_id for _, m, out in world.journal("desk") if out and isinstance(m, Fill))
    assert set(booked) == traded
    assert set(booked.values()) == {1}
    check_balances(world)


def check_balances(world: World) -> None:
    """Wherever the venue told its balance after n fills, ours was the same once the same n fills were booked."""
    numbers = {m.trade_id: m.fill_number for _, m, out in world.journal("exchange") if out and isinstance(m, VenueFill)}
    booked: list[int] = []
    ours: dict[int, Decimal] = {}
    for _, message, out in world.journal("desk"):
        assert not isinstance(message, UnexplainedDifference), message
        if out and isinstance(message, Fill):
            booked.append(numbers[message.trade_id])
        elif out and isinstance(message, Balance) and sorted(booked) == list(range(1, len(booked) + 1)):
            ours[len(booked)] = message.total.decimal
    told = {m.last_fill_number: m for _, m, out in world.journal("exchange") if out and isinstance(m, VenueState)}
    compared = [count for count in told if count in ours and count > 0]
    assert len(compared) > 1
    assert [told[count].balances[0].decimal for count in compared] == [ours[count] for count in compared]


@pytest.mark.timeout(240)
def test_five_kills_double_nothing_lose_nothing_and_send_nothing_late(tmp_path: Path) -> None:
    check(trade_through(tmp_path, kills=5, seed=1))


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2, 7))
def test_ten_kills_each_double_nothing_lose_nothing_and_send_nothing_late(tmp_path: Path, seed: int) -> None:
    check(trade_through(tmp_path, kills=10, seed=seed))
