"""Cross accounts as a list whose slacks are all computed anew at every tick."""

from __future__ import annotations

import bisect
import struct
from dataclasses import dataclass, field

from tests.models.hashing import hash_words

PLACE_BITS = 32
ARMED, WAITING, FIRED = 1, 2, 3


@dataclass(frozen=True)
class SlowLeg:
    """Each segment is (the value from which on it holds, constant, slope)."""

    instrument: int
    segments: tuple[tuple[float, float, float], ...]


@dataclass
class SlowAccount:
    """What a caller gives."""

    base: float
    legs: list[SlowLeg]

    def slack(self, values: list[float]) -> float:
        slack = self.base
        for leg in self.legs:
            value = values[leg.instrument]
            edges = [segment[0] for segment in leg.segments]
            _, constant, slope = leg.segments[bisect.bisect_right(edges, value) - 1]
            slack += constant + slope * value
        return slack


@dataclass
class Slot:
    """One place: its generation, and the account that lives there, if any."""

    generation: int = 1
    state: int = 0
    account: SlowAccount = field(default_factory=lambda: SlowAccount(0.0, []))


class SlowCrossIndex:
    """Places are given back last in, first out; place 0 is nobody's."""

    def __init__(self, values: list[float]) -> None:
        self.values = values
        self.slots: list[Slot] = [Slot()]
        self.free: list[int] = []
        self.waiting: list[int] = []

    def add(self, account: SlowAccount) -> int:
        place = self.free.pop() if self.free else len(self.slots)
        if place == len(self.slots):
            self.slots.append(Slot())
        self.slots[place].state, self.slots[place].account = ARMED, account
        return self._handle(place)

    def update(self, handle: int, account: SlowAccount) -> None:
        slot = self._slot(handle)
        slot.account, slot.state = account, ARMED
        self._forget(handle)

    def set_base(self, handle: int, base: float) -> None:
        self.update(handle, SlowAccount(base, self._slot(handle).account.legs))

    def remove(self, handle: int) -> None:
        slot = self._slot(handle)
        slot.state, slot.generation = 0, slot.generation + 1
        self._forget(handle)
        self.free.append(handle % (1 << PLACE_BITS))

    def tick(self, instrument: int, value: float, room: int) -> list[int]:
        self.values[instrument] = value
        for place, slot in enumerate(self.slots):
            if slot.state == ARMED and slot.account.slack(self.values) <= 0.0:
                slot.state = WAITING
                self.waiting.append(self._handle(place))
        told, self.waiting = self.waiting[:room], self.waiting[room:]
        for handle in told:
            self._slot(handle).state = FIRED
        return told

    def slack(self, handle: int) -> float:
        return self._slot(handle).account.slack(self.values)

    def state_hash(self) -> int:
        words: list[int] = []
        for place, slot in enumerate(self.slots):
            if slot.state:
                bits = struct.unpack("<q", struct.pack("<d", slot.account.slack(self.values)))[0]
                words += [self._handle(place), slot.state, bits]
        return hash_words(words)

    def _forget(self, handle: int) -> None:
        if handle in self.waiting:
            self.waiting.remove(handle)

    def _handle(self, place: int) -> int:
        return self.slots[place].generation << PLACE_BITS | place

    def _slot(self, handle: int) -> Slot:
        place = handle % (1 << PLACE_BITS)
        if not (0 < place < len(self.slots)) or self.slots[place].generation != handle >> PLACE_BITS:
            raise KeyError(handle)
        return self.slots[place]
