"""What the legs of a basket hold and lack: the orders that are missing, and what stands alone."""

from __future__ import annotations

from letrade.actors.capital.groups import REFUSED, Group, Leg
from letrade.actors.capital.limits import RULE, Limiter
from letrade.actors.capital.orders import Desire
from letrade.actors.capital.proportion import ZERO, excess
from letrade.actors.capital.reconcile import NewOrder, halves, toward_position
from letrade.core.holdings import Key
from letrade.core.instruments import Specification
from letrade.core.messages.orders import BasketProposal, BasketUpdate, LegProposal, OrderIntent
from letrade.core.messages.signals import Basket
from letrade.core.quantities import ONE, exact, number, units


class BasketOrders(Limiter):
    """baskets.py decides when which of it is asked for."""

    def _alone(self, group: Group) -> list[int]:
        """Of each leg what the others do not support, as far as the venue would take it."""
        held = [self.purse.holdings.shares.get(key, 0) for key in group.keys]
        rules = [self.context.instruments.at(leg.instrument, self.now()) for leg in group.legs]
        found = excess(
            held, [units(leg.before) for leg in group.legs], [units(leg.wanted) for leg in group.legs],
            [each.size.step_quantity for each in rules],
        )  # fmt: skip
        return [
            self._reducible(leg.account, each, size, share) if each.kind == "spot" else size
            for leg, each, size, share in zip(group.legs, rules, found, held, strict=True)
        ]

    def _lacking(self, basket: Basket, legs: list[Leg]) -> tuple[str, str] | None:
        """(what was expected, what was found) where a leg is short on spot of what nobody lends."""
        for leg in legs:
            key = (leg.account, leg.instrument, basket.strategy)
            rules = self.context.instruments.at(leg.instrument, self.now())
            short = self.spot_short(key, rules, units(rules.size.round_down(leg.wanted)))
            if short is not None:
                return f"{short[0]}: {short[1]}", f"{short[2]} {leg.instrument}"
        return None

    def _reducible(self, account: str, rules: Specification, size: int, share: int) -> int:
        """Of a spot asset no more is sold than the account has: fees may have taken some of what strategies hold."""
        wallet = self.purse.books[account].wallets.get(rules.base, ZERO)
        lot = rules.size.step_quantity
        if share > 0:
            size = min(size, max(0, int(wallet * ONE) // lot * lot))
        price = self.purse.board.prices.get(rules.id, 0.0)
        too_small = number(size) < rules.size_min or exact(price) * exact(number(size)) < rules.notional_min
        return 0 if too_small else size

    def _is_complete(self, group: Group) -> bool:
        """Whether all that was wanted is held, to the lot."""
        for key, leg in zip(group.keys, group.legs, strict=True):
            lot = self.context.instruments.at(leg.instrument, self.now()).size.step_quantity
            if abs(self.purse.holdings.shares.get(key, 0) - units(leg.wanted)) >= lot:
                return False
        return True

    def _intents(self, group: Group) -> tuple[list[LegProposal], str]:
        """(the orders that are missing, why not): reserved for all legs, or for none."""
        legs = []
        put: list[str] = []
        for key, leg in zip(group.keys, group.legs, strict=True):
            desire = Desire(*key, group.signal, leg.wanted, legs=group.orders)
            if self.desires[key].signal <= group.signal:
                self.desires[key] = desire
            orders, refused = self._leg_intents(desire)
            group.orders = desire.legs
            put += [order.order_id for order in orders]
            if refused:
                for order_id in put:
                    dropped = self.working.drop(order_id)
                    if dropped is not None:
                        self.purse.touch(dropped.key)
                return [], refused
            if orders:
                legs.append(LegProposal(leg.account, leg.instrument, tuple(orders)))
        return legs, ""

    def _leg_intents(self, desire: Desire) -> tuple[list[OrderIntent], str]:
        rules = self.context.instruments.at(desire.instrument, self.now())
        held, wanted = self.purse.holdings.shares.get(desire.key, 0), units(desire.wanted)
        plan = toward_position(wanted, held, rules.size.step_quantity, None, [])
        room = self._room(desire, 1 if wanted > 0 else -1)
        grows = abs(wanted) > abs(held) or wanted * held < 0
        if plan.orders and grows and room is not None and abs(wanted) > room:
            self._refuse(desire, RULE, repr(number(room)), repr(desire.wanted))
            return [], f"{desire.instrument}: at most {number(room)!r}"
        orders: list[OrderIntent] = []
        for new in [half for order in plan.orders for half in halves(order)]:
            if self._is_dust(desire, new):
                continue
            order = self._new_order(desire, new)
            if order is None:
                return orders, f"{desire.instrument}: no capital or no price"
            orders.append(order)
        if any(order.side < 0 for order in orders) and rules.kind == "spot" and self.protections.by_key:
            self._unprotect(desire.key, self.protections.lift(desire.key), "what it holds back is sold")
        return orders, ""

    def _propose_legs(self, group: Group, legs: list[LegProposal]) -> None:
        self.publish(
            BasketProposal(
                strategy=group.strategy, account=group.legs[0].account, instrument=group.legs[0].instrument,
                signal=group.signal, legs=tuple(legs),
            )
        )  # fmt: skip

    def _closing_leg(self, group: Group, key: Key, size: int) -> LegProposal:
        """For the account it may open: other strategies hold the other side."""
        desire = Desire(*key, group.signal, legs=group.orders)
        side = -1 if self.purse.holdings.shares.get(key, 0) > 0 else 1
        order = self._new_order(desire, NewOrder(side, size, size))
        group.orders = desire.legs
        return LegProposal(key[0], key[1], () if order is None else (order,))

    def _clear_way(self, group: Group, key: Key) -> bool:
        """Whether nothing of ours rests where the closing order of a leg would meet it. What does is taken off, as a
        reduction takes off its account's, and not pursued any further."""
        side = -1 if self.purse.holdings.shares.get(key, 0) > 0 else 1
        anywhere = self.purse.settings.risk.own_orders == "desk"
        met = [
            order for order in self.working.by_id.values()
            if order.instrument == key[1] and order.side != side and (anywhere or order.account == key[0])
        ]  # fmt: skip
        for order in met:
            if order.key in self.desires:
                self.desires[order.key].waiting = False
        self._cancel([order.order_id for order in met], f"basket {group.signal} is undone")
        return not met

    def _held_number(self, key: Key) -> float:
        return number(self.purse.holdings.shares.get(key, 0))

    def _tell(self, group: Group, state: str, reason: str, complete: bool) -> None:
        self.publish(
            BasketUpdate(
                strategy=group.strategy, account=group.legs[0].account, instrument=group.legs[0].instrument,
                signal=group.signal, state=state, reason=reason, complete=complete,
                held=tuple(self._held_number(key) for key in group.keys[: group.told]),
            )
        )  # fmt: skip

    def _tell_refused(self, basket: Basket, reason: str) -> None:
        self.publish(
            BasketUpdate(
                strategy=basket.strategy, account=basket.account, instrument=basket.instrument, signal=basket.signal,
                state=REFUSED, held=(), reason=reason,
            )
        )  # fmt: skip
