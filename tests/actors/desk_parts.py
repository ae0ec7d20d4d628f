"""A whole trading desk on a stage: capital, risk, execution, ledger and a simulated venue, told what is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from letrade.actors.capital.manager import CapitalConfig, CapitalManager
from letrade.actors.execution.execution import Execution
from letrade.actors.execution.sending import ExecutionConfig
from letrade.actors.ledger.ledger import Ledger, LedgerConfig
from letrade.actors.risk.manager import RiskConfig, RiskManager
from letrade.actors.venue.simulated import SimulatedVenue, SimulatedVenueConfig
from letrade.core import node_state
from letrade.core.actor import Actor, Context
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.capital import Allocation
from letrade.core.config.capital import CapitalConfig as CapitalTable
from letrade.core.config.desk import DeskConfig, FaultsConfig, VenueConfig
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.messages.base import Message
from letrade.core.messages.market import Instrument, Trade
from letrade.core.messages.signals import Quotes, Target, WorkingQuote
from letrade.core.stage import Stage
from tests.stage import BTC, PERP, StageOf, context

SPOT, LINEAR = BTC.instrument, PERP.instrument
MS = 1_000_000
SECOND = 1_000 * MS
STEP = MS
OWNERS = ("capital", "risk", "execution", "ledger")


def settings(
    *,
    balances: dict[str, Decimal] | None = None,
    risk: RiskTable | None = None,
    allocations: Iterable[Allocation] = (),
    faults: FaultsConfig | None = None,
    **venue: Any,
) -> DeskConfig:
    """One paper venue with the accounts `main` and `other`; no limits unless given."""
    rich = {"USDT": Decimal(100_000)} if balances is None else balances
    return DeskConfig(
        venues=[
            VenueConfig(
                name="paper", order_latency=STEP, response_latency=STEP, faults=faults or FaultsConfig(), **venue
            )
        ],
        accounts=[AccountConfig(name=name, venue="paper", balances=rich) for name in ("main", "other")],
        risk=risk or RiskTable(stale_after=None),
        capital=CapitalTable(allocations=list(allocations)),
    )


def owners(
    shared: Context, execution: ExecutionConfig | None = None, capital: CapitalConfig | None = None
) -> list[Actor]:
    """The four owners of money."""
    return [
        CapitalManager("capital", capital or CapitalConfig(), shared),
        RiskManager("risk", RiskConfig(), shared),
        Execution("execution", execution or ExecutionConfig(), shared),
        Ledger("ledger", LedgerConfig(), shared),
    ]


class TradingDesk:
    """Signals of `alpha` and `beta`, and trades of a feed, go in; what the desk says comes out."""

    def __init__(
        self,
        config: DeskConfig | None = None,
        *,
        extra: Iterable[Actor] = (),
        venue: Actor | None = None,
        instruments: tuple[Instrument, ...] = (BTC, PERP),
        execution: ExecutionConfig | None = None,
        capital: CapitalConfig | None = None,
    ) -> None:
        self.config = config or settings()
        self.shared = context(*instruments, settings=self.config)
        self.venue = venue or SimulatedVenue("paper", SimulatedVenueConfig(venue="paper"), self.shared)
        self.actors = [self.venue, *extra, *owners(self.shared, execution, capital)]
        names = [("feed", Stage.FEED), ("alpha", Stage.STRATEGY), ("beta", Stage.STRATEGY)]
        self.stage = StageOf(*self.actors, step_ns=STEP, sources=names)
        self.time = SECOND
        self.said: list[Message] = []
        self.signals = {"alpha": 0, "beta": 0}

    def actor(self, name: str) -> Any:
        return next(actor for actor in self.actors if actor.name == name)

    def tell(self, *messages: Message, wait: int = 20 * MS) -> list[Message]:
        """All at the present time; what was said until `wait` later."""
        stamped = [
            message if message.time else msgspec.structs.replace(message, time=self.time) for message in messages
        ]
        said = self.stage.tell(*stamped, until=self.time + wait)
        self.time += wait
        self.said += said
        return said

    def trade(self, price: float, instrument: str = SPOT, wait: int = 20 * MS, size: float = 100.0) -> list[Message]:
        return self.tell(Trade(instrument=instrument, price=price, size=size, source="feed", epoch=1), wait=wait)

    def target(
        self, position: float, *, strategy: str = "alpha", instrument: str = SPOT, wait: int = 20 * MS,
        account: str = "main", **more: Any,
    ) -> list[Message]:  # fmt: skip
        self.signals[strategy] += 1
        return self.tell(
            Target(
                strategy=strategy, account=account, instrument=instrument, signal=self.signals[strategy],
                position=position, source=strategy, epoch=1, **more,
            ),
            wait=wait,
        )  # fmt: skip

    def quotes(
        self, *orders: tuple[int, float, float], strategy: str = "alpha", instrument: str = SPOT, wait: int = 20 * MS
    ) -> list[Message]:
        self.signals[strategy] += 1
        return self.tell(
            Quotes(
                strategy=strategy, account="main", instrument=instrument, signal=self.signals[strategy],
                orders=tuple(WorkingQuote(*order) for order in orders), source=strategy, epoch=1,
            ),
            wait=wait,
        )  # fmt: skip

    def held(self, strategy: str = "alpha", instrument: str = SPOT, account: str = "main") -> float:
        share: int = self.actor("execution").holdings.share(account, instrument, strategy)
        return share / 10**18

    def working(self) -> list[str]:
        return [
            order.order_id for account in ("main", "other") for order in self.actor("execution").table.live(account)
        ]

    def restarted(self) -> TradingDesk:
        """The same desk from its snapshot, by way of bytes."""
        taken = msgspec.msgpack.decode(msgspec.msgpack.encode(node_state.take(self.stage.node)))
        fresh = TradingDesk(self.config)
        fresh.stage = StageOf(*fresh.actors, step_ns=STEP, sources=[
            ("feed", Stage.FEED), ("alpha", Stage.STRATEGY), ("beta", Stage.STRATEGY)])  # fmt: skip
        fresh.stage.node.run(-1)  # what actors say at a first start is not said at a restart
        fresh.stage.node.drop_feedback()
        node_state.give_back(fresh.stage.node, taken)
        fresh.stage.sequence, fresh.time = self.stage.sequence, self.time
        fresh.signals = dict(self.signals)
        return fresh
