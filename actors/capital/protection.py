"""Stops and take-profits that strategies want for what they hold: which orders stand for them, and when anew."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.core import ids
from letrade.core.holdings import Key
from letrade.core.messages.orders import OrderIntent
from letrade.core.messages.signals import Protect
from letrade.core.quantities import number, units

PROFIT = "take_profit"
TRIGGERS = ("last", "mark", "index")


class Protection(msgspec.Struct, array_like=True):
    """The newest Protect of one share; its orders only reduce, so they need no capital and may be larger than it."""

    account: str
    instrument: str
    strategy: str
    signal: int
    stop: float | None
    take_profit: float | None
    size: float | None
    legs: int = 0
    side: int = 0
    placed: int = 0
    """Units of 1e-18 of each of its orders."""
    orders: list[str] = msgspec.field(default_factory=list)
    trigger_by: str = "last"
    trail: float | None = None

    @property
    def key(self) -> Key:
        return (self.account, self.instrument, self.strategy)


class Protections:
    """By share, and the orders of all of them by id."""

    def __init__(self) -> None:
        self.by_key: dict[Key, Protection] = {}
        self.orders: dict[str, Key] = {}
        """Every protective order that is not over, those of replaced protections too."""

    def replace(self, protect: Protect) -> list[str]:
        """The orders of the protection that this one takes the place of, to be cancelled."""
        key = (protect.account, protect.instrument, protect.strategy)
        before = self.by_key.pop(key, None)
        if protect.stop is not None or protect.take_profit is not None or protect.trail is not None:
            self.by_key[key] = Protection(
                *key, protect.signal, protect.stop, protect.take_profit, protect.size,
                trigger_by=protect.trigger_by, trail=protect.trail,
            )  # fmt: skip
        return before.orders if before is not None else []

    def follow(self, key: Key, held: int, wanted: int) -> tuple[list[str], list[OrderIntent]]:
        """(orders to cancel, orders to send) now that a share is `held` and comes to be `wanted`."""
        protection = self.by_key.get(key)
        if protection is None:
            return [], []
        if not held:
            return self.lift(key), []
        side = -1 if held > 0 else 1
        needed = abs(held) if protection.size is None else units(protection.size)
        if protection.orders and protection.side == side and protection.placed >= needed:
            return [], []
        gone = protection.orders
        coming = abs(wanted) if protection.size is None and wanted * held > 0 else 0
        protection.side, protection.placed = side, max(needed, coming)
        return gone, self._intents(protection)

    def lift(self, key: Key) -> list[str]:
        """Orders to cancel so that what they hold back can be sold; after the next fill they come anew."""
        protection = self.by_key.get(key)
        if protection is None:
            return []
        gone, protection.orders, protection.placed = protection.orders, [], 0
        return gone

    def _intents(self, protection: Protection) -> list[OrderIntent]:
        """A pair whose one order shrinks as the other trades."""
        intents = []
        group = f"{protection.strategy}.{protection.signal}.{protection.legs}"
        stop = "stop" if protection.trail is None else "trailing_stop"
        for kind, trigger, trail in ((stop, protection.stop, protection.trail), (PROFIT, protection.take_profit, None)):
            if trigger is not None or trail is not None:
                protection.legs += 1
                order_id = ids.order_id(protection.strategy, protection.signal, protection.legs)
                intents.append(
                    OrderIntent(
                        order_id=order_id, side=protection.side, size=number(protection.placed), reduce_only=True,
                        kind=kind, trigger=trigger, trigger_by=protection.trigger_by, trail=trail, group=group,
                    )
                )  # fmt: skip
                self.orders[order_id] = protection.key
        protection.orders = [intent.order_id for intent in intents]
        return intents

    def end(self, order_id: str) -> bool:
        """Nothing of an order is left. Whether it stood for the newest protection."""
        key = self.orders.pop(order_id, None)
        protection = self.by_key.get(key) if key is not None else None
        if protection is None or order_id not in protection.orders:
            return False
        protection.orders.remove(order_id)
        return True

    def give_up(self, account: str) -> None:
        """An account is closed by hand: nothing of it is protected any more."""
        self.by_key = {key: each for key, each in self.by_key.items() if account not in ("*", key[0])}

    def state(self) -> Any:
        return [list(self.by_key.values()), [[order_id, *key] for order_id, key in self.orders.items()]]

    def restore(self, state: Any) -> None:
        protections, orders = state
        self.by_key = {each.key: each for each in msgspec.convert(protections, list[Protection])}
        self.orders = {order_id: (account, instrument, strategy) for order_id, account, instrument, strategy in orders}
