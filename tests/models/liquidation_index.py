"""The index of liquidation prices as a list that each mark price goes through whole."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.models.hashing import hash_words

LONG = 1
PLACE_BITS = 32


@dataclass
class Slot:
    """One place: its generation, and the position that lives there, if any."""

    generation: int = 1
    side: int = 0
    price: float = 0.0
    """0.0: it was crossed."""


class SlowLiquidationIndex:
    """Places are given back last in, first out; place 0 is nobody's."""

    def __init__(self) -> None:
        self.slots: list[Slot] = [Slot()]
        self.free: list[int] = []
        self.waiting: list[int] = []

    def add(self, side: int, price: float) -> int:
        place = self.free.pop() if self.free else len(self.slots)
        if place == len(self.slots):
            self.slots.append(Slot())
        self.slots[place].side, self.slots[place].price = side, price
        return self.slots[place].generation << PLACE_BITS | place

    def move(self, handle: int, price: float) -> None:
        self._slot(handle).price = price
        self._forget(handle)

    def remove(self, handle: int) -> None:
        slot = self._slot(handle)
        slot.side, slot.price, slot.generation = 0, 0.0, slot.generation + 1
        self._forget(handle)
        self.free.append(handle % (1 << PLACE_BITS))

    def mark(self, price: float, room: int) -> list[int]:
        for side in (1, -1):
            for place, slot in enumerate(self.slots):
                if slot.side == side and slot.price and side * slot.price >= side * price:
                    slot.price = 0.0
                    self.waiting.append(slot.generation << PLACE_BITS | place)
        told, self.waiting = self.waiting[:room], self.waiting[room:]
        return told

    def nearest(self) -> tuple[float | None, float | None]:
        armed = [slot for slot in self.slots if slot.price]
        longs = [slot.price for slot in armed if slot.side == LONG]
        shorts = [slot.price for slot in armed if slot.side != LONG]
        return max(longs, default=None), min(shorts, default=None)

    def price(self, handle: int) -> float | None:
        return self._slot(handle).price or None

    def state_hash(self) -> int:
        words: list[int] = []
        for place, slot in enumerate(self.slots):
            if slot.side:
                handle = slot.generation << PLACE_BITS | place
                bits = struct.unpack("<q", struct.pack("<d", slot.price))[0]
                words += [handle, slot.side, handle in self.waiting, bits]
        return hash_words(words)

    def _forget(self, handle: int) -> None:
        if handle in self.waiting:
            self.waiting.remove(handle)

    def _slot(self, handle: int) -> Slot:
        place = handle % (1 << PLACE_BITS)
        if not (0 < place < len(self.slots)) or self.slots[place].generation != handle >> PLACE_BITS:
            raise KeyError(handle)
        if not self.slots[place].side:
            raise KeyError(handle)
        return self.slots[place]
