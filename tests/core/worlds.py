"""A small world of actors for tests of dispatch and stepping: chains, feedback, timers and rivals for one resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from letrade.core.actor import Actor, Context
from letrade.core.feed import Feed
from letrade.core.ids import generator
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.features import Features
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import CashEntry, OrderRefused, Proposal
from letrade.core.messages.signals import Target
from letrade.core.money import money
from letrade.core.node import Node, Place, directory_of
from letrade.core.stage import Stage

INSTRUMENT = "x.A-B"
CONTEXT = Context("test", "uid", 7, Catalogue(), None)


class RandomTrades(Feed):
    """Trades at irregular times, some of them at the same one."""

    count = 400

    def messages(self) -> Iterator[Message]:
        chance = generator(CONTEXT.seed, self.name)
        time = 1_000_000
        for sequence in range(1, self.count + 1):
            time += chance.choice((0, 1, 700, 20_000, 300_000))
            price = float(chance.randint(90, 110))
            yield Trade(
                instrument=INSTRUMENT, price=price, size=1.0, time=time, source=self.name, epoch=1, sequence=sequence
            )


class Averager(Actor):
    """A feature: the mean of the last four prices; also speaks by timer."""

    stage = Stage.FEATURE

    def __init__(self, name: str) -> None:
        super().__init__(name, None, CONTEXT)
        self.prices: list[float] = []

    def start(self) -> None:
        self.set_timer(self.now() + 150_000, "tick")

    def on_trade(self, trade: Trade) -> None:
        self.prices = [*self.prices[-3:], trade.price]
        self.publish(self._features("mean"))

    def on_timer(self, timer: Timer) -> None:
        self.publish(self._features("tick"))
        if self.now() < 12_000_000:
            self.set_timer(self.now() + 150_000, timer.key)

    def _features(self, name: str) -> Features:
        mean = sum(self.prices) / max(1, len(self.prices))
        return Features(
            instrument=INSTRUMENT, feature_set=name, names=("mean",), values=(mean,), price=mean, bar_end=0, count=1
        )

    def state(self) -> Any:
        return self.prices

    def restore(self, state: Any) -> None:
        self.prices = list(state)


class Wisher(Actor):
    """A strategy: wants more when the mean is low, and remembers what it was refused."""

    stage = Stage.STRATEGY

    def __init__(self, name: str, threshold: float) -> None:
        super().__init__(name, None, CONTEXT)
        self.threshold = threshold
        self.signals = 0
        self.refused = 0

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return strategy in ("-", self.name)

    def on_features(self, features: Features) -> None:
        if features.price < self.threshold:
            self.signals += 1
            self.publish(
                Target(
                    strategy=self.name, account="a", instrument=INSTRUMENT, signal=self.signals,
                    position=features.price + self.refused,
                )
            )  # fmt: skip

    def on_order_refused(self, refused: OrderRefused) -> None:
        self.refused += 1

    def state(self) -> Any:
        return [self.signals, self.refused]

    def restore(self, state: Any) -> None:
        self.signals, self.refused = state


class Purse(Actor):
    """Capital: grants while there is cash; who comes first gets it."""

    stage = Stage.CAPITAL

    def __init__(self, name: str) -> None:
        super().__init__(name, None, CONTEXT)
        self.cash = 500.0

    def on_target(self, target: Target) -> None:
        if target.position > self.cash:
            self.publish(
                OrderRefused(
                    strategy=target.strategy, account="a", instrument=INSTRUMENT, order_id=str(target.signal),
                    rule="cash", limit=str(self.cash), value=str(target.position),
                )
            )  # fmt: skip
            return
        self.cash -= target.position
        self.publish(Proposal(strategy=target.strategy, account="a", instrument=INSTRUMENT, signal=target.signal))

    def on_cash_entry(self, entry: CashEntry) -> None:
        self.cash += entry.amount.integer

    def state(self) -> Any:
        return self.cash

    def restore(self, state: Any) -> None:
        self.cash = state


class Payer(Actor):
    """Execution: pays back later, as a venue would."""

    stage = Stage.EXECUTION

    def on_proposal(self, proposal: Proposal) -> None:
        self.publish(
            CashEntry(
                strategy=proposal.strategy, account="a", instrument=INSTRUMENT, entry_id=str(proposal.signal),
                origin="transfer", amount=money("USDT", 97),
            ),
            at=self.now() + 170_000,
        )  # fmt: skip


ACTORS: dict[str, tuple[Stage, Callable[[], Actor]]] = {
    "averager": (Stage.FEATURE, lambda: Averager("averager")),
    "low": (Stage.STRATEGY, lambda: Wisher("low", 98.0)),
    "middle": (Stage.STRATEGY, lambda: Wisher("middle", 101.0)),
    "purse": (Stage.CAPITAL, lambda: Purse("purse")),
    "payer": (Stage.EXECUTION, lambda: Payer("payer", None, CONTEXT)),
}
DIRECTORY: dict[str, Place] = directory_of([(name, stage) for name, (stage, _) in ACTORS.items()])


def node_of(names: list[str]) -> Node:
    """A node with some of the world's actors; places are those of the whole desk."""
    node = Node(DIRECTORY)
    for name in names:
        node.add(ACTORS[name][1]())
    return node
