"""The desk is killed between the two legs of a pair; venues and market live on. No leg stands alone for too long."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from letrade.core import codec
from letrade.core.journal.files import read_segment, segment_paths
from letrade.core.messages.base import Message
from letrade.core.messages.orders import Fill
from letrade.core.messages.venue import VenueFill, VenueState, VenueSubmit
from tests.system.programs import Desk, command, until
from tests.system.servers import NatsServer

SECOND = 1_000_000_000
BOUND_SECONDS = 8
SPOT, PERP = "near.BTC-USDT", "far.BTC-USDT_USDT"
TEXT = f"""
[desk]
name = "pair"
on_stop = "keep"
snapshot_every = "1s"

[[venue]]
name = "near"
order_latency = "20ms"
response_latency = "5ms"
worker = "near"

[[venue]]
name = "far"
order_latency = "1500ms"
response_latency = "5ms"
worker = "far"
FAULTS

[[worker]]
name = "near"
external = true

[[worker]]
name = "far"
external = true

[[worker]]
name = "market"
feeds = ["trades"]
external = true

[[account]]
name = "spot"
venue = "near"
balances = {{ USDT = "100000" }}

[[account]]
name = "perp"
venue = "far"
balances = {{ USDT = "100000" }}

[[feed]]
name = "trades"
kind = "synthetic_trades"
names = ["{SPOT}", "{PERP}"]
trades_per_second = 20
duration = "100000s"
speed = "live"

[[actor]]
name = "pair"
class = "letrade.actors.strategies.delta_neutral.DeltaNeutral"
instrument = "{SPOT}"
account = "spot"
hedge = "{PERP}"
hedge_account = "perp"
size = 5.0
naked_max = "{BOUND_SECONDS}s"
patience = "1h"

