"""A desk that trades baskets at a venue which takes, refuses or loses the orders of each instrument as it is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from letrade.actors.venue.simulated import SimulatedVenue, SimulatedVenueConfig
from letrade.core import node_state
from letrade.core.config.desk import DeskConfig
from letrade.core.messages.base import Message
from letrade.core.messages.margin import VenueMargin
from letrade.core.messages.orders import BasketUpdate
from letrade.core.messages.signals import Basket
from letrade.core.messages.venue import VenueAmend, VenueCancel, VenueFill, VenueOrder, VenueQuery, VenueSubmit
from tests.actors.desk_parts import LINEAR, MS, SPOT, TradingDesk, settings
from tests.stage import context, of_kind

SECOND = 1_000 * MS
PRICE = 60_000.0
LOSE, REFUSE, SLOW = "lose", "refuse", "slow"
Requests = VenueSubmit | VenueCancel | VenueAmend | VenueQuery | VenueMargin


class WilfulVenue(SimulatedVenue):
    """A simulated market that treats the next orders of an instrument as `script` says, in turn."""

    def __init__(self, name: str, config: Any, shared: Any) -> None:
        super().__init__(name, config, shared)
        self.script: dict[str, list[str]] = {}
        self.submits: list[VenueSubmit] = []
        self.origins: dict[str, str] = {}
        """Of orders that are the venue's own."""

    def on_request(self, request: Requests) -> None:
        if not isinstance(request, VenueSubmit):
            super().on_request(request)
            return
        self.submits.append(request)
        words = self.script.get(request.instrument)
        word = words.pop(0) if words else ""
        if word == REFUSE:
            self._refuse_order(request)
        elif word != LOSE:
            super().on_request(request)

    def publish(self, message: Any, *, at: int | None = None, cause: str | None = None) -> None:
        origin = self.origins.get(getattr(message, "client_order_id", ""))
        if origin is not None and isinstance(message, VenueFill):
            message = replace(message, origin=origin, client_order_id="")
        if origin is None or isinstance(message, VenueFill):
            super().publish(message, at=at, cause=cause)

    def _refuse_order(self, request: VenueSubmit) -> None:
        self.publish(
            VenueOrder(
                strategy=request.strategy, account=request.account, instrument=request.instrument,
                client_order_id=request.client_order_id, venue_order_id="", status="rejected", side=request.side,
                size=request.size, request="submit", reason="-2019 margin is insufficient",
            ),
            at=self.now() + MS,
        )  # fmt: skip


class BasketDesk(TradingDesk):
    """Both markets have a price, and books deep enough."""

    def __init__(self, config: DeskConfig | None = None, *, quiet: bool = False, **more: Any) -> None:
        config = config or settings(balances={"USDT": Decimal(1_000_000)})
        shared = context(*more.get("instruments", ()), settings=config)
        super().__init__(config, venue=WilfulVenue("paper", SimulatedVenueConfig(venue="paper"), shared), **more)
        for instrument in () if quiet else (SPOT, LINEAR):
            self.trade(PRICE, instrument)

    def restarted(self) -> BasketDesk:
        """The same desk from its snapshot, by way of bytes, at a venue of the same will."""
        taken = msgspec.msgpack.decode(msgspec.msgpack.encode(node_state.take(self.stage.node)))
        fresh = BasketDesk(self.config, quiet=True, execution=self.actor("execution").config)
        fresh.stage.node.run(-1)  # what actors say at a first start is not said at a restart
        fresh.stage.node.drop_feedback()
        node_state.give_back(fresh.stage.node, taken)
        fresh.stage.sequence, fresh.time, fresh.said = self.stage.sequence, self.time, self.said
        fresh.signals, fresh.actor("paper").script = dict(self.signals), self.actor("paper").script
        fresh.actor("paper").origins = self.actor("paper").origins
        return fresh

    def script(self, instrument: str, *words: str) -> None:
        self.actor("paper").script[instrument] = list(words)

    def basket(
        self, *legs: tuple[str, float], bound: int = 4 * SECOND, wait: int = 50 * MS, strategy: str = "alpha",
        accounts: tuple[str, ...] = (),
    ) -> list[Message]:  # fmt: skip
        self.signals[strategy] += 1
        return self.tell(
            Basket(
                strategy=strategy, account=accounts[0] if accounts else "main", instrument=legs[0][0],
                signal=self.signals[strategy], legs=legs, naked_ns_max=bound, accounts=accounts, source=strategy,
                epoch=1,
            ),
            wait=wait,
        )  # fmt: skip

    def pair(self) -> tuple[float, float]:
        return self.held(), self.held(instrument=LINEAR)

    def cut(self, instrument: str, size: float, origin: str, *, side: int = 1) -> list[Message]:
        """The venue closes so much of a position by itself."""
        venue = self.actor("paper")
        name = f"cut-{len(venue.origins)}"
        venue.origins[name] = origin
        request = VenueSubmit(
            strategy="-", account="main", instrument=instrument, client_order_id=name, side=side, size=size,
            time_in_force="ioc", source="operator", epoch=1,
        )  # fmt: skip
        return self.tell(request, wait=100 * MS)


def updates(said: list[Message]) -> list[tuple[str, bool]]:
    return [(each.state, each.complete) for each in of_kind(said, BasketUpdate)]
