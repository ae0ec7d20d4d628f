"""Opening or reducing, proved from the net position and the working orders, never from the sender's word."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Exposure(msgspec.Struct, frozen=True, gc=False):
    """An account's net position in an instrument and what its working orders may still buy and sell; units of 1e-18."""

    net: int
    buys: int
    sells: int

    @property
    def longest(self) -> int:
        """The position when every buy fills and no sell does."""
        return self.net + self.buys

    @property
    def shortest(self) -> int:
        return self.net - self.sells

    @property
    def worst(self) -> int:
        """The largest position, without its sign, that the working orders can lead to."""
        return max(abs(self.net + self.buys), abs(self.net - self.sells))

    def with_order(self, side: int, size: int) -> Exposure:
        if side > 0:
            return Exposure(self.net, self.buys + size, self.sells)
        return Exposure(self.net, self.buys, self.sells + size)


def exposure_of(net: int, working: Iterable[tuple[int, int]]) -> Exposure:
    """From a net position and the (side, remaining) of working orders."""
    buys = sells = 0
    for side, remaining in working:
        if side > 0:
            buys += remaining
        else:
            sells += remaining
    return Exposure(net, buys, sells)


def opening_part(exposure: Exposure, side: int, size: int) -> int:
    """How much of an order may open: what it could trade beyond zero if all working orders of its side fill first.

    0 proves that the order reduces, whatever becomes of the others.
    """
    held_against = -exposure.net if side > 0 else exposure.net
    ahead = exposure.buys if side > 0 else exposure.sells
    return size - min(size, max(0, held_against - ahead))
