"""A process of a stepped run that dies within a turn: before or after its journal, its messages or a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from letrade.core import codec
from letrade.core.messages.base import Message
from letrade.core.process import Process
from letrade.core.stepping import member as members
from letrade.core.stepping.member import Member, Outlet
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import Solo
from tests.core.test_stepping import SPLITS, STEP_NS, Network, build, runner
from tests.core.worlds import ACTORS, CONTEXT, RandomTrades, node_of

CALLS = ("append", "messages", "signal")


class Killed(Exception):
    """Stands for kill -9: what the process did not do by now it never does."""


class CrashPoints:
    """Kills by seed, before or after one of the three calls with which a process has any effect."""

    def __init__(self, seed: int, one_in: int) -> None:
        self.random = Random(seed)
        self.one_in = one_in
        self.deaths: dict[tuple[str, str], int] = {}

    def at(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, with a chance to die at it."""

        def might_die(*arguments: Any) -> Any:
            dies = self.random.randrange(self.one_in) == 0
            before = self.random.random() < 0.5
            result = None if dies and before else call(*arguments)
            if dies:
                key = (name, "before" if before else "after")
                self.deaths[key] = self.deaths.get(key, 0) + 1
                raise Killed(*key)
            return result

        return might_die

    def arm(self, member: Member) -> Member:
        assert member.process.journal is not None
        member.process.journal.append = self.at("append", member.process.journal.append)  # type: ignore[method-assign]
        messages, signal = member.outlet
        member.outlet = Outlet(self.at("messages", self._torn(messages)), self.at("signal", signal))
        return member

    def _torn(self, send: Callable[[list[Message]], None]) -> Callable[[list[Message]], None]:
        """Sends that can end after any of their messages."""

        def one_by_one(messages: list[Message]) -> None:
            for message in messages:
                if self.random.randrange(4 * self.one_in) == 0:
                    self.deaths["messages", "within"] = self.deaths.get(("messages", "within"), 0) + 1
                    raise Killed("messages", "within")
                send([message])

        return one_by_one


async def live_and_die(
    name: str, split: dict[str, list[str]], network: Network, folder: Path, points: CrashPoints
) -> None:
    """One process, started again whenever it dies."""
    while True:
        member = network.members[name] = points.arm(build(name, split, network, folder))
        try:
            await runner(member)
            return
        except Killed:
            assert member.process.journal is not None
            member.process.journal.close()


async def run_world(split: dict[str, list[str]], network: Network, folder: Path, points: CrashPoints) -> None:
    for name in split:
        network.members[name] = build(name, split, network, folder)
    lives = [live_and_die(name, split, network, folder, points) for name in split]
    await asyncio.wait_for(asyncio.gather(*lives), 100)


@pytest.fixture(scope="module")
def expected() -> list[bytes]:
    """What one process that never dies publishes, sorted."""
    solo = Solo(
        Process("desk", node_of(list(ACTORS)), None, None), FeedReader([RandomTrades("feed", None, CONTEXT)]), STEP_NS
    )
    said: list[Message] = []
    while window := solo.next_window():
        said.extend(solo.run(window)[1])
    return sorted(codec.encode(message) for message in said)


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_death_at_any_step_of_the_protocol_changes_nothing(
    seed: int, tmp_path: Path, expected: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ASK_AGAIN_SECONDS", 0.005)
    points = CrashPoints(seed, one_in=60)
    network = Network(seed=seed, loss=0.0)
    asyncio.run(run_world(SPLITS[seed % 3], network, tmp_path, points))
    assert network.answers() == expected
    assert {(call, when) for call in CALLS for when in ("before", "after")} <= set(points.deaths)
