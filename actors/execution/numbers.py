"""Which of an account's fills have come: each is taken once, and a gap in the venue's count shows a lost one."""

from __future__ import annotations

from typing import Any

from letrade.core.messages.venue import VenueFill

UNNUMBERED_MAX = 4096


class FillNumbers:
    """All up to `upto` have come, and those in `ahead`. A venue that does not count is told apart by trade ids."""

    def __init__(self) -> None:
        self.upto = 0
        self.ahead: dict[int, None] = {}
        self.trades: dict[str, None] = {}

    def take(self, fill: VenueFill) -> bool:
        """False when it came before. The two sides of one trade are two fills."""
        if not fill.fill_number:
            return self._take_trade(f"{fill.instrument} {fill.trade_id} {fill.side}")
        if fill.fill_number <= self.upto or fill.fill_number in self.ahead:
            return False
        self.ahead[fill.fill_number] = None
        while self.upto + 1 in self.ahead:
            self.upto += 1
            del self.ahead[self.upto]
        return True

    def _take_trade(self, key: str) -> bool:
        if key in self.trades:
            return False
        self.trades[key] = None
        if len(self.trades) > UNNUMBERED_MAX:
            del self.trades[next(iter(self.trades))]
        return True

    @property
    def gap(self) -> bool:
        return bool(self.ahead)

    def state(self) -> Any:
        return [self.upto, list(self.ahead), list(self.trades)]

    def restore(self, state: Any) -> None:
        self.upto, ahead, trades = state
        self.ahead, self.trades = dict.fromkeys(ahead), dict.fromkeys(trades)
