"""Hears venues: answers move orders along their life cycle, fills and cash are published once each."""

from __future__ import annotations

from typing import Any

from letrade.actors.execution.answers import ENDS, EVENTS, event_of, settles_amend
from letrade.actors.execution.attributing import VENUES_OWN, parts_of
from letrade.actors.execution.interest import parts_of_entry
from letrade.actors.execution.sending import ACCOUNT, Sender
from letrade.actors.execution.table import Order
from letrade.core.actor import Context
from letrade.core.instruments import Specification
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.events import Halt
from letrade.core.messages.orders import CashEntry, Fill
from letrade.core.messages.venue import OpenOrder, VenueCash, VenueFill, VenueOrder, VenueState
from letrade.core.orders import (
    ACCEPT,
    CANCEL_SENT,
    FULL_FILL,
    NOT_FOUND,
    OPEN,
    PART_FILL,
    PARTLY_FILLED,
    REJECTED,
    SENT,
    TIMEOUT,
    UNKNOWN,
    next_state,
)
from letrade.core.quantities import add, units

NOT_FOUND_ENOUGH = 2
FOREIGN_MAX = 1024
ENTRIES_MAX = 4096


class Listener(Sender):
    """An order ends only when every fill that the venue counts for it is in: its reservation never falls short."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.foreign: dict[str, None] = {}
        """Orders at a venue that are not ours, each reported once."""
        self.entries: dict[str, None] = {}
        """Cash entries that have come, so that none is booked twice."""

    def on_venue_order(self, answer: VenueOrder) -> None:
        order = self.table.by_client.get(answer.client_order_id)
        if order is None or (order.account, order.instrument) != (answer.account, answer.instrument):
            if answer.status in ("open", "partly_filled"):
                self._report_foreign(answer.account, answer.instrument, answer.client_order_id)
            return
        order.venue_order_id = answer.venue_order_id or order.venue_order_id
        order.venue_filled = max(order.venue_filled, answer.filled)
        amended = self._settle_size(order, answer)
        before = order.state
        self._meet(order, answer)
        if answer.request:
            order.attempts = 0
        if order.state != before or amended:
            self.tell(order, amended or answer.reason)
        self._follow(order, answer, before)
        self.moved(order)

    def _settle_size(self, order: Order, answer: VenueOrder) -> str:
        """Price and size as the venue has them, where this answer tells."""
        amended = settles_amend(order, answer)
        if amended:
            order.amending, order.price, order.size = None, answer.price, answer.size
        elif order.amending is None and order.reduce_only and 0 < answer.size < order.size:
            order.size = answer.size
        return amended

    def _meet(self, order: Order, answer: VenueOrder) -> None:
        event = event_of(order, answer)
        if event == NOT_FOUND:
            order.not_found += 1
            event = NOT_FOUND if order.not_found >= NOT_FOUND_ENOUGH else None
        if event in ENDS and units(order.filled) < units(order.venue_filled):
            order.ending = event
            self.miss_fills(order.account)
        elif event is not None:
            order.state = next_state(order.state, event)

    def _follow(self, order: Order, answer: VenueOrder, before: str) -> None:
        """What an answer makes us do: ask on, cancel again, or rest."""
        if order.over:
            self.answered(order)
        elif before == REJECTED:
            self.cancel(order, "taken by the venue after all")
        elif order.cancel_wanted and order.state in (OPEN, PARTLY_FILLED):
            self.cancel(order)
        elif order.state == CANCEL_SENT and answer.request == "query" and EVENTS.get(answer.status) == ACCEPT:
            self.send_cancel(order)
            self.await_answer(order)
        elif order.state in (OPEN, PARTLY_FILLED) and order.amending is None and not order.ending:
            if answer.request:
                self.answered(order)
        elif answer.request == "amend" and order.amending is not None:
            self.query(order)
        else:
            self.await_answer(order)

    def on_venue_fill(self, told: VenueFill) -> None:
        """Booked once, whatever the state of its order: before the ack, after the cancel, or of no order of ours."""
        numbers = self.numbers.get(told.account)
        if numbers is None or told.instrument not in self.context.instruments:
            self._halt_unknown(told)
            return
        for fill in numbers.take(told):
            self._take_fill(fill)
        if numbers.gap:
            self.miss_fills(told.account)

    def _take_fill(self, told: VenueFill) -> None:
        order = self.table.by_client.get(told.client_order_id)
        rules = self.context.instruments.at(told.instrument, self.now())
        fills = [self._fill_of(told, order)]
        if order is None and told.origin in VENUES_OWN:
            shares = self.holdings.of_account(told.account).get(told.instrument, {})
            fills = parts_of(fills[0], shares, rules.size.step_quantity)
        for fill in fills:
            self.holdings.book(rules, fill)
            self.publish(fill)
        if order is None and told.origin not in (*VENUES_OWN, "opening"):
            text = f"fill {told.trade_id} of {told.size!r} at {told.price!r} is of no order of this desk"
            self.alert("warning", "foreign_fill", text, told.account, told.instrument)
        elif order is not None:
            order.venue_order_id = told.venue_order_id or order.venue_order_id
            self._fill_order(order, told.size)
        self.compare_soon(told.account)

    def _fill_of(self, told: VenueFill, order: Order | None) -> Fill:
        manual = order is None and told.origin == "desk"
        return Fill(
            strategy=told.strategy if order is None else order.strategy, account=told.account,
            instrument=told.instrument, order_id=order.order_id if order is not None else "",
            client_order_id=told.client_order_id, trade_id=told.trade_id, side=told.side, price=told.price,
            size=told.size, fee=told.fee, maker=told.maker, origin="manual" if manual else told.origin,
            venue_time=told.venue_time, fill_number=told.fill_number, leg=told.leg,
        )  # fmt: skip

    def _fill_order(self, order: Order, size: float) -> None:
        before = order.state
        order.filled = add(order.filled, size)
        if units(order.filled) > units(order.size) and order.amending is None:
            text = f"{order.order_id}: {order.filled!r} filled of {order.size!r}"
            self.alert("error", "overfill", text, order.account, order.instrument)
        order.state = next_state(order.state, FULL_FILL if order.complete and not order.amending else PART_FILL)
        if order.ending and units(order.filled) >= units(order.venue_filled):
            order.state, order.ending = next_state(order.state, order.ending), ""
        self.tell(order)
        if order.over:
            self.answered(order)
        elif before == REJECTED:
            self.cancel(order, "filled by the venue after all")
        self.moved(order)

    def _halt_unknown(self, told: VenueFill) -> None:
        """A fill that cannot be booked: what the account holds is unknown from here on."""
        text = f"fill {told.trade_id}: unknown account or instrument; add it to the desk file"
        self.alert("error", "unbookable_fill", text, told.account, told.instrument)
        self.publish(Halt(account=told.account, reason=text))

    def on_venue_cash(self, told: VenueCash) -> None:
        key = f"{told.account} {told.entry_id}"
        if told.account not in self.venues or key in self.entries:
            return
        self.entries[key] = None
        if len(self.entries) > ENTRIES_MAX:
            del self.entries[next(iter(self.entries))]
        entry = CashEntry(
            strategy=NO_STRATEGY, account=told.account, instrument=told.instrument, entry_id=told.entry_id,
            origin=told.origin, amount=told.amount, reason=told.reason, estimated=told.estimated,
            leg=told.leg,
        )  # fmt: skip
        for part in list(parts_of_entry(entry, self.holdings, self.context.instruments, self.now())):
            self.holdings.accrue(self.context.instruments, part, self.now())
            self.publish(part)

    def on_venue_state(self, state: VenueState) -> None:
        """The venue's view of the account against the table: what differs is asked for, never believed blindly."""
        numbers = self.numbers.get(state.account)
        if numbers is None:
            return
        for listed in state.open_orders:
            self._see_open(state.account, listed)
        there = {listed.client_order_id for listed in state.open_orders}
        live = self.table.live(state.account)
        for order in live:
            if order.state in (OPEN, PARTLY_FILLED) and order.client_order_id not in there and not order.asked:
                self.query(order)
        if state.last_fill_number > numbers.upto:
            self.miss_fills(state.account)
        elif not live and not self._awaits_settlement(state.account):
            self._rest(state.account)
        self.compared(state.account)

    def _rest(self, account: str) -> None:
        """All is known: the next comparison comes with the next order, or in a while where contracts are held."""
        self.doublings.pop(account, None)
        self.missing.pop(account, None)
        if any(held.kind != "spot" for held in self._held(account)):
            self.set_timer(self.now() + self.config.reconcile_idle, f"{ACCOUNT} {account}")
        else:
            self.cancel_timer(f"{ACCOUNT} {account}")

    def _awaits_settlement(self, account: str) -> bool:
        """Whether shares are left of a contract that is over: what became of them is asked until it is known."""
        return any(0 < held.message.expires <= self.now() for held in self._held(account))

    def _held(self, account: str) -> list[Specification]:
        names = dict.fromkeys(instrument for each, instrument, _ in self.holdings.shares if each == account)
        return [self.context.instruments.at(name, self.now()) for name in names]

    def expiry_due(self, instrument: str) -> None:
        """The venue has settled it unasked: whether all of that has come shows when the accounts are compared."""
        for account in dict.fromkeys(each for each, name, _ in self.holdings.shares if name == instrument):
            self.doublings.pop(account, None)
            self.account_due(account)

    def _see_open(self, account: str, listed: OpenOrder) -> None:
        order = self.table.by_client.get(listed.client_order_id)
        if order is None:
            self._report_foreign(account, listed.instrument, listed.client_order_id)
        elif order.over:
            self.alert("warning", "order_not_gone", f"{order.order_id} was {order.state} and works", account)
            self.send_cancel(order)

    def _report_foreign(self, account: str, instrument: str, client_order_id: str) -> None:
        if client_order_id in self.foreign:
            return
        self.foreign[client_order_id] = None
        if len(self.foreign) > FOREIGN_MAX:
            del self.foreign[next(iter(self.foreign))]
        text = f"order {client_order_id} works at the venue and is not of this desk: it is left alone"
        self.alert("warning", "foreign_order", text, account, instrument)

    def order_overdue(self, order_id: str) -> None:
        """No answer in time: what was asked may or may not have happened, so the order is asked for."""
        order = self.table.orders.get(order_id)
        if order is None or order.over or not order.asked:
            return
        order.attempts += 1
        if order.state == SENT:
            order.state = next_state(order.state, TIMEOUT)
            self.tell(order, "no answer in time")
        elif order.state == UNKNOWN and order.attempts % 5 == 0:
            text = f"{order.order_id} is unknown after {order.attempts} questions"
            self.alert("warning", "order_unknown", text, order.account, order.instrument)
        self.query(order)

    def account_due(self, account: str) -> None:
        self.missing.pop(account, None)
        self.ask_account(account)
        self.compare_again(account)

    def moved(self, order: Order) -> None:
        """An order changed; for those who wait for it."""

    def compared(self, account: str) -> None:
        """The venue's state of an account came; for those who wait for it."""