[[actor]]
name = "execution"
order_timeout = "4s"
"""
REFUSES = "[venue.faults]\nrefuse = 1.0"


class Pair:
    """nats-server, two venues and a market as processes of their own, and a desk that trades a pair in them."""

    def __init__(self, folder: Path, faults: str) -> None:
        self.folder = folder
        self.file = folder / "desk.toml"
        self.file.write_text(TEXT.replace("FAULTS", faults))
        self.server = NatsServer(folder / "nats")
        self.desk = Desk(folder, self.file, "--nats", self.server.url)
        self.outside: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """The market opens once the desk and both venues know each other."""
        self.server.start()
        self.worker("near")
        self.worker("far")
        self.desk.start()
        until(lambda: self.answered() == {"spot", "perp"}, "the venues' answers", timeout=60.0)
        self.worker("market")

    def worker(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            words = command("worker", name, self.file, "--nats", self.server.url, "--data-dir", self.folder / "out")
            self.outside.append(subprocess.Popen(words, stdout=log, stderr=log))

    def answered(self) -> set[str]:
        return {m.account for m, out in self.journal("desk") if not out and isinstance(m, VenueState)}

    def end(self) -> None:
        self.desk.end()
        for process in self.outside:
            process.terminate()
        for process in self.outside:
            process.wait(20)
        self.server.kill()

    def journal(self, process: str) -> Iterator[tuple[Message, bool]]:
        """(message, whether it was an output) of all turns of a process."""
        root = self.desk.data if process == "desk" else self.folder / "out"
        for path in segment_paths(root / process / "journal"):
            for turn in read_segment(path)[0]:
                yield from ((codec.decode(payload), False) for payload in turn.inputs)
                yield from ((codec.decode(payload), True) for payload in turn.outputs)

    def traded(self, venue: str) -> list[VenueFill]:
        """Each trade once, however often it was told."""
        told = [m for m, out in self.journal(venue) if out and isinstance(m, VenueFill)]
        return list({each.trade_id: each for each in reversed(told)}.values())

    def fills(self) -> list[tuple[int, str, float]]:
        """(time at the venue, venue, signed size) of every trade, in the order of time."""
        found = [(each.time, venue, each.side * each.size) for venue in ("near", "far") for each in self.traded(venue)]
        return sorted(found)

    def held(self) -> tuple[float, float]:
        sums = Counter[str]()
        for _, venue, size in self.fills():
            sums[venue] += size  # type: ignore[assignment]
        return round(sums["near"], 8), round(sums["far"], 8)


def killed_between_the_legs(folder: Path, faults: str, dead_seconds: float) -> tuple[Pair, int]:
    """The world after it, stopped; and when the desk came back."""
    pair = Pair(folder, faults)
    try:
        pair.start()
        until(lambda: pair.traded("near"), "the fill of the first leg")
        assert pair.desk.kill("desk")
        assert pair.traded("far") == [], "the second leg was filled before the kill"
        time.sleep(dead_seconds)
        back = time.time_ns()
        pair.desk.start()
        until(lambda: settled(pair), "a pair in proportion, and known to the desk", timeout=3.0 * BOUND_SECONDS)
        time.sleep(2.0)
        pair.desk.stop()
    finally:
        pair.end()
    return pair, back


def settled(pair: Pair) -> bool:
    near, far = pair.held()
    known = [m for m, out in pair.journal("desk") if out and isinstance(m, Fill)]
    return near == -far and len(known) == len(pair.fills())


def naked_until(pair: Pair) -> int:
    """The end of the last time that one leg stood alone."""
    near = far = 0.0
    ended = 0
    for at, venue, size in pair.fills():
        before = near + far
        near, far = near + size * (venue == "near"), far + size * (venue == "far")
        if abs(before) > 1e-9:
            ended = at
    assert abs(near + far) < 1e-9
    return ended


def check(pair: Pair, back: int) -> None:
    """Alone no longer than the bound after the restart; each order at its venue once, each fill booked once."""
    assert naked_until(pair) - back <= BOUND_SECONDS * SECOND
    for venue in ("near", "far"):
        reached = Counter(m.client_order_id for m, out in pair.journal(venue) if not out and isinstance(m, VenueSubmit))
        assert set(reached.values()) == {1}
        traded = [(each.account, each.trade_id) for each in pair.traded(venue)]
        booked = Counter(
            (m.account, m.trade_id)
            for m, out in pair.journal("desk")
            if out and isinstance(m, Fill) and m.instrument.startswith(venue)
        )
        assert sorted(booked) == sorted(traded)
        assert set(booked.values()) <= {1}


@pytest.mark.timeout(120)
def test_the_other_leg_fills_while_the_desk_is_dead_and_the_pair_is_whole(tmp_path: Path) -> None:
    pair, back = killed_between_the_legs(tmp_path, "", dead_seconds=2.0)
    check(pair, back)
    assert pair.held() == (5.0, -5.0)


@pytest.mark.timeout(120)
def test_the_other_leg_is_refused_while_the_desk_is_dead_and_the_first_is_undone(tmp_path: Path) -> None:
    pair, back = killed_between_the_legs(tmp_path, REFUSES, dead_seconds=2.0)
    check(pair, back)
    assert pair.held() == (0.0, 0.0)


@pytest.mark.timeout(120)
def test_a_desk_that_comes_back_after_the_bound_to_a_whole_pair_leaves_it_whole(tmp_path: Path) -> None:
    pair, back = killed_between_the_legs(tmp_path, "", dead_seconds=BOUND_SECONDS + 2.0)
    check(pair, back)
    assert pair.held() == (5.0, -5.0)
    assert len(pair.fills()) == 2


@pytest.mark.timeout(120)
def test_a_desk_that_comes_back_after_the_bound_acts_at_once(tmp_path: Path) -> None:
    pair, back = killed_between_the_legs(tmp_path, REFUSES, dead_seconds=BOUND_SECONDS + 2.0)
    check(pair, back)
    assert pair.held() == (0.0, 0.0)
    assert naked_until(pair) - back < BOUND_SECONDS * SECOND  # to wait for the bound anew takes as long at least
