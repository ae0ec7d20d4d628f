"""Wishes about a basket that is under way wait for its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from letrade.actors.capital.basket_orders import BasketOrders
from letrade.actors.capital.groups import STANDING, Group
from letrade.actors.capital.wishes import LaterWishes, Wish, keys_of
from letrade.core.actor import Context
from letrade.core.holdings import Key
from letrade.core.messages.signals import Basket

LATER = "later"


class Waiting(BasketOrders):
    """Knows the baskets, and which of them is at rest; what becomes of each is decided in baskets.py."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.groups: dict[tuple[str, int], Group] = {}
        """By strategy and signal."""
        self.group_of: dict[Key, Group] = {}
        self.later = LaterWishes()

    def is_under_way(self, key: Key) -> bool:
        """Whether a basket of it works or is out of proportion, or a leg of it is being reduced or otherwise traded."""
        group = self.group_of.get(key)
        return group is not None and (group.phase != STANDING or group.since > 0 or self._is_busy(group))

    def _is_busy(self, group: Group) -> bool:
        return any(self.working.of(key) or self.is_reducing(key) for key in group.keys)

    def waits(self, wish: Wish) -> bool:
        """A wish about a basket that is under way is followed after that, and after those that wait already."""
        if not (self.group_of or self.later):
            return False
        if not any(self.later.about(key) or self.is_under_way(key) for key in keys_of(wish)):
            return False
        self._give_up_wishes(self.later.put(wish), f"signal {wish.signal} is newer")
        return True

    def _give_up_wishes(self, wishes: list[Wish], reason: str) -> None:
        for wish in wishes:
            if isinstance(wish, Basket):
                self._tell_refused(wish, reason)

    def _drop_later(self, concerns: Callable[[Key], bool], reason: str) -> None:
        if self.later:
            self._give_up_wishes(self.later.drop(concerns), reason)

    def _wake(self, group: Group) -> None:
        """A moment later, as a basket is opened."""
        if self.later or any(self.desires[key].waiting for key in group.keys):
            self.set_timer(self.now() + 1, LATER)

    def _follow_later(self) -> None:
        """What waits no longer for anything."""
        for key in [key for key, desire in self.desires.items() if desire.waiting]:
            self.resume(key)
        while self.later and (wish := self.later.take(self.is_under_way)) is not None:
            self.follow(wish)

    def follow(self, wish: Wish) -> None:
        """In baskets.py and manager.py."""

    def resume(self, key: Key) -> None:
        """Go on with what is wished of a share, in manager.py."""
