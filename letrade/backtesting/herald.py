"""What the compiled desk told, as the messages that strategies listen to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from letrade.actors.venue.recorded import ENDS
from letrade.backtesting.expecting import Expectations
from letrade.core import ids
from letrade.core.messages.base import NO_STRATEGY, Message
from letrade.core.messages.orders import CashEntry, Fill, OrderRefused, OrderUpdate
from letrade.core.money import DEFAULT_SCALE, Money, money
from letrade.core.orders import (
    CANCEL_SENT,
    CANCELLED,
    EXPIRED,
    FILLED,
    OPEN,
    PARTLY_FILLED,
    PENDING,
    REJECTED,
    SENT,
    UNKNOWN,
)
from letrade.hotpath.simulation.crier import Crier
from letrade.hotpath.simulation.desk import Desk
from letrade.hotpath.simulation.terms import DeskTerms

UPDATE, FILL, REFUSED, CASH = 1, 2, 3, 4
TOLD: dict[int, type[Message]] = {UPDATE: OrderUpdate, FILL: Fill, REFUSED: OrderRefused, CASH: CashEntry}
STATES = (PENDING, SENT, OPEN, PARTLY_FILLED, CANCEL_SENT, UNKNOWN, FILLED, CANCELLED, REJECTED, EXPIRED)
"""As OrderState of hotpath/simulation/desk_orders.pxd counts them."""
RULES = (
    "", "capital", "no_price", "spot_short", "tick", "grid", "amend", "stale", "rate_missing", "price_band",
    "order_rate", "size_min", "notional_min", "order_size", "order_notional", "position_notional",
    "gross_exposure", "own_order", "venue", "signal",
    "trigger_by",
)  # fmt: skip
"""As Rule of the same file."""
AMENDED, AMEND_REFUSED, DESK_STOPS = 2, 3, 5
BY_VENUE = 6
BAD_TERMS = "bad terms"
"""Of these the actors' exchange says more."""
REASONS = {
    AMENDED: "amended", AMEND_REFUSED: "amend refused", 4: "cancelled before it was sent", DESK_STOPS: "the desk stops",
    32: "another position", 33: "what it holds back is sold", BY_VENUE + 12: "triggered",
    BY_VENUE + 14: "the venue is busy", 40: "no answer in time",
    **{BY_VENUE + reason: text for reason, (_, text) in ENDS.items() if text and text != BAD_TERMS},
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
    """Makes what the crier copies, and each refusal that somebody listens to."""

    def __init__(self, desk: Desk, terms: DeskTerms, uid: str, expected: Expectations) -> None:
        self.expected = expected
        self.terms = terms
        self.scales = scales_of(terms)
        self.crier = Crier(
            desk, uid, self._blank_fill, self._blank_update,
            [Money(each.fee, DEFAULT_SCALE, 0) for each in self.scales], [each.name for each in terms.strategies],
            [(each.price, each.size) for each in self.scales], STATES, REASONS,
        )  # fmt: skip

    def __call__(
        self, stage: int, time: int, strategy: int, instrument: int, signal: int, leg: int, rule: int, what: int
    ) -> OrderRefused:
        """An order, or an amend of one, that was refused."""
        self.crier.sequence += 1
        about, name = self._about(strategy, instrument), RULES[rule] if 0 <= rule < len(RULES) else "refused"
        limit, value = self.expected.of(STAGES[stage], name, about["account"], about["instrument"])
        return OrderRefused(
            **about, time=time, source=STAGES[stage], epoch=EPOCH,
            sequence=self.crier.sequence, order_id=ids.order_id(self.terms.strategies[strategy].name, signal, leg),
            rule=name, limit=limit, value=value, refused_by=STAGES[stage], what="amend" if what else "order",
        )  # fmt: skip

    def cash(self, time: int, account: int, instrument: int, amount: int, due: int) -> CashEntry:
        """Funding that an account has paid or got; `amount` in units of 1e-8."""
        self.crier.sequence += 1
        holder, at = self.terms.accounts[account].name, self.terms.instruments[instrument]
        return CashEntry(
            strategy=NO_STRATEGY, account=holder, instrument=at.name, time=time, source=EXECUTION, epoch=EPOCH,
            sequence=self.crier.sequence, entry_id=f"funding-{at.name}-{due}-{holder}", origin="funding",
            amount=money(self.terms.currencies[at.settle], amount),
        )  # fmt: skip

    def _about(self, strategy: int, instrument: int) -> dict[str, Any]:
        owner = self.terms.strategies[strategy]
        return {
            "strategy": owner.name,
            "account": self.terms.accounts[owner.account].name,
            "instrument": self.terms.instruments[instrument].name,
        }

    def _blank_fill(self, strategy: int, instrument: int) -> Fill:
        return Fill(
            **self._about(strategy, instrument), source=EXECUTION, epoch=EPOCH, order_id="", client_order_id="",
            trade_id="", side=1, price=0.0, size=0.0, fee=Money(self.scales[instrument].fee, DEFAULT_SCALE, 0),
            maker=False,
        )  # fmt: skip

    def _blank_update(self, strategy: int, instrument: int) -> OrderUpdate:
        return OrderUpdate(
            **self._about(strategy, instrument), source=EXECUTION, epoch=EPOCH, order_id="", client_order_id="",
            venue_order_id="", state=PENDING, side=1, size=0.0, filled=0.0, price=None, reduce_only=False,
        )  # fmt: skip


def scales_of(terms: DeskTerms) -> list[Scale]:
    """By instrument."""
    return [
        Scale(
            10.0**each.price_decimals, 10.0**each.size_decimals,
            terms.currencies[each.quote if each.spot else each.settle],
        )
        for each in terms.instruments
    ]  # fmt: skip


Listening = Callable[[int, int, int], Sequence[object]]


def listening(terms: DeskTerms, route: Callable[[type[Message], str, str], Sequence[object]]) -> Listening:
    """Who hears what was told, by kind, strategy and instrument; asked only of what is told."""

    def heard(kind: int, strategy: int, instrument: int) -> Sequence[object]:
        if kind not in TOLD:
            return ()
        name = terms.strategies[strategy].name if strategy >= 0 else NO_STRATEGY
        return route(TOLD[kind], terms.instruments[instrument].name, name)

    return heard
