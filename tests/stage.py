"""A stage for actors in tests: real actors in a real node, told messages, asked what they said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import force_setattr

from letrade.core.actor import Actor, Context
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.market import Instrument
from letrade.core.node import Node, Place, directory_of
from letrade.core.stage import Stage

BTC = Instrument(
    instrument="paper.BTC-USDT", kind="spot", base="BTC", quote="USDT", settle="USDT", tick="0.01", lot="0.00001"
)
PERP = Instrument(
    instrument="paper.BTC-USDT_USDT", kind="linear", base="BTC", quote="USDT", settle="USDT", tick="0.1", lot="0.001"
)


def context(*instruments: Instrument, settings: Any = None, seed: int = 1) -> Context:
    """What actors may know of a test's desk."""
    return Context("test", "test-uid", seed, Catalogue(instruments or (BTC, PERP)), settings)


class StageOf:
    """Actors in desk-file order; `tell` runs messages through them window by window and returns what was published."""

    def __init__(self, *actors: Actor, step_ns: int = 1_000_000, sources: Sequence[tuple[str, Stage]] = ()) -> None:
        names: dict[str, Place] = directory_of([*sources, *((actor.name, actor.stage) for actor in actors)])
        self.node = Node(names)
        self.step_ns = step_ns
        self.sequence = 0
        for actor in actors:
            self.node.add(actor)
        self.node.start(0)

    def tell(self, *messages: Message, until: int | None = None) -> list[Message]:
        """Post messages (stamping a time order and a source where they have none) and settle."""
        for message in messages:
            self.sequence += 1
            if not message.source:
                force_setattr(message, "source", "test")
            if not message.sequence:
                force_setattr(message, "sequence", self.sequence)
            self.node.post(message)
        last = max((message.time for message in messages), default=0)
        return self.settle(max(last, until or 0))

    def settle(self, until: int) -> list[Message]:
        """Run all windows that start at or before `until`."""
        said: list[Message] = []
        self.node.resume(0)
        while (time := self.node.next_time()) is not None and time <= until + self.step_ns:
            start = time - time % self.step_ns
            self.node.floor = start
            said.extend(self.node.run(start + self.step_ns - 1))
            self.node.resume(start + self.step_ns)
        return said


def of_kind(messages: Iterable[Message], kind: type[Message]) -> list[Any]:
    return [message for message in messages if type(message) is kind]
