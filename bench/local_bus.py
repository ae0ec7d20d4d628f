"""How many messages a second does one process dispatch: to one subscriber, from actor to actor, and with mirroring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from letrade.core import codec
from letrade.core.actor import Actor, Context
from letrade.core.clock import process_cpu_ns
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.market import MarkPrice, Trade
from letrade.core.node import Node, directory_of
from letrade.core.stage import Stage

INSTRUMENT = "paper.BTC-USDT"
FEED = "feed"
POSTED_TOGETHER = 1_000
CONTEXT = Context("bench", "bench", 1, Catalogue(), None)


class Counter(Actor):
    """The least that a subscriber can do: it counts what it hears."""

    stage = Stage.STRATEGY
    heard = 0

    def on_trade(self, trade: Trade) -> None:
        self.heard += 1

    def on_mark_price(self, mark: MarkPrice) -> None:
        self.heard += 1


class Echo(Actor):
    """Answers each trade with a mark price: the first half of a hop from actor to actor."""

    stage = Stage.MARKET

    def on_trade(self, trade: Trade) -> None:
        self.publish(MarkPrice(instrument=INSTRUMENT, price=100.0))


class Maker(Actor):
    """Makes what Echo makes and keeps it: what is left of Echo's time without the hop."""

    stage = Stage.MARKET
    made: MarkPrice | None = None

    def on_trade(self, trade: Trade) -> None:
        self.made = MarkPrice(instrument=INSTRUMENT, price=100.0)


class BusFigures(NamedTuple):
    """Messages a second of user CPU, and nanoseconds of it for each message."""

    messages_per_second: float
    nanoseconds_each: float


def figures(messages: int, elapsed_ns: int) -> BusFigures:
    return BusFigures(messages * 1e9 / elapsed_ns, elapsed_ns / messages)


def trades(count: int) -> list[Trade]:
    """Stamped inputs of one feed, a microsecond apart."""
    return [
        Trade(
            instrument=INSTRUMENT, price=100.0, size=1.0, side=1, time=1_000 * sequence, source=FEED, epoch=1,
            sequence=sequence,
        )
        for sequence in range(1, count + 1)
    ]  # fmt: skip


def node_of(*actors: Actor) -> Node:
    """A process with these actors, and a feed's place."""
    node = Node(directory_of([(FEED, Stage.FEED), *((actor.name, actor.stage) for actor in actors)]))
    for actor in actors:
        node.add(actor)
    node.start(0)
    return node


def deliver(node: Node, messages: Sequence[Message], together: int = POSTED_TOGETHER) -> list[Message]:
    """Post and run, so many at a time; what was published in the last run."""
    said: list[Message] = []
    for start in range(0, len(messages), together):
        part = messages[start : start + together]
        for message in part:
            node.post(message)
        said = node.run(part[-1].time)
    return said


def _best(runs: int, run: Callable[[], int]) -> int:
    return min(run() for _ in range(runs))


def _elapsed_ns(node: Node, messages: Sequence[Message], together: int) -> int:
    start = process_cpu_ns()
    deliver(node, messages, together)
    return process_cpu_ns() - start


def one_subscriber(count: int = 200_000, runs: int = 5, together: int = POSTED_TOGETHER) -> BusFigures:
    """Stamped inputs to one Python handler, mirroring off. ValueError when not each came."""
    messages = trades(count)
    counter = Counter("counter", None, CONTEXT)

    def run() -> int:
        return _elapsed_ns(node_of(counter), messages, together)

    best = _best(runs, run)
    if counter.heard != runs * count:
        raise ValueError(f"expected {runs * count} messages to be heard, found {counter.heard}")
    return figures(count, best)


def mirrored(count: int = 200_000, runs: int = 5, together: int = POSTED_TOGETHER) -> BusFigures:
    """As `one_subscriber`, and each message is encoded once, for a link that goes nowhere."""
    messages = trades(count)
    counter = Counter("counter", None, CONTEXT)
    link = NullLink()

    def run() -> int:
        node = node_of(counter)
        start = process_cpu_ns()
        for first in range(0, count, together):
            part = messages[first : first + together]
            deliver(node, part, together)
            for message in part:
                link.publish("letrade.bench.md.trade.paper.BTC-USDT", codec.encode(message))
        return process_cpu_ns() - start

    best = _best(runs, run)
    if counter.heard != runs * count or link.sent != counter.heard:
        raise ValueError(f"expected {runs * count} messages, found {counter.heard} heard and {link.sent} sent")
    return figures(count, best)


class NullLink:
    """Takes what is published and lets it go."""

    sent = 0

    def publish(self, subject: str, payload: bytes) -> None:
        self.sent += 1


def hop(count: int = 200_000, runs: int = 5, together: int = POSTED_TOGETHER) -> BusFigures:
    """From `publish` in one handler to the handler of a higher stage; making the message is not counted."""
    messages = trades(count)
    counter = Counter("counter", None, CONTEXT)

    def with_hop() -> int:
        return _elapsed_ns(node_of(Echo("echo", None, CONTEXT), _Marks("marks", None, CONTEXT)), messages, together)

    def without() -> int:
        return _elapsed_ns(node_of(Maker("maker", None, CONTEXT)), messages, together)

    del counter
    return figures(count, _best(runs, with_hop) - _best(runs, without))


class _Marks(Actor):
    stage = Stage.STRATEGY
    heard = 0

    def on_mark_price(self, mark: MarkPrice) -> None:
        self.heard += 1


if __name__ == "__main__":
    for measure in (one_subscriber, mirrored, hop):
        found = measure()
        print(f"{measure.__name__:16} {found.messages_per_second / 1e6:6.2f} M/s {found.nanoseconds_each:8.0f} ns each")
