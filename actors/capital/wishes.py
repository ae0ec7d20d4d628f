"""Wishes that wait for the end of a basket, in the order in which they came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from letrade.actors.capital.groups import legs_of
from letrade.core import codec
from letrade.core.holdings import Key
from letrade.core.messages.signals import Basket, Quotes, Target

Wish = Target | Quotes | Basket


def keys_of(wish: Wish) -> list[Key]:
    """The shares that it is about."""
    if isinstance(wish, Basket):
        return [(leg.account, leg.instrument, wish.strategy) for leg in legs_of(wish)]
    return [(wish.account, wish.instrument, wish.strategy)]


class LaterWishes:
    """Each is the newest about some share at least; one that is about shares of several waits for all of them."""

    def __init__(self) -> None:
        self._wishes: list[Wish] = []

    def __bool__(self) -> bool:
        return bool(self._wishes)

    def about(self, key: Key) -> bool:
        return any(key in keys_of(wish) for wish in self._wishes)

    def put(self, newest: Wish) -> list[Wish]:
        """Those that are given up, as newer ones are about all of their shares."""
        self._wishes.append(newest)
        newer: dict[Key, None] = {}
        gone = []
        for wish in reversed(self._wishes):
            keys = keys_of(wish)
            if all(key in newer for key in keys):
                gone.append(wish)
            newer |= dict.fromkeys(keys)
        self._wishes = [wish for wish in self._wishes if wish not in gone]
        return gone

    def take(self, is_busy: Callable[[Key], bool]) -> Wish | None:
        """The first that waits for nothing: neither for a basket nor for an older wish."""
        older: dict[Key, None] = {}
        for place, wish in enumerate(self._wishes):
            keys = keys_of(wish)
            if not any(key in older or is_busy(key) for key in keys):
                return self._wishes.pop(place)
            older |= dict.fromkeys(keys)
        return None

    def drop(self, concerns: Callable[[Key], bool]) -> list[Wish]:
        gone = [wish for wish in self._wishes if any(map(concerns, keys_of(wish)))]
        self._wishes = [wish for wish in self._wishes if wish not in gone]
        return gone

    def state(self) -> Any:
        return [codec.encode(wish) for wish in self._wishes]

    def restore(self, state: Any) -> None:
        wishes = [codec.decode(each) for each in state]
        self._wishes = [wish for wish in wishes if isinstance(wish, Target | Quotes | Basket)]
