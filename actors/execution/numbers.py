"""Which of an account's fills have come: each is taken once and in the venue's order; a gap shows a lost one."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.core.messages.venue import VenueFill

UNNUMBERED_MAX = 4096


class FillNumbers:
    """All up to `upto` were taken; those after a gap wait for it, as what a fill realises depends on those before.

    A venue that does not count its fills is told apart by trade ids.
    """

    def __init__(self) -> None:
        self.upto = 0
        self.waiting: dict[int, VenueFill] = {}
        self.trades: dict[str, None] = {}

    def take(self, fill: VenueFill) -> list[VenueFill]:
        """What can be booked now, in order; nothing when it came before or waits. Both sides of a trade are fills."""
        if not fill.fill_number:
            return [fill] if self._take_trade(f"{fill.instrument} {fill.trade_id} {fill.side}") else []
        if fill.fill_number <= self.upto:
            return []
        self.waiting.setdefault(fill.fill_number, fill)
        ready = []
        while (following := self.waiting.pop(self.upto + 1, None)) is not None:
            self.upto += 1
            ready.append(following)
        return ready

    def _take_trade(self, key: str) -> bool:
        if key in self.trades:
            return False
        self.trades[key] = None
        if len(self.trades) > UNNUMBERED_MAX:
            del self.trades[next(iter(self.trades))]
        return True

    @property
    def gap(self) -> bool:
        return bool(self.waiting)

    def state(self) -> Any:
        return [self.upto, list(self.waiting.values()), list(self.trades)]

    def restore(self, state: Any) -> None:
        self.upto, waiting, trades = state
        self.waiting = {fill.fill_number: fill for fill in msgspec.convert(waiting, list[VenueFill])}
        self.trades = dict.fromkeys(trades)
