"""What the compiled desk told, as the messages that strategies listen to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from letrade.core import ids
from letrade.core.messages.base import Message
from letrade.core.messages.orders import Fill, OrderRefused, OrderUpdate
from letrade.core.money import DEFAULT_SCALE, Money
from letrade.core.orders import CANCEL_SENT, CANCELLED, EXPIRED, FILLED, OPEN, PARTLY_FILLED, PENDING, REJECTED, SENT
from letrade.hotpath.simulation.desk import Desk
from letrade.hotpath.simulation.reading import order_of
from letrade.hotpath.simulation.terms import DeskTerms

UPDATE, FILL, REFUSED = 1, 2, 3
TOLD: dict[int, type[Message]] = {UPDATE: OrderUpdate, FILL: Fill, REFUSED: OrderRefused}
STATES = (PENDING, SENT, OPEN, PARTLY_FILLED, CANCEL_SENT, FILLED, CANCELLED, REJECTED, EXPIRED)
"""As OrderState of hotpath/simulation/desk_orders.pxd counts them."""
RULES = (
    "", "capital", "no_price", "spot_short", "tick", "grid", "amend", "stale", "rate_missing", "price_band",
    "order_rate", "size_min", "notional_min", "order_size", "order_notional", "position_notional",
    "gross_exposure", "own_order", "venue",
)  # fmt: skip
"""As Rule of the same file."""
AMENDED, AMEND_REFUSED, DESK_STOPS = 2, 3, 5
REASONS = {
    AMENDED: "amended", AMEND_REFUSED: "amend refused", 4: "cancelled before it was sent", DESK_STOPS: "the desk stops",
    6 + 3: "immediate or cancel: no more size at its price",
}  # fmt: skip
"""Of updates, by UpdateReason."""
EXECUTION = "execution"
STAGES = {4: "capital", 5: "risk", 6: EXECUTION}
EPOCH = 1


class Scale(NamedTuple):
    """Units to the whole of an instrument's prices and sizes, and the currency of its fees."""

    price: float
    size: float
    fee: str


class Herald:
    """Called by the engine for each thing told that somebody listens to."""

    def __init__(self, desk: Desk, terms: DeskTerms, uid: str) -> None:
        self.desk = desk
        self.terms = terms
        self.uid = uid
        self.sequence = 0
        self.scales = scales_of(terms)
        self.owners = [(each.name, terms.accounts[each.account].name) for each in terms.strategies]
        self.names = [each.name for each in terms.instruments]
        self._known_order, self._known_id = 0, ""

    def __call__(
        self, kind: int, stage: int, time: int, strategy: int, instrument: int, signal: int, leg: int, order: int,
        state: int, size: int, filled: int, price: int, reason: int, rule: int, what: int,
    ) -> Message:  # fmt: skip
        """An update of an order, or a refusal."""
        terms, scale = self.terms, self.scales[instrument]
        self.sequence += 1
        owner = terms.strategies[strategy]
        order_id = ids.order_id(owner.name, signal, leg)
        header: dict[str, Any] = {
            "time": time, "source": STAGES[stage], "epoch": EPOCH, "sequence": self.sequence, "strategy": owner.name,
            "account": terms.accounts[owner.account].name, "instrument": terms.instruments[instrument].name,
            "order_id": order_id,
        }  # fmt: skip
        if kind == REFUSED:
            text = RULES[rule] if 0 <= rule < len(RULES) else "refused"
            return OrderRefused(
                **header, rule=text, limit="", value="", refused_by=STAGES[stage], what="amend" if what else "order"
            )
        known = order_of(self.desk, order)
        return OrderUpdate(
            **header, client_order_id=self._client_order_id(order, order_id), venue_order_id=str(order),
            state=STATES[state], side=known[6], size=size / scale.size, filled=filled / scale.size,
            price=price / scale.price if price else None, reduce_only=bool(known[9]),
            reason=REASONS.get(reason, f"signal {signal}" if reason == 1 else ""),
        )  # fmt: skip

    def fill(
        self, time: int, strategy: int, instrument: int, signal: int, leg: int, order: int, place: int, side: int,
        price: int, size: int, fee: int, maker: int, venue_time: int,
    ) -> Fill:  # fmt: skip
        """A part of an order was traded; `place` counts the desk's fills from 0."""
        name, account = self.owners[strategy]
        scale = self.scales[instrument]
        self.sequence += 1
        order_id = ids.order_id(name, signal, leg)
        return Fill(
            time=time, source=EXECUTION, epoch=EPOCH, sequence=self.sequence, strategy=name, account=account,
            instrument=self.names[instrument], order_id=order_id,
            client_order_id=self._client_order_id(order, order_id), trade_id=str(place + 1), side=side,
            price=price / scale.price, size=size / scale.size, fee=Money(scale.fee, DEFAULT_SCALE, fee),
            maker=maker != 0, venue_time=venue_time, fill_number=place + 1,
        )  # fmt: skip

    def _client_order_id(self, order: int, order_id: str) -> str:
        """A hash: the last one is kept, as an order is told of several times in a row."""
        if order != self._known_order:
            self._known_order, self._known_id = order, ids.client_order_id(self.uid, order_id)
        return self._known_id


def scales_of(terms: DeskTerms) -> list[Scale]:
    """By instrument."""
    return [
        Scale(
            10.0**each.price_decimals, 10.0**each.size_decimals,
            terms.currencies[each.quote if each.spot else each.settle],
        )
        for each in terms.instruments
    ]  # fmt: skip


Listening = dict[tuple[int, int, int], Sequence[object]]


def listening(terms: DeskTerms, route: Callable[[type[Message], str, str], Sequence[object]]) -> Listening:
    """Who hears what was told, by (kind, strategy, instrument)."""
    found: Listening = {}
    for kind, message in TOLD.items():
        for strategy, owner in enumerate(terms.strategies):
            for instrument, each in enumerate(terms.instruments):
                if slots := route(message, each.name, owner.name):
                    found[(kind, strategy, instrument)] = slots
    return found
