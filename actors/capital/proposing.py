"""What CapitalManager asks for: proposals with their reservations, amends, cancels and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from letrade.actors.capital.lending import Lending
from letrade.actors.capital.orders import Desire, Working, WorkingOrders
from letrade.actors.capital.protection import Protections
from letrade.actors.capital.purse import Purse
from letrade.actors.capital.reconcile import Amend, NewOrder
from letrade.core import ids
from letrade.core.actor import Actor, Context
from letrade.core.config.desk import DeskConfig
from letrade.core.holdings import Key
from letrade.core.instruments import Specification
from letrade.core.lateness import wish_age_max
from letrade.core.messages.orders import (
    AmendIntent,
    CancelOrder,
    OrderIntent,
    OrderRefused,
    OrderUpdate,
    Proposal,
)
from letrade.core.messages.signals import Basket, Protect, Quotes, Target
from letrade.core.orders import OPEN, PARTLY_FILLED
from letrade.core.quantities import exact, number, units
from letrade.core.stage import Stage


class Proposer(Actor):
    """Knows the money, the working orders and what strategies want; manager.py decides what follows from that."""

    stage: ClassVar[Stage] = Stage.CAPITAL

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        settings = context.settings or DeskConfig()
        self.purse = Purse(settings, context.instruments, exact(config.leverage), exact(config.slippage))
        self.lending = Lending(settings)
        self.working = WorkingOrders()
        self.desires: dict[Key, Desire] = {}
        self.protections = Protections()
        self.signals: dict[str, int] = {}
        """The newest signal of each strategy: an older one is a repeat."""
        self.age_max = wish_age_max(settings)

    def _takes(self, signal: Target | Quotes | Protect | Basket) -> bool:
        """Repeats are dropped; a signal with another's number, or about nothing that the desk has, is refused."""
        newest = self.signals.get(signal.strategy, 0)
        if signal.signal <= newest:
            if self._borrows(signal):
                desire = Desire(signal.account, signal.instrument, signal.strategy, signal.signal)
                self._refuse(desire, "signal", f"a number above {newest}", str(signal.signal))
            return False
        self.signals[signal.strategy] = signal.signal
        if signal.instrument in self.context.instruments and signal.account in self.purse.books:
            return True
        known = ", ".join([*self.context.instruments.ids(), *self.purse.books])
        desire = Desire(signal.account, signal.instrument, signal.strategy, signal.signal)
        self._refuse(desire, "unknown", known, f"{signal.account} {signal.instrument}")
        return False

    def _borrows(self, signal: Target | Quotes | Protect | Basket) -> bool:
        """Whether its number is that of the position wanted, for a protection, or of the protection, for a position:
        no repeat, but a second wish that would be lost without a word."""
        key = (signal.account, signal.instrument, signal.strategy)
        others = self.desires if isinstance(signal, Protect) else self.protections.by_key
        other = others.get(key)
        return other is not None and other.signal == signal.signal

    def _late(self, signal: Target | Quotes | Protect | Basket) -> bool:
        return self.age_max is not None and self.now() - signal.time > self.age_max

    def _refuse_late(self, desire: Desire, signal: Target | Quotes | Protect | Basket) -> None:
        """What was wished before an outage is not followed after it: the strategy is told, and decides anew."""
        self._refuse(desire, "late", f"{self.age_max} ns", f"{self.now() - signal.time} ns")

    def spot_short(self, key: Key, specification: Specification, wanted: int) -> tuple[str, str, str] | None:
        """(rule, limit, found) where a share (in units of 1e-18) is short on spot beyond what is lent."""
        if specification.kind != "spot":
            return None
        return self.lending.refusal(self.purse, self.working, key, specification, wanted, self.now())

    def _is_dust(self, desire: Desire, new: NewOrder) -> bool:
        """What is left of a spot holding, too small for the venue to take: it stays, and is not asked for again."""
        if new.closing < new.size:
            return False
        specification = self.context.instruments.at(desire.instrument, self.now())
        if specification.kind != "spot":
            return False
        size = number(new.size)
        price = self.purse.basis(desire.instrument, new.side, desire.price) or 0.0
        return size < specification.size_min or exact(price) * exact(size) < specification.notional_min

    def _new_order(self, desire: Desire, new: NewOrder) -> OrderIntent | None:
        """Reserves what it may take, or refuses it whole."""
        desire.legs += 1
        basis = self.purse.basis(desire.instrument, new.side, desire.price)
        opening = new.size > new.closing
        if basis is None and opening:
            self._refuse(desire, "no_price", "a known price", "none")
            return None
        order = Working(
            ids.order_id(desire.strategy, desire.signal, desire.legs), desire.account, desire.instrument,
            desire.strategy, new.side, number(new.size), desire.price, desire.post_only, basis or 0.0,
        )  # fmt: skip
        shortage = self.purse.shortage(order, self.working, self.now()) if opening else None
        if shortage is not None:
            self._refuse(desire, "capital", *shortage)
            return None
        self._put(order)
        return OrderIntent(
            order_id=order.order_id, side=order.side, size=order.size, price=order.price, post_only=order.post_only,
            time_in_force="gtc" if order.price is not None else "ioc", reduce_only=not opening,
        )  # fmt: skip

    def _send(self, desire: Desire, orders: list[OrderIntent], amends: Sequence[Amend]) -> None:
        asked = [self._amend(amend, desire.signal) for amend in amends]
        intents = tuple([intent for intent in asked if intent is not None])
        if orders or intents:
            self.publish(
                Proposal(
                    strategy=desire.strategy, account=desire.account, instrument=desire.instrument,
                    signal=desire.signal, orders=tuple(orders), amends=intents,
                )
            )  # fmt: skip

    def _amend(self, amend: Amend, signal: int) -> AmendIntent | None:
        """A larger or dearer order reserves more, or is not amended."""
        order = self.working.by_id[amend.order_id]
        size = number(amend.size)
        known = self.purse.basis(order.instrument, order.side, amend.price) or order.basis
        basis = (min if self.purse.is_inverse(order.instrument) else max)(order.basis, known)
        changed = msgspec.structs.replace(order, amending=(amend.price, size), basis=basis, asked_by=signal)
        shortage = self.purse.shortage(changed, self.working, self.now())
        if shortage is not None:
            self._refuse(self._desire_of(order), "capital", *shortage, order_id=order.order_id, what="amend")
            return None
        self._put(changed)
        return AmendIntent(order_id=order.order_id, price=amend.price, size=size)

    def _desire_of(self, order: Working) -> Desire:
        return self.desires[order.key]

    def _adopt(self, update: OrderUpdate) -> None:
        """An order that was thought over and is not, or that execution sent by itself, counts as working again."""
        basis = self.purse.basis(update.instrument, update.side, update.price) or 0.0
        adopted = Working(
            update.order_id, update.account, update.instrument, update.strategy, update.side, update.size,
            update.price, False, basis, update.filled, update.state in (OPEN, PARTLY_FILLED),
        )  # fmt: skip
        self._put(adopted)

    def _put(self, order: Working) -> None:
        self.working.put(order)
        self.purse.touch(order.key)

    def _cancel(self, order_ids: list[str] | tuple[str, ...], reason: str) -> None:
        """Straight to execution: nobody may refuse a cancel."""
        for order_id in order_ids:
            order = self.working.by_id[order_id]
            if not order.cancelling:
                order.cancelling = True
                self.publish(
                    CancelOrder(
                        strategy=order.strategy, account=order.account, instrument=order.instrument,
                        order_id=order_id, reason=reason,
                    )
                )  # fmt: skip

    def _refuse(
        self, desire: Desire, rule: str, limit: str, found: str, order_id: str = "", what: str = "order"
    ) -> None:
        desire.waiting = False
        self.publish(
            OrderRefused(
                strategy=desire.strategy, account=desire.account, instrument=desire.instrument,
                order_id=order_id or ids.order_id(desire.strategy, desire.signal, desire.legs),
                rule=rule, limit=limit, value=found, refused_by=self.name, what=what,
            )
        )  # fmt: skip

    def _orders_of(self, desire: Desire) -> list[Working]:
        return self.working.of(desire.key)

    def _held(self, desire: Desire) -> int:
        return self.purse.holdings.share(desire.account, desire.instrument, desire.strategy)

    def _protect(self, key: Key) -> None:
        """Orders that only reduce, so that no capital is needed, and that wait for their trigger at the venue."""
        desire = self.desires.get(key)
        wanted = units(desire.wanted) if desire is not None and desire.quotes is None else 0
        if self.context.instruments.at(key[1], self.now()).kind == "spot":
            wanted = 0  # a venue holds no sale on spot to what is held then: it would sell what others have
        gone, intents = self.protections.follow(key, self.purse.holdings.shares.get(key, 0), wanted)
        self._unprotect(key, gone, "another position")
        if intents:
            account, instrument, strategy = key
            signal = self.protections.by_key[key].signal
            self.publish(
                Proposal(
                    strategy=strategy, account=account, instrument=instrument, signal=signal, orders=tuple(intents)
                )
            )  # fmt: skip

    def _unprotect(self, key: Key, order_ids: Sequence[str], reason: str) -> None:
        account, instrument, strategy = key
        for order_id in order_ids:
            self.publish(
                CancelOrder(
                    strategy=strategy, account=account, instrument=instrument, order_id=order_id, reason=reason
                )
            )  # fmt: skip
