"""Margin settings on their way to the venue, each done once; and reductions, which need nobody's approval."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.execution.flattening import Flattener
from letrade.actors.execution.reduce import closings, within
from letrade.actors.execution.sending import BACKOFF_DOUBLINGS_MAX
from letrade.actors.execution.table import Order
from letrade.core import ids
from letrade.core.actor import Context
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.margin import (
    POSITION_MODE,
    MarginRequest,
    MarginUpdate,
    Reduce,
    VenueMargin,
    VenueMarginAnswer,
)
from letrade.core.messages.orders import OrderRefused
from letrade.core.quantities import number, units

MARGIN, REDUCTION = "margin", "reduction"
REDUCE = "reduce"
"""The first word of the ids of reductions' orders."""
REMEMBERED_MAX = 4096
SENT, DONE, REFUSED, UNKNOWN = "sent", "done", "refused", "unknown"


class Asked(msgspec.Struct, array_like=True):
    """One request that the venue has not answered."""

    request: VenueMargin
    state: str = SENT
    attempts: int = 0


class Reducing(msgspec.Struct, array_like=True):
    """A reduction of which a part is not sent yet, as working orders stand in its way."""

    reduction_id: str
    strategy: str
    account: str
    instrument: str
    left: float
    """Base units."""
    legs: int = 0
    worst: float | None = None


