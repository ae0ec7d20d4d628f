"""One process or several, killed or not, over a network that loses, repeats and delays: the same messages."""

from __future__ import annotations

import asyncio
from collections import Counter
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
from letrade.core.stepping.signals import Closed, Missing
from letrade.core.stepping.window import Solo
from tests.core.worlds import ACTORS, CONTEXT, RandomTrades, node_of

STEP_NS = 100_000
SPLITS: list[dict[str, list[str]]] = [
    {"desk": ["averager", "purse", "payer"], "one": ["low"], "two": ["middle"]},
    {"desk": ["low", "middle"], "one": ["averager", "purse"], "two": ["payer"]},
    {"desk": [], "one": ["averager", "low", "payer"], "two": ["middle", "purse"]},
]


SNAPSHOT_EVERY_WINDOWS = 23


def reader() -> FeedReader:
    return FeedReader([RandomTrades("feed", None, CONTEXT)])


@pytest.fixture(scope="module")
def expected() -> list[bytes]:
    """What one process without a journal publishes, sorted: the order between processes is not defined."""
    solo = Solo(Process("desk", node_of(list(ACTORS)), None, None), reader(), STEP_NS)
    said: list[Message] = []
    windows = 0
    while window := solo.next_window():
        windows += 1
        said.extend(solo.run(window)[1])
    kinds = Counter(tag(type(message)) for message in said)
    assert windows > 150
    assert min(kinds[kind] for kind in ("features", "target", "order_refused", "proposal", "cash_entry")) > 50
    return sorted(codec.encode(message) for message in said)


class Network:
    """Carries messages between members of one event loop; loses, repeats and delays by seed."""

    def __init__(self, seed: int, loss: float) -> None:
        self.random = Random(seed)
        self.loss = loss
        self.members: dict[str, Member] = {}
        self.said: dict[tuple[str, int], bytes] = {}
        self.events: Counter[str] = Counter()

    def outlet(self, name: str) -> Outlet:
        return Outlet(lambda messages: self.carry(name, messages), lambda signal: self.call(name, signal))

    def carry(self, sender: str, messages: list[Message]) -> None:
        for message in messages:
            payload = codec.encode(message)
            known = self.said.setdefault((message.source, message.sequence), payload)
            assert known == payload, "the same message was sent twice, and differently"
            self.events["sent again"] += known is not payload
            for name, member in self.members.items():
                if name != sender and tag(type(message)) in member.barrier.wanted:
                    self._deliver(lambda to=member, data=payload: to.receive(codec.decode(data), data))

    def call(self, sender: str, signal: Any) -> None:
        process = self.members[sender].process
        if isinstance(signal, Closed) and signal.number % SNAPSHOT_EVERY_WINDOWS == 0 and process.snapshots:
            process.snapshot()
            self.events["snapshots"] += 1
        self.events["asked again"] += isinstance(signal, Missing)
        for name, member in self.members.items():
            if name != sender:
                self._deliver(lambda member=member: member.hear(signal))

    def _deliver(self, action: Any) -> None:
        loop = asyncio.get_running_loop()
        if self.random.random() >= self.loss:
            loop.call_soon(action)
        else:
            self.events["lost"] += 1
        if self.random.random() < self.loss:
            loop.call_later(self.random.random() * 0.02, action)
            self.events["repeated late"] += 1

    def answers(self) -> list[bytes]:
        """What the actors said, sorted."""
        return sorted(payload for (source, _), payload in self.said.items() if source != "feed")


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
    leader.end()
    leader.finished = True


async def follow(member: Member) -> None:
    member.process.recover()
    await member.follow()


def runner(member: Member) -> Any:
    return lead(member) if isinstance(member, Leader) else follow(member)


async def run_split(
    split: dict[str, list[str]], network: Network, folder: Path | None, kills: list[tuple[int, list[str]]]
) -> None:
    """`kills` names the processes that die each time that so many messages have been sent."""
    for name in split:
        network.members[name] = build(name, split, network, folder)
    tasks = {name: asyncio.create_task(runner(member)) for name, member in network.members.items()}
    for point, names in kills:
        while len(network.said) < point:
            await asyncio.sleep(0)
            for task in tasks.values():
                assert not task.done(), f"it ended before it could be killed: {task.exception()!r}"
        for name in names:
            tasks[name].cancel()
        await asyncio.gather(*(tasks[name] for name in names), return_exceptions=True)
        for name in names:
            network.events["duplicates"] += network.members[name].process.duplicates
            network.members[name] = build(name, split, network, folder)
            tasks[name] = asyncio.create_task(runner(network.members[name]))
        network.events["killed"] += len(names)
    await asyncio.wait_for(asyncio.gather(*tasks.values()), 60)
    network.events["duplicates"] += sum(member.process.duplicates for member in network.members.values())


@pytest.mark.parametrize("split", SPLITS)
def test_several_processes_say_what_one_says(split: dict[str, list[str]], expected: list[bytes]) -> None:
    network = Network(seed=1, loss=0.0)
    asyncio.run(run_split(split, network, None, []))
    assert network.answers() == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_loss_repetition_and_delay_change_nothing(
    seed: int, expected: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ASK_AGAIN_SECONDS", 0.005)
    network = Network(seed=seed, loss=0.01)
    asyncio.run(run_split(SPLITS[seed % 3], network, None, []))
    assert network.answers() == expected
    happened = ("lost", "repeated late", "asked again", "sent again", "duplicates")
    assert {name: network.events[name] > 0 for name in happened} == dict.fromkeys(happened, True)


@pytest.mark.parametrize("seed", range(1, 7))
def test_processes_that_die_anywhere_come_back_and_go_on(
    seed: int, tmp_path: Path, expected: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "ASK_AGAIN_SECONDS", 0.005)
    network = Network(seed=seed, loss=0.002)
    split = SPLITS[seed % 3]
    chance = Random(seed)
    points = sorted(chance.sample(range(20, len(expected)), 8))
    kills = [(point, chance.sample(sorted(split), chance.choice((1, 1, 2, 3)))) for point in points]
    asyncio.run(run_split(split, network, tmp_path, kills))
    assert network.answers() == expected
    assert network.events["killed"] == sum(len(names) for _, names in kills)
    assert network.events["snapshots"] > len(split)
