"""An actor for tests of dispatch that notes what it is told, and messages to tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from letrade.core.actor import Actor, Context
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.events import Alert
from letrade.core.messages.features import Features
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import CashEntry, Proposal
from letrade.core.messages.signals import Target
from letrade.core.node import Node, directory_of
from letrade.core.stage import Stage

CONTEXT = Context("test", "uid", 1, Catalogue(), None)
X = "x.A-B"
Told = Trade | Features | Target | Proposal | CashEntry | Alert | Timer


class Listener(Actor):
    """Notes what it is told, then does what the test says."""

    stage = Stage.MONITOR

    def __init__(self, name: str, stage: Stage, act: Callable[[Actor, Any], None] | None = None) -> None:
        super().__init__(name, None, CONTEXT)
        self.place = stage
        self.act = act
        self.heard: list[Any] = []

    def on_any(self, message: Told) -> None:
        self.heard.append(message)
        if self.act is not None:
            self.act(self, message)

    @property
    def times(self) -> list[int]:
        return [message.time for message in self.heard]


def node_of(*actors: Listener, feeds: tuple[tuple[str, Stage], ...] = (), failures_max: int = 10) -> Node:
    node = Node(directory_of([*feeds, *((each.name, each.place) for each in actors)]), failures_max=failures_max)
    for actor in actors:
        node.add(actor)
    node.start(0)
    return node


def trade(time: int, sequence: int, source: str = "feed", price: float = 1.0) -> Trade:
    return Trade(instrument=X, price=price, size=1.0, time=time, source=source, epoch=1, sequence=sequence)


def features(price: float = 1.0) -> Features:
    return Features(instrument=X, feature_set="f", names=(), values=(), price=price, bar_end=0, count=1)


def target(position: float = 1.0, strategy: str = "s") -> Target:
    return Target(strategy=strategy, account="a", instrument=X, signal=1, position=position)


def on(kind: type[Message], act: Callable[[Actor, Any], None]) -> Callable[[Actor, Any], None]:
    def when_told(actor: Actor, message: Any) -> None:
        if type(message) is kind:
            act(actor, message)

    return when_told