class MarginDesk(Flattener):
    """Asks until the venue has answered, always under the same id; sends what provably reduces, halted or not."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.asked: dict[str, Asked] = {}
        self.settled: dict[str, MarginUpdate] = {}
        """What became of the newest requests: one that comes again hears it again."""
        self.reducing: dict[str, Reducing] = {}
        self.reductions: dict[str, None] = {}
        """The newest, so that none is sent twice."""

    # ---- settings

    def on_margin_request(self, request: MarginRequest) -> None:
        told = self.settled.get(request.request_id)
        if told is not None:
            self.publish(_again(told))
        elif request.request_id not in self.asked:
            self._ask_first(request)

    def _ask_first(self, request: MarginRequest) -> None:
        asked = VenueMargin(
            strategy=request.strategy, account=request.account, instrument=request.instrument,
            request_id=request.request_id, change=request.change, value=request.value, mode=request.mode,
            leg=request.leg,
        )  # fmt: skip
        known = request.change == POSITION_MODE or request.instrument in self.context.instruments
        if request.account not in self.venues or not known:
            reason = f"unknown: {request.account} {request.instrument}"
            self._settle(_update(asked, REFUSED, reason=reason, value=request.value, mode=request.mode))
            return
        self.asked[request.request_id] = Asked(asked)
        self.publish(_update(asked, SENT, value=asked.value, mode=asked.mode))
        self._ask(self.asked[request.request_id])

    def _ask(self, asked: Asked) -> None:
        request = asked.request
        self.publish(
            VenueMargin(
                strategy=request.strategy, account=request.account, instrument=request.instrument,
                request_id=request.request_id, change=request.change, value=request.value, mode=request.mode,
                leg=request.leg,
            )
        )  # fmt: skip
        least = self.config.order_timeout
        wait = min(least << min(asked.attempts, BACKOFF_DOUBLINGS_MAX), max(self.config.backoff_max, least))
        self.set_timer(self.now() + wait, f"{MARGIN} {request.request_id}")

    def margin_overdue(self, request_id: str) -> None:
        """No answer in time: it may or may not have been done, so it is asked for again under its id."""
        asked = self.asked.get(request_id)
        if asked is None:
            return
        asked.attempts += 1
        if asked.state != UNKNOWN:
            asked.state = UNKNOWN
            request = asked.request
            reason = "no answer in time"
            self.publish(_update(request, UNKNOWN, value=request.value, mode=request.mode, reason=reason))
        elif asked.attempts % 5 == 0:
            text = f"{asked.request.change} ({request_id}) is unknown after {asked.attempts} questions"
            self.alert("warning", "margin_unknown", text, asked.request.account, asked.request.instrument)
        self._ask(asked)

    def on_venue_margin_answer(self, answer: VenueMarginAnswer) -> None:
        asked = self.asked.get(answer.request_id)
        if asked is None or asked.request.account != answer.account:
            return
        del self.asked[answer.request_id]
        self.cancel_timer(f"{MARGIN} {answer.request_id}")
        self._settle(
            _update(
                asked.request, REFUSED if answer.refused else DONE, value=answer.value, mode=answer.mode,
                code=answer.code, reason=answer.reason,
            )
        )  # fmt: skip

    def _settle(self, update: MarginUpdate) -> None:
        self.settled[update.request_id] = _again(update)
        if len(self.settled) > REMEMBERED_MAX:
            del self.settled[next(iter(self.settled))]
        self.publish(update)

    # ---- reductions

    def on_reduce(self, reduce: Reduce) -> None:
        """At once what is provable now; what working orders stand in the way of, when those are off."""
        if reduce.reduction_id in self.reductions:
            return
        self.reductions[reduce.reduction_id] = None
        if len(self.reductions) > REMEMBERED_MAX:
            del self.reductions[next(iter(self.reductions))]
        if reduce.account not in self.venues or reduce.instrument not in self.context.instruments:
            self._refuse_reduction(reduce, "a known account and instrument", reduce.account)
            return
        reducing = Reducing(reduce.reduction_id, reduce.strategy, reduce.account, reduce.instrument, reduce.size)
        reducing.worst = reduce.worst
        if not self._reduce_more(reducing):
            held = number(self.exposure(reduce.account, reduce.instrument).net)
            self._refuse_reduction(reduce, "a position that can be reduced", repr(held))

    def _reduce_more(self, reducing: Reducing) -> bool:
        """Whether anything was sent or is waited for."""
        account, instrument = reducing.account, reducing.instrument
        sent = self._send_provable(reducing)
        waits = self._clear_way(reducing, everything=units(reducing.left) > 0)
        if waits and reducing.reduction_id not in self.reducing:
            self.reducing[reducing.reduction_id] = reducing
            self.ask_account(account)
            self.set_timer(self.now() + self.config.backoff_max, f"{REDUCTION} {reducing.reduction_id}")
        elif not waits and self.reducing.pop(reducing.reduction_id, None) is not None:
            self.cancel_timer(f"{REDUCTION} {reducing.reduction_id}")
        return sent or waits or any(order.reduce_only for order in self._live(account, instrument))

    def _send_provable(self, reducing: Reducing) -> bool:
        account, instrument = reducing.account, reducing.instrument
        shares = self.holdings.of_account(account).get(instrument, {})
        if self.context.instruments.at(instrument, self.now()).kind == "spot":
            shares = {name: share for name, share in shares.items() if name != NO_STRATEGY}
        if reducing.strategy != NO_STRATEGY:
            shares = {name: share for name, share in shares.items() if name == reducing.strategy}
        lot = self._lot(instrument)
        found = within(closings(self.exposure(account, instrument), shares, lot), units(reducing.left), lot)
        for closing in found:
            order = self._reducing_order(reducing, closing.strategy, closing.side, number(closing.size))
            reducing.left = number(units(reducing.left) - closing.size)
            self.table.add(order)
            self.send(order)
        return bool(found)

    def _clear_way(self, reducing: Reducing, *, everything: bool) -> bool:
        """Take off what would make the position grow again, and `everything` that keeps the rest from being provable;
        whether there is such."""
        net = self.exposure(reducing.account, reducing.instrument).net
        waits = False
        for order in self._live(reducing.account, reducing.instrument):
            against = order.side * net < 0
            if order.protects or order.order_id.startswith(f"{REDUCE}.") or (against and not everything):
                continue
            waits = waits or against
            if not order.cancel_wanted:
                self.cancel(order, f"reduction {reducing.reduction_id}")
        return waits

    def _live(self, account: str, instrument: str) -> list[Order]:
        return [order for order in self.table.live(account) if order.instrument == instrument]

    def _reducing_order(self, reducing: Reducing, strategy: str, side: int, size: float) -> Order:
        reducing.legs += 1
        order_id = f"{REDUCE}.{reducing.reduction_id}.{reducing.legs}"
        client_order_id = ids.client_order_id(self.context.desk_uid, order_id)
        price = reducing.worst
        if price is not None:
            grid = self.context.instruments.at(reducing.instrument, self.now()).price
            price = grid.round_floor(price) if side > 0 else grid.round_up(price)
        return Order(
            order_id, client_order_id, strategy, reducing.account, reducing.instrument, side, size, price, "ioc",
            post_only=False, reduce_only=True, opening=False,
        )  # fmt: skip

    def _refuse_reduction(self, reduce: Reduce, limit: str, found: str) -> None:
        self.publish(
            OrderRefused(
                strategy=reduce.strategy, account=reduce.account, instrument=reduce.instrument,
                order_id=f"{REDUCE}.{reduce.reduction_id}", rule="reduces", limit=limit, value=found,
                refused_by=self.name,
            )
        )  # fmt: skip

    def moved(self, order: Order) -> None:
        super().moved(order)
        for reducing in list(self.reducing.values()):
            if (reducing.account, reducing.instrument) == (order.account, order.instrument):
                self._reduce_more(reducing)

    def reduction_overdue(self, reduction_id: str) -> None:
        """Given up: whoever asked for it sees what is held, and asks anew."""
        self.reducing.pop(reduction_id, None)

    def margin_state(self) -> Any:
        return {
            "asked": list(self.asked.values()),
            "settled": list(self.settled.values()),
            "reducing": list(self.reducing.values()),
            "reductions": list(self.reductions),
        }

    def restore_margin(self, state: Any) -> None:
        asked = msgspec.convert(state["asked"], list[Asked])
        self.asked = {each.request.request_id: each for each in asked}
        settled = msgspec.convert(state["settled"], list[MarginUpdate])
        self.settled = {each.request_id: each for each in settled}
        reducing = msgspec.convert(state["reducing"], list[Reducing])
        self.reducing = {each.reduction_id: each for each in reducing}
        self.reductions = dict.fromkeys(state["reductions"])


def _update(
    about: VenueMargin, state: str, *, value: float = 0.0, mode: str = "", code: str = "", reason: str = ""
) -> MarginUpdate:
    return MarginUpdate(
        strategy=about.strategy, account=about.account, instrument=about.instrument, request_id=about.request_id,
        change=about.change, state=state, value=value, mode=mode, code=code, reason=reason, leg=about.leg,
    )  # fmt: skip


def _again(told: MarginUpdate) -> MarginUpdate:
    """The same in a message of its own."""
    return MarginUpdate(
        strategy=told.strategy, account=told.account, instrument=told.instrument, request_id=told.request_id,
        change=told.change, state=told.state, value=told.value, mode=told.mode, code=told.code, reason=told.reason,
        leg=told.leg,
    )  # fmt: skip
