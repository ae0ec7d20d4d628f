"""A forged approval, a dead RiskManager, a halt, a market that fell silent: nothing opens, and everything may close."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats
import pytest

from letrade.core import codec
from letrade.core.engine.requests import open_positions
from letrade.core.messages.orders import ApprovedOrder, OrderIntent
from tests.system.desks import TRADES_FEED, WORKER, desk_text, write
from tests.system.programs import Desk, letrade, until
from tests.system.servers import NatsServer

INSTRUMENT = "binance.BTC-USDT_USDT"


class Trading:
    """A desk that trades by the clock, over a nats-server without users, with RiskManager in a process of its own."""

    def __init__(self, folder: Path) -> None:
        feed = TRADES_FEED.format(seconds=100_000, speed="live").replace("_second = 100", "_second = 50")
        guard = WORKER.format(name="guard", actors='["risk"]').replace("restarts = 1000", "restarts = 0")
        market = WORKER.format(name="market", actors="[]").replace("actors = []", 'feeds = ["recorded"]')
        text = desk_text(feed, name="safety", cash="100000", extra=guard + market)
        self.server = NatsServer(folder / "nats")
        self.desk = Desk(folder, write(folder, text), "--nats", self.server.url)

    def status(self) -> dict[str, Any]:
        answer = letrade("status", "--data-dir", self.desk.data, "--json")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        told: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
        return told

    def fills(self) -> int:
        return int(self.status()["fills"])

    def flatten(self) -> dict[str, Any]:
        answer = letrade("flatten", "--data-dir", self.desk.data, "--json")
        told: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
        return told

    def ask(self, verb: str, **payload: Any) -> dict[str, Any]:
        """With plain NATS, as any program may."""

        async def asked() -> bytes:
            link = await nats.connect(self.server.url)
            reply = await link.request(f"letrade.safety.req.{verb}", json.dumps(payload).encode(), timeout=10)
            await link.close()
            return reply.data

        told: dict[str, Any] = json.loads(asyncio.run(asked()))
        return told

    def publish(self, subject: str, payload: bytes) -> None:
        async def published() -> None:
            link = await nats.connect(self.server.url)
            await link.publish(subject, payload)
            await link.flush()
            await link.close()

        asyncio.run(published())


@pytest.fixture
def trading(tmp_path: Path) -> Iterator[Trading]:
    world = Trading(tmp_path)
    world.server.start()
    world.desk.start()
    try:
        until(lambda: (world.desk.data / "run.json").exists(), "the desk's start")
        until(lambda: world.fills() > 3, "trading", 60)
        yield world
    finally:
        world.desk.end()
        world.server.kill()


def held(status: dict[str, Any]) -> list[Any]:
    """Shares that cancel each other out are nothing that could be closed."""
    return open_positions(status["positions"], "*")


def test_a_forged_approval_is_refused_counted_and_shown(trading: Trading) -> None:
    forged = ApprovedOrder(
        strategy="alpha", account="paper", instrument=INSTRUMENT, approval=10_000, opening=True, time=1,
        source="risk", epoch=1_000, sequence=10**9, cause="nobody:1:1",
        order=OrderIntent(order_id="alpha.999999.1", side=1, size=5.0),
    )  # fmt: skip
    subject = f"letrade.safety.do.approved_order.alpha.paper.{INSTRUMENT}"
    trading.publish(subject, codec.encode(forged))
    stranger = ApprovedOrder(
        strategy="alpha", account="paper", instrument=INSTRUMENT, approval=1, opening=True, time=1, source="mallory",
        epoch=1, sequence=1, order=OrderIntent(order_id="alpha.999998.1", side=1, size=5.0),
    )  # fmt: skip
    trading.publish(subject, codec.encode(stranger))
    shown = until(lambda: _counted(trading.status(), "forged"), "the alert")
    assert shown
    assert until(lambda: _counted(trading.status(), "approval_gap", "forged_approval"), "the refused approval")
    assert all(float(each["quantity"]) < 4 for each in held(trading.status()))


def _counted(status: dict[str, Any], *codes: str) -> int:
    counts = {**status.get("alert_counts", {})}
    for code in codes:
        counts[code] = counts.get(code, 0) + sum(1 for alert in status["alerts"] if alert["code"] == code)
    return sum(counts.get(code, 0) for code in codes)


def test_with_risk_manager_dead_nothing_opens_and_flatten_reaches_flat(trading: Trading) -> None:
    until(lambda: held(trading.status()), "a position")
    assert trading.desk.kill("guard")
    until(lambda: _counted(trading.status(), "worker_given_up"), "the news of its death")
    told = trading.flatten()
    assert told["ok"], told
    assert held(trading.status()) == []
    fills = trading.fills()
    until(lambda: trading.status()["time"] > 0 and _later(trading, 3), "three more seconds of market")
    assert held(trading.status()) == []
    assert trading.fills() == fills


def test_a_halt_stops_opening_survives_a_kill_and_lets_flatten_through(trading: Trading) -> None:
    assert trading.ask("halt", reason="test")["ok"]
    told = trading.flatten()
    assert told.get("ok"), told
    fills = trading.fills()
    assert trading.desk.kill("desk")
    trading.desk.start()
    until(lambda: (trading.desk.data / "run.json").exists() and trading.desk.alive, "the restart")
    until(lambda: letrade("status", "--data-dir", trading.desk.data).returncode == 0, "an answer")
    assert _later(trading, 4)
    assert trading.fills() == fills
    assert trading.ask("resume")["ok"]
    until(lambda: trading.fills() > fills, "trading again")


def test_a_market_that_falls_silent_lets_flatten_through(trading: Trading) -> None:
    until(lambda: held(trading.status()), "a position")
    assert trading.desk.kill("market")
    assert trading.flatten()["ok"]
    assert held(trading.status()) == []


def _later(trading: Trading, seconds: float) -> bool:
    """Let the desk's own time go on."""
    uptime = trading.status()["uptime_seconds"]
    return bool(until(lambda: trading.status()["uptime_seconds"] > uptime + seconds, "time to pass"))
