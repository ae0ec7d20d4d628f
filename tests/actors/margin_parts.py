"""A venue for tests of margin: it answers settings as it is told to, or not at all."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from letrade.actors.venue.simulated import SimulatedVenue, SimulatedVenueConfig
from letrade.core.actor import Context
from letrade.core.messages.base import Message
from letrade.core.messages.margin import VenueMargin, VenueMarginAnswer
from letrade.core.messages.venue import VenueAmend, VenueCancel, VenueQuery, VenueSubmit
from tests.actors.desk_parts import TradingDesk, settings
from tests.stage import PERP, context

MS = 1_000_000


class ScriptedMargin(SimulatedVenue):
    """A simulated market whose margin settings follow a script: a code refuses, None is silence, "" does it."""

    def __init__(self, name: str, config: Any, shared: Context, script: list[str | None] | None = None) -> None:
        super().__init__(name, config, shared)
        self.script = script or []
        self.asked: list[VenueMargin] = []
        self.done: dict[str, VenueMargin] = {}
        self.deaf = False
        """Orders do not arrive."""
        self.busy = 0
        """So many orders are turned away unread."""

    def on_request(self, request: VenueSubmit | VenueCancel | VenueAmend | VenueQuery | VenueMargin) -> None:
        if isinstance(request, VenueMargin):
            self._play(request)
        elif self.busy and isinstance(request, VenueSubmit):
            self.busy -= 1
            self.exchange.time = self.there()
            self.exchange.refuse(request, "the venue is busy")
            self._say(request)
        elif not (self.deaf and isinstance(request, VenueSubmit)):
            super().on_request(request)

    def _play(self, request: VenueMargin) -> None:
        self.asked.append(request)
        verdict = self.script.pop(0) if self.script else ""
        if verdict is None:
            return
        if not verdict:
            self.done.setdefault(request.request_id, request)
        self.publish(
            VenueMarginAnswer(
                strategy=request.strategy, account=request.account, instrument=request.instrument,
                request_id=request.request_id, change=request.change, refused=bool(verdict), value=request.value,
                mode=request.mode, code=verdict or "", reason="as the script says" if verdict else "",
            ),
            at=self.now() + MS,
        )  # fmt: skip


def margin_desk(*script: str | None, config: Any = None, extra: Any = (), **more: Any) -> TradingDesk:
    """A trading desk at such a venue."""
    config = config or settings()
    shared = context(*more.get("instruments", ()), settings=config)
    venue = ScriptedMargin("paper", SimulatedVenueConfig(venue="paper"), shared, list(script))
    return TradingDesk(config, venue=venue, extra=extra, **more)


def stamped(message: Message, source: str = "operator") -> Message:
    """Under a source of its own."""
    return replace(message, source=source, epoch=1)


LINEAR = PERP.instrument
