"""CapitalManager: what strategies want becomes sized orders, within the cash and the allocation that they have."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from letrade.actors.capital.baskets import Baskets
from letrade.actors.capital.orders import Desire, Working, WorkingOrders
from letrade.actors.capital.protection import TRIGGERS
from letrade.actors.capital.reconcile import (
    NOTHING,
    Amend,
    NewOrder,
    Plan,
    halves,
    match_quotes,
    stands,
    toward_position,
)
from letrade.actors.capital.wishes import Wish
from letrade.core import ids
from letrade.core.actor import ActorConfig
from letrade.core.fraction import Fraction
from letrade.core.instruments import Specification
from letrade.core.messages.events import Alert, Failure, Flatten
from letrade.core.messages.market import Bar, IndexPrice, MarkPrice, Middle, Quote, Trade
from letrade.core.messages.orders import (
    CashEntry,
    Fill,
    OrderRefused,
    OrderUpdate,
)
from letrade.core.messages.signals import Protect, Quotes, Target
from letrade.core.orders import EXPIRED, OPEN, PARTLY_FILLED, TERMINAL, WORKING
from letrade.core.quantities import add, number, units

Key = tuple[str, str, str]


class CapitalConfig(ActorConfig, frozen=True, kw_only=True):
    """How carefully reservations are made; who may use how much stands in [capital]."""

    slippage: Annotated[float, Meta(ge=0, le=1)] = 0.01
    """How much worse than the last price a market order may fill, for its reservation."""
    leverage: Annotated[float, Meta(ge=1, le=1000)] = 1.0
    """Position notional for each unit of cash on derivatives."""
    through_zero: Literal["two_orders", "one_order"] = "two_orders"
    """How a position turns: in two orders, so that the part that closes is never refused with the part that opens; or
    in one, which is refused whole."""


class CapitalManager(Baskets):
    """Follows each strategy's newest signal; what opens is refused whole when it does not fit, what reduces never."""

    Config: ClassVar[type[ActorConfig]] = CapitalConfig

    def on_price(self, message: Trade | Quote | Bar | MarkPrice | Middle) -> None:
        self.purse.board.see(message)

    def on_index_price(self, index: IndexPrice) -> None:
        """Of a coin that backs contracts."""
        self.purse.beside.see(index)

    def on_target(self, target: Target) -> None:
        """A position to hold from now on, rounded towards 0 to the lot before it is judged."""
        if not self._takes(target):
            return
        if self._late(target):
            self._refuse_late(self._desire(target), target)
        else:
            self._follow_target(target)

    def _follow_target(self, target: Target) -> None:
        desire = self._desire(target)
        specification = self.context.instruments.at(target.instrument, self.now())
        position: float | None = target.position
        if not target.sized:
            position = self.purse.sized(target.account, target.strategy, specification, target.position, self.now())
        wanted = None if position is None else specification.size.round_down(position)
        if wanted is None:
            self._refuse(desire, "no_price", "a known price", "none")
        elif wanted < 0 and (short := self.spot_short(desire.key, specification, units(wanted))) is not None:
            self._refuse(desire, *short)
        elif target.price is not None and not specification.price.fits(target.price):
            self._refuse(desire, "tick", str(float(specification.price.step)), str(target.price))
        elif not self.waits(target):
            self.desires[desire.key] = desire
            desire.wanted = self.cut(desire, wanted, specification)
            desire.price, desire.post_only = target.price, target.post_only
            self._pursue(desire, specification)

    def on_quotes(self, quotes: Quotes) -> None:
        """The whole set of orders to have working from now on."""
        if not self._takes(quotes):
            return
        if self._late(quotes):
            self._refuse_late(self._desire(quotes), quotes)
        else:
            self._follow_quotes(quotes)

    def _follow_quotes(self, quotes: Quotes) -> None:
        desire = self._desire(quotes)
        specification = self.context.instruments.at(quotes.instrument, self.now())
        wanted = [(quote.side, quote.price, quote.size) for quote in quotes.orders]
        wrong = [
            quote for quote in wanted
            if quote[0] not in (1, -1) or not specification.price.fits(quote[1])
            or not specification.size.fits(quote[2])
        ]  # fmt: skip
        if wrong:
            self._refuse(desire, "grid", "a side, tick and lot of the instrument", str(wrong[0]))
            return
        sold = self._sold(wanted)
        left = self._held(desire) - sold
        if sold and left < 0 and (short := self.spot_short(desire.key, specification, left)) is not None:
            self._refuse(desire, *short)
        elif not self.waits(quotes):
            self.desires[desire.key] = desire
            wanted = self.cut_quotes(desire, wanted)
            desire.quotes, desire.post_only = wanted, quotes.post_only
            desire.assigned, cancels = match_quotes(wanted, self._orders_of(desire))
            self._cancel(cancels, f"signal {quotes.signal}")
            self._place_quotes(desire)

    def follow(self, wish: Wish) -> None:
        """What waited for the end of a basket."""
        if isinstance(wish, Target):
            self._follow_target(wish)
        elif isinstance(wish, Quotes):
            self._follow_quotes(wish)
        else:
            super().follow(wish)

    def on_protect(self, protect: Protect) -> None:
        """Stop and take-profit of what is held from now on; without a price the last ones are taken away."""
        if not self._takes(protect):
            return
        specification = self.context.instruments.at(protect.instrument, self.now())
        key = (protect.account, protect.instrument, protect.strategy)
        prices = [price for price in (protect.stop, protect.take_profit, protect.trail) if price is not None]
        wrong = next((price for price in prices if not specification.price.fits(price)), None)
        if self._late(protect):
            self._refuse_late(Desire(*key, protect.signal), protect)
        elif protect.trigger_by not in TRIGGERS:
            self._refuse(Desire(*key, protect.signal), "trigger_by", "last, mark or index", str(protect.trigger_by))
        elif wrong is not None or (protect.size is not None and not specification.size.fits(protect.size)):
            found = str(wrong if wrong is not None else protect.size)
            self._refuse(Desire(*key, protect.signal), "grid", "a side, tick and lot of the instrument", found)
        else:
            self._unprotect(key, self.protections.replace(protect), f"signal {protect.signal}")
            self._protect(key)

    def _hear_protection(self, update: OrderUpdate) -> None:
        """What is left after a stop found no more size is protected anew, by both of a pair; what the venue would not
        take is not."""
        if update.state in TERMINAL:
            key = (update.account, update.instrument, update.strategy)
            newest = self.protections.end(update.order_id)
            if update.state == EXPIRED and update.filled:
                self._unprotect(key, self.protections.lift(key) if newest else [], "another position")
                self._protect(key)

    def on_fill(self, fill: Fill) -> None:
        """Shares and cash move, and the reservation shrinks by as much."""
        specification = self.context.instruments.at(fill.instrument, fill.time)
        self.purse.holdings.book(specification, fill)
        self.purse.books[fill.account].book_fill(specification, fill)
        self.purse.board.prices.setdefault(fill.instrument, fill.price)
        order = self.working.by_id.get(fill.order_id)
        if order is not None:
            order.filled = add(order.filled, fill.size)
            if not order.remaining:
                self.working.drop(fill.order_id)
        key = (fill.account, fill.instrument, fill.strategy)
        if fill.order_id in self.protections.orders and key in self.desires:
            self.desires[key].waiting = False
            self.desires[key].wanted = number(self.purse.holdings.shares.get(key, 0))
        over = bool(self.limits or self.underway) and self.limit_fill(fill)
        if self.group_of:
            self.basket_fill(fill)
        self._continue(key)
        if over:
            self.continue_market(key[:2])
        if self.protections.by_key:
            self._protect(key)

    def on_cash_entry(self, entry: CashEntry) -> None:
        self.purse.books[entry.account].book_cash(entry)
        if self.purse.holdings.accrue(self.context.instruments, entry, self.now()):
            self.purse.touch((entry.account, entry.instrument, entry.strategy))
        if entry.origin in ("transfer", "fee"):
            self.hear_transfer_entry(entry)

    def on_order_update(self, update: OrderUpdate) -> None:
        if update.order_id in self.protections.orders:
            self._hear_protection(update)
            return
        order = self.working.by_id.get(update.order_id)
        if update.state in TERMINAL:
            if self.working.drop(update.order_id) is None:
                return
            if self.group_of:
                key = (update.account, update.instrument, update.strategy)
                self.basket_missed(key, update.order_id, f"{update.state}: {update.reason}")
                if update.order_id.startswith("reduce."):
                    self.reduction_over(key, update.order_id)
        elif order is None:
            if update.state not in WORKING or update.filled >= update.size:
                return
            self._adopt(update)
        else:
            order.acknowledged = update.state in (OPEN, PARTLY_FILLED)
            if order.acknowledged and self.group_of:
                self.basket_left(order.key, update.order_id)
            if update.reason.startswith("amend"):
                order.amending = None
                order.price, order.size = update.price, update.size
        self._continue((update.account, update.instrument, update.strategy))

    def on_order_refused(self, refused: OrderRefused) -> None:
        """Nothing is tried again until the strategy's next signal; one that has come since goes on."""
        if refused.refused_by == self.name or refused.what == "approval":
            return
        key = (refused.account, refused.instrument, refused.strategy)
        desire = self.desires.get(key)
        newest = desire is not None and refused.order_id.startswith(f"{desire.strategy}.{desire.signal}.")
        guards = False
        if refused.what == "amend":
            order = self.working.by_id.get(refused.order_id)
            if order is not None:
                order.amending = None
                newest = desire is not None and order.asked_by == desire.signal
        else:
            self.working.drop(refused.order_id)
            guards = refused.order_id in self.protections.orders
            self.protections.end(refused.order_id)
        self.purse.touch(key)
        if desire is not None and newest:
            desire.waiting = False
        group = self.group_of.get(key) if self.group_of else None
        if group is not None:
            if refused.rule == "reduces":
                self.reduction_refused(key, refused.order_id)
            self.basket_missed(key, refused.order_id, f"{refused.rule}: {refused.limit}, found {refused.value}")
            self.look(group)
        if not guards:
            self.resume(key)

    def on_failure(self, failure: Failure) -> None:
        """A strategy that is stopped leaves no working orders behind; its positions stay."""
        mine = [desire for desire in self.desires.values() if desire.strategy == failure.actor]
        if not failure.stopped or not mine:
            return
        for desire in mine:
            desire.waiting = False
        self.keep_baskets(lambda key: key[2] == failure.actor)
        orders = [order.order_id for order in self.working.by_id.values() if order.strategy == failure.actor]
        self._cancel(orders, "the strategy is stopped")
        text = f"{failure.actor} is stopped by {failure.error}: {len(orders)} working orders cancelled, positions kept"
        self.publish(Alert(level="error", code="strategy_stopped", text=text))

    def on_flatten(self, flatten: Flatten) -> None:
        """No signal from before the flattening is pursued any further."""
        for desire in self.desires.values():
            if flatten.account in ("*", desire.account):
                desire.waiting = False
        self.keep_baskets(lambda key: flatten.account in ("*", key[0]))
        self.protections.give_up(flatten.account)

    def _desire(self, signal: Target | Quotes) -> Desire:
        """A new signal replaces the last one, also when it will be refused; but not that of a basket."""
        account, instrument, strategy = signal.account, signal.instrument, signal.strategy
        desire = Desire(account, instrument, strategy, signal.signal)
        if desire.key not in self.group_of and not (self.later and self.later.about(desire.key)):
            self.desires[desire.key] = desire
        return desire

    def _continue(self, key: Key) -> None:
        self.purse.touch(key)
        group = self.group_of.get(key) if self.group_of else None
        if group is not None:
            self.look(group)
        self.resume(key)

    def resume(self, key: Key) -> None:
        """Go on with a wish that waits."""
        desire = self.desires.get(key)
        if desire is None or not desire.waiting:
            return
        if desire.quotes is None:
            self._pursue(desire, self.context.instruments.at(desire.instrument, self.now()))
        else:
            self._place_quotes(desire)

    def _pursue(self, desire: Desire, specification: Specification) -> None:
        if (self.underway and self.is_reducing(desire.key)) or (self.group_of and self.is_under_way(desire.key)):
            desire.waiting = True
            return
        lot, key = specification.size.step_quantity, desire.key
        held = self.purse.holdings.shares.get(key, 0)
        plan = toward_position(units(desire.wanted), held, lot, desire.price, self.working.of(key))
        desire.waiting = plan.waiting
        if plan.cancels:
            self._cancel(plan.cancels, f"signal {desire.signal}")
        if self.protections.by_key and specification.kind == "spot" and any(new.side < 0 for new in plan.orders):
            self._unprotect(key, self.protections.lift(key), "what it holds back is sold")
        self._propose(desire, plan)
        if self.group_of and plan == NOTHING:
            self.let_go(key)

    def _place_quotes(self, desire: Desire) -> None:
        """New orders once for each quote; amends as soon as the order can take one."""
        new, amends = [], []
        desire.waiting = False
        for place, quote in enumerate(desire.quotes or ()):
            assigned = (desire.assigned or [])[place]
            order = self.working.by_id.get(assigned)
            if not assigned:
                new.append((place, quote))
            elif order is None or order.cancelling or stands(order, quote):
                continue
            elif order.busy:
                desire.waiting = True
            else:
                amends.append(Amend(order.order_id, quote[1], units(order.filled) + units(quote[2])))
        orders = []
        for place, (side, price, size) in new:
            desire.price = price
            intent = self._new_order(desire, NewOrder(side, units(size), self._closing(desire, side, units(size))))
            if desire.assigned is not None:
                desire.assigned[place] = ids.order_id(desire.strategy, desire.signal, desire.legs)
            if intent is not None:
                orders.append(intent)
        self._send(desire, orders, amends)

    def _closing(self, desire: Desire, side: int, size: int) -> int:
        ahead = sum(order.remaining for order in self._orders_of(desire) if order.side == side)
        return min(size, max(0, -side * self._held(desire) - ahead))

    def _propose(self, desire: Desire, plan: Plan) -> None:
        orders = []
        split = self.config.through_zero == "two_orders"
        for new in plan.orders:
            for half in halves(new) if split else (new,):
                order = None if self._is_dust(desire, half) else self._new_order(desire, half)
                if order is not None:
                    orders.append(order)
        self._send(desire, orders, plan.amends)

    def _sold(self, quotes: list[tuple[int, float, float]]) -> int:
        return sum(units(size) for side, _, size in quotes if side < 0)

    def reserved(self, account: str, currency: str) -> Fraction:
        """Cash held back for orders on their way."""
        return self.purse.reserved(account, currency, self.working, self.now())

    def state(self) -> Any:
        return {
            "purse": self.purse.state(),
            "working": list(self.working.by_id.values()),
            "desires": list(self.desires.values()),
            "signals": list(self.signals.items()),
            "protections": self.protections.state(),
            "limits": self.limits_state(),
            "transfers": self.transfers_state(),
            "settling": self.settling_state(),
            "baskets": self.baskets_state(),
        }

    def restore(self, state: Any) -> None:
        self.purse.restore(state["purse"])
        self.working = WorkingOrders()
        for order in msgspec.convert(state["working"], list[Working]):
            self._put(order)
        desires = msgspec.convert(state["desires"], list[Desire])
        self.desires = {each.key: each for each in desires}
        self.signals = dict(state["signals"])
        self.protections.restore(state["protections"])
        self.restore_limits(state["limits"])
        self.restore_transfers(state["transfers"])
        self.restore_settling(state["settling"])
        self.restore_baskets(state["baskets"])
