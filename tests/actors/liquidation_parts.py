"""A monitored desk for tests: contracts with tiers, a margin venue or a scripted one, marks on demand."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from letrade.actors.capital.purse import Purse
from letrade.actors.liquidation.config import LiquidationMonitorConfig
from letrade.actors.liquidation.monitor import LiquidationMonitor
from letrade.actors.venue.simulated import SimulatedVenue, SimulatedVenueConfig
from letrade.core import node_state
from letrade.core.actor import Actor
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.capital import CapitalConfig as CapitalTable
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.config.venue_margin import MarginConfig
from letrade.core.fraction import Fraction
from letrade.core.messages.base import Message
from letrade.core.messages.market import Bracket, IndexPrice, Instrument, MarkPrice, Trade
from letrade.core.stage import Stage
from tests.actors.desk_parts import STEP, TradingDesk
from tests.actors.margin_parts import ScriptedMargin
from tests.stage import BTC, StageOf, context

BRACKETS = (
    Bracket(floor="0", cap="50000", rate="0.004", leverage_max="125"),
    Bracket(floor="50000", cap="500000", rate="0.005", leverage_max="100"),
    Bracket(floor="500000", cap="", rate="0.01", leverage_max="50"),
)
PERP = Instrument(
    instrument="paper.BTC-USDT_USDT", kind="linear", base="BTC", quote="USDT", settle="USDT", tick="0.1", lot="0.001",
    brackets=BRACKETS,
)  # fmt: skip
ETH = Instrument(
    instrument="paper.ETH-USDT_USDT", kind="linear", base="ETH", quote="USDT", settle="USDT", tick="0.01", lot="0.01",
    brackets=BRACKETS,
)  # fmt: skip
COIN = Instrument(
    instrument="paper.BTC-USD_BTC", kind="inverse", base="BTC", quote="USD", settle="BTC", tick="0.1", lot="1",
    multiplier="100", brackets=(
        Bracket(floor="0", cap="5", rate="0.004", leverage_max="125"),
        Bracket(floor="5", cap="10", rate="0.005", leverage_max="100"),
        Bracket(floor="10", cap="", rate="0.01", leverage_max="50"),
    ),
)  # fmt: skip
BARE = msgspec.structs.replace(ETH, instrument="paper.SOL-USDT_USDT", base="SOL", brackets=())
LINEAR, ETHER, INVERSE = PERP.instrument, ETH.instrument, COIN.instrument
SOURCES = [("feed", Stage.FEED), ("alpha", Stage.STRATEGY), ("beta", Stage.STRATEGY)]


def margin_settings(
    mode: str = "cross", balance: int = 10_000, leverage: int = 10, coins: int = 0, rules: Any = "binance",
    positions: Any = "one_way", **venue: Any,
) -> DeskConfig:  # fmt: skip
    balances = {"USDT": Decimal(balance), **({"BTC": Decimal(coins)} if coins else {})}
    accounts: Any = [
        AccountConfig(name=name, venue="paper", balances=balances, margin_mode=mode, position_mode=positions)  # type: ignore[arg-type]
        for name in ("main", "other")
    ]
    margin = MarginConfig(rules=rules, leverage=Decimal(leverage))
    return DeskConfig(
        venues=[
            VenueConfig(
                name="paper", order_latency=STEP, response_latency=STEP, margin=margin, max_leverage=Decimal(100),
                **venue,
            )
        ],
        accounts=accounts,
        risk=RiskTable(stale_after=None),
        capital=CapitalTable(),
    )  # fmt: skip


class MonitoredDesk(TradingDesk):
    """A trading desk with a liquidation monitor (or other actors), at a scripted venue when there is a script."""

    def __init__(
        self, mode: str = "cross", *, script: list[str | None] | None = None, balance: int = 10_000, leverage: int = 10,
        actors: Iterable[tuple[type[Actor], str, Any]] | None = None, coins: int = 0, rules: str = "binance",
        positions: str = "one_way", **config: Any,
    ) -> None:  # fmt: skip
        instruments = (BTC, PERP, ETH, BARE, *((COIN,) if coins else ()), *self.beside)
        self.made = (mode, script, balance, leverage, actors, {"coins": coins, "rules": rules, **config})
        self.made[-1]["positions"] = positions
        settings = self.settings(mode, balance, leverage, coins, rules, positions)
        shared = context(*instruments, settings=settings)
        entry = SimulatedVenueConfig(venue="paper")
        venue = SimulatedVenue("paper", entry, shared)
        if script is not None:
            venue = ScriptedMargin("paper", entry, shared, list(script))
        # Marks jump in tests: unless one is about speed, it does not count.
        given = LiquidationMonitorConfig(**{"outlook": 1, "close_within": 1, **config})
        kinds = actors or [(LiquidationMonitor, "monitor", given)]
        extra = [kind(name, given, shared) for kind, name, given in kinds]
        super().__init__(settings, venue=venue, extra=extra, instruments=instruments)
        self.actor("capital").purse = Purse(settings, shared.instruments, Fraction(20), Fraction(1, 100))

    beside: tuple[Instrument, ...] = ()
    """More instruments."""

    def settings(self, *given: Any) -> DeskConfig:
        return margin_settings(*given)

    @property
    def monitor(self) -> Any:
        return self.actor("monitor")

    def mark(
        self, price: float, instrument: str = LINEAR, wait: int = 20 * STEP, *, book: bool = True
    ) -> list[Message]:
        """A new mark, and by default a market there too."""
        messages: list[Message] = []
        if book:
            messages.append(Trade(instrument=instrument, price=price, size=1_000.0, source="feed", epoch=1))
        messages.append(MarkPrice(instrument=instrument, price=price, source="feed", epoch=1))
        return self.tell(*messages, wait=wait)

    def index(self, price: float, instrument: str = LINEAR) -> list[Message]:
        return self.tell(IndexPrice(instrument=instrument, price=price, source="feed", epoch=1))

    def again(self) -> MonitoredDesk:
        """The same desk from its snapshot, by way of bytes."""
        taken = msgspec.msgpack.decode(msgspec.msgpack.encode(node_state.take(self.stage.node)))
        mode, script, balance, leverage, actors, config = self.made
        fresh = type(self)(mode, script=script, balance=balance, leverage=leverage, actors=actors, **config)
        fresh.stage = StageOf(*fresh.actors, step_ns=STEP, sources=SOURCES)
        fresh.stage.node.run(1)  # what actors say at a first start is not said at a restart
        fresh.stage.node.drop_feedback()
        node_state.give_back(fresh.stage.node, taken)
        fresh.stage.sequence, fresh.time = self.stage.sequence, self.time
        fresh.signals = dict(self.signals)
        return fresh
