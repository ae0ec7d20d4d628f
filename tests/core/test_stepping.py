"""One process or several, killed or not, over a network that loses, repeats and delays: the same messages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest
from letrade.core import codec
from letrade.core.journal.files import Journal
from letrade.core.journal.snapshots import SnapshotStore
from letrade.core.messages.base import Message
from letrade.core.messages.registry import tag
from letrade.core.process import Process
from letrade.core.stepping import barrier as barriers
from letrade.core.stepping import member as members
from letrade.core.stepping.leader import Leader
from letrade.core.stepping.member import Member, Outlet
from letrade.core.stepping.plan import phases_of
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import Solo
from tests.core.worlds import ACTORS, CONTEXT, RandomTrades, node_of

STEP_NS = 100_000
ALL = {"desk": list(ACTORS)}
SPLITS: list[dict[str, list[str]]] = [
    {"desk": ["averager", "purse", "payer"], "one": ["low"], "two": ["middle"]},
    {"desk": ["low", "middle"], "one": ["averager", "purse"], "two": ["payer"]},
    {"desk": [], "one": ["averager", "low", "payer"], "two": ["middle", "purse"]},
]


def line(message: Message) -> bytes:
    return codec.encode(message)


def reader() -> FeedReader:
    return FeedReader([RandomTrades("feed", None, CONTEXT)])


@pytest.fixture(scope="module")
def expected() -> list[bytes]:
    """What one process without a journal publishes, sorted: the order between processes is not defined."""
    solo = Solo(Process("desk", node_of(list(ACTORS)), None, None), reader(), STEP_NS)
    said: list[bytes] = []
    while window := solo.next_window():
        said.extend(line(message) for message in solo.run(window)[1])
    assert len(said) > 3_000
    return sorted(said)


class Network:
    """Carries messages between members of one event loop; loses, repeats and delays by seed."""

    def __init__(self, seed: int, loss: float) -> None:
        self.random = Random(seed)
        self.loss = loss
        self.members: dict[str, Member] = {}
        self.said: dict[tuple[str, int], bytes] = {}

    def outlet(self, name: str) -> Outlet:
        return Outlet(lambda messages: self.carry(name, messages), lambda signal: self.call(name, signal))

    def carry(self, sender: str, messages: list[Message]) -> None:
        for message in messages:
            payload = codec.encode(message)
            known = self.said.setdefault((message.source, message.sequence), payload)
            assert known == payload, "the same message was sent twice, and differently"
            for name, member in self.members.items():
                if name != sender and tag(type(message)) in member.barrier.wanted:
                    self._deliver(lambda to=member, data=payload: to.receive(codec.decode(data), data))

    def call(self, sender: str, signal: Any) -> None:
        for name, member in self.members.items():
            if name != sender:
                self._deliver(lambda member=member: member.hear(signal))

    def _deliver(self, action: Any) -> None:
        loop = asyncio.get_running_loop()
        if self.random.random() >= self.loss:
            loop.call_soon(action)
        if self.random.random() < self.loss:
            loop.call_later(self.random.random() * 0.02, action)


def build(name: str, split: dict[str, list[str]], network: Network, folder: Path | None) -> Member:
    node = node_of(split[name])
    journal = Journal(folder / name / "journal", fsync="never") if folder else None
    process = Process(name, node, journal, SnapshotStore(folder / name / "snapshots") if folder else None)
    phases = phases_of((home, ACTORS[actor][0]) for home, actors in split.items() for actor in actors)
    home = {actor: process_name for process_name, actors in split.items() for actor in actors}
    wanted = frozenset(tag(kind) for kind in node.kinds())
    barrier = barriers.Barrier(name, "desk", phases, wanted, home)
    if name == "desk":
        return Leader(process, barrier, network.outlet(name), reader(), STEP_NS, frozenset({"feed"}))
    return Member(process, barrier, network.outlet(name))


async def lead(leader: Leader) -> None:
    leader.recover()
    leader.rejoin()
    await leader.finish_window()
    while window := await leader.next_window():
        await leader.run_window(window)
        if window.number % 97 == 0:
            leader.process.snapshot()
    leader.end()
    leader.finished = True


async def follow(member: Member) -> None:
    member.process.recover()
    await member.follow()


def runner(member: Member) -> Any:
    return lead(member) if isinstance(member, Leader) else follow(member)


async def run_split(split: dict[str, list[str]], network: Network, folder: Path | None, kills: int) -> None:
    for name in split:
        network.members[name] = build(name, split, network, folder)
    tasks = {name: asyncio.create_task(runner(member)) for name, member in network.members.items()}
    victims = Random(kills)
    for _ in range(kills):
        await asyncio.sleep(victims.random() * 0.05)
        name = victims.choice(sorted(split))
        if tasks["desk"].done():
            break
        tasks[name].cancel()
        await asyncio.gather(tasks[name], return_exceptions=True)
        network.members[name] = build(name, split, network, folder)
        tasks[name] = asyncio.create_task(runner(network.members[name]))
    await asyncio.wait_for(asyncio.gather(*tasks.values()), 60)


@pytest.mark.parametrize("split", SPLITS)
def test_several_processes_say_what_one_says(split: dict[str, list[str]], expected: list[bytes]) -> None:
    network = Network(seed=1, loss=0.0)
    asyncio.run(run_split(split, network, None, kills=0))
    said = [payload for (source, _), payload in network.said.items() if source != "feed"]
    assert sorted(said) == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_loss_repetition_and_delay_change_nothing(
    seed: int, expected: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ASK_AGAIN_SECONDS", 0.005)
    network = Network(seed=seed, loss=0.002)
    asyncio.run(run_split(SPLITS[seed % 3], network, None, kills=0))
    said = [payload for (source, _), payload in network.said.items() if source != "feed"]
    assert sorted(said) == expected


@pytest.mark.parametrize("seed", range(1, 7))
def test_processes_that_die_anywhere_come_back_and_go_on(
    seed: int, tmp_path: Path, expected: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ASK_AGAIN_SECONDS", 0.005)
    network = Network(seed=seed, loss=0.001)
    asyncio.run(run_split(SPLITS[seed % 3], network, tmp_path, kills=8))
    said = [payload for (source, _), payload in network.said.items() if source != "feed"]
    assert sorted(said) == expected
