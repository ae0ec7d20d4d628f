"""A process of random actors says the same, to the last byte, whether the compiled or the plain dispatch runs it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from letrade.core import codec
from letrade.core.actor import Actor, Context
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.events import Failure
from letrade.core.messages.features import Features
from letrade.core.messages.market import MarkPrice, Trade
from letrade.core.messages.signals import Target
from letrade.core.node import Node, Place
from letrade.core.stage import Stage
from tests.models.dispatch import SlowNode

CONTEXT = Context("test", "uid", 1, Catalogue(), None)
INSTRUMENTS = ("x.A-B", "x.C-D")
KEYS = ("one", "two", "three")
STEP = 50


class Chancer(Actor):
    """Does what its own dice say: publishes, also later and twice, sets and cancels timers, and sometimes raises."""

    def __init__(self, name: str, seed: int) -> None:
        super().__init__(name, None, CONTEXT)
        self.dice = random.Random(f"{name}{seed}")
        self.heard: list[tuple[int, str]] = []
        self.kept: list[Message] = []

    def start(self) -> None:
        self.set_timer(self.dice.randrange(100), "one")

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return strategy in ("-", self.name) or len(strategy) % 2 == 0

    def on_any(self, message: Trade | MarkPrice | Features | Target | Failure | Timer) -> None:
        self.heard.append((self.now(), repr(message)))
        dice = self.dice
        for _ in range(dice.choice((0, 0, 0, 1, 1, 2))):
            self._say(message)
        if dice.random() < 0.02:
            raise RuntimeError("unlucky")

    def _say(self, message: Message) -> None:
        dice, now = self.dice, self.now()
        deed = dice.randrange(9)
        if deed == 0:
            self.cancel_timer(dice.choice(KEYS))
        elif deed <= 3:
            self.set_timer(now + dice.randrange(-5, 300), dice.choice(KEYS), cause=dice.choice((None, "told:1:1")))
        elif deed == 4 and self.kept:
            self.publish(dice.choice(self.kept))
        else:
            said = self._made()
            self.kept.append(said)
            self.publish(said, at=dice.choice((None, None, now - 3, now + 40)), cause=dice.choice((None, "ä:1:2")))

    def _made(self) -> Message:
        dice = self.dice
        instrument = dice.choice(INSTRUMENTS)
        price: Any = dice.choice((1.0, 2.5, 3, 1e15, 2e15 if dice.random() < 0.1 else 4.0))
        made: tuple[Message, ...] = (
            MarkPrice(instrument=instrument, price=price),
            Target(strategy=dice.choice(("s", "tt", self.name)), account="a", instrument=instrument, signal=1,
                   position=price),
            Features(instrument=instrument, feature_set="f", names=("n",), values=(price,), price=price, bar_end=0,
                     count=1),
        )  # fmt: skip
        return dice.choice(made)


def world(kind: type[Any], seed: int) -> Any:
    """A node with one or two actors of each stage; sources outside ASCII, and some that it does not know."""
    dice = random.Random(seed)
    stages = [Stage.FEED, *sorted(dice.choices([stage for stage in Stage if stage >= 0], k=6))]
    names = ["feed", *(f"actor{number}" if number % 3 else f"ä{number}" for number in range(6))]
    directory = {name: Place(stage, order) for order, (name, stage) in enumerate(zip(names, stages, strict=True))}
    node = kind(directory, failures_max=4)
    for name in names[1:]:
        node.add(Chancer(name, seed))
    node.start(0)
    return node


def inputs(seed: int) -> list[Message]:
    dice = random.Random(seed + 1)
    return [
        Trade(
            instrument=dice.choice(INSTRUMENTS), price=1.0, size=1.0, time=dice.randrange(2_000), epoch=1,
            source=dice.choice(("feed", "feed", "nobody", "ß")), sequence=dice.choice((number, number, 7)),
        )
        for number in range(1, 120)
    ]  # fmt: skip


def life(node: Any, seed: int) -> list[Any]:
    """All that can be seen of a run in windows, some of whose passes are over a part of the stages."""
    dice = random.Random(seed + 2)
    waiting = sorted(inputs(seed), key=lambda message: message.time + dice.randrange(-120, 1))
    seen: list[Any] = []
    for start in range(0, 2_500, STEP):
        node.floor = start
        while waiting and waiting[0].time < start + STEP:
            node.post(waiting.pop(0))
        for stages in dice.choice((((0, 8),), ((0, 3), (4, 8)), ((5, 8), (0, 8)))):
            seen.append([codec.encode(message) for message in node.run(start + STEP - 1, stages)])
            seen.append((node.next_time(), node.handled, node.latest))
        seen.append(node.resume(start + STEP))
    seen.extend(slot.actor.heard for slot in node.slots)
    seen.extend((slot.sequence, slot.failures, slot.stopped, slot.timers) for slot in node.slots)
    return seen


@pytest.mark.parametrize("seed", range(60))
def test_a_random_world_lives_the_same_life_in_both(seed: int) -> None:
    compiled, plain = life(world(Node, seed), seed), life(world(SlowNode, seed), seed)
    assert compiled == plain


def test_the_worlds_hold_what_they_should_prove() -> None:
    """Otherwise the test above would prove less than it says."""
    nodes = [world(SlowNode, seed) for seed in range(20)]
    for seed, node in enumerate(nodes):
        life(node, seed)
    assert min(node.handled for node in nodes) > 100
    assert sum(slot.failures for node in nodes for slot in node.slots) > 20
    assert sum(slot.stopped for node in nodes for slot in node.slots) > 5
    assert sum("Timer(" in told for node in nodes for slot in node.slots for _, told in slot.actor.heard) > 150


def test_what_is_no_message_is_refused_where_it_is_posted() -> None:
    node = world(Node, 1)
    with pytest.raises(TypeError, match="slots for its header"):
        node.post("no message")
    with pytest.raises(OverflowError):
        node.post(Trade(instrument="x.A-B", price=1.0, size=1.0, time=2**63, source="feed", sequence=1))


def test_what_is_no_message_is_the_failure_of_its_author() -> None:
    class Careless(Actor):
        def on_trade(self, trade: Trade) -> None:
            self.publish("no message")  # type: ignore[arg-type]

    node = Node({"careless": Place(Stage.STRATEGY, 0)})
    node.add(Careless("careless", None, CONTEXT))
    node.post(Trade(instrument="x.A-B", price=1.0, size=1.0, time=1, source="feed", sequence=1))
    (failure,) = node.run(1)
    assert isinstance(failure, Failure)
    assert "slots for its header" in failure.error
