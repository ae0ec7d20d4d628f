"""What goes wrong between the desk and the venue, by seed and by how much went before."""

from __future__ import annotations

import enum
import hashlib

from letrade.core.config.desk import FaultsConfig


class Fate(enum.Enum):
    """What becomes of a request."""

    PASSES = "passes"
    LOST = "lost"
    """It never reaches the venue."""
    UNANSWERED = "unanswered"
    """It is done, and its answer is lost."""
    REFUSED = "refused"
    """The venue turns it away unread."""


PASSES = Fate.PASSES


class Faults:
    """`lose` is drawn for each request (half the lost never arrive, half go unanswered) and each unasked report."""

    def __init__(self, config: FaultsConfig) -> None:
        self.config = config
        self.draws = 0
        self._any = config.lose > 0 or config.delay > 0 or config.repeat > 0 or config.refuse > 0

    def _draw(self) -> float:
        """From 0 to below 1."""
        self.draws += 1
        digest = hashlib.sha256(f"{self.config.seed}:{self.draws}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48

    def of_request(self, may_refuse: bool) -> Fate:
        if not self._any:
            return PASSES
        lost, way, refused = self._draw(), self._draw(), self._draw()
        if lost < self.config.lose:
            return Fate.LOST if way < 0.5 else Fate.UNANSWERED
        return Fate.REFUSED if may_refuse and refused < self.config.refuse else Fate.PASSES

    def of_answer(self, may_be_lost: bool) -> tuple[int, ...]:
        """How much later than usual each copy of an answer arrives, ns; none when it is lost."""
        if not self._any:
            return (0,)
        lost, late, again = self._draw(), self._draw(), self._draw()
        if may_be_lost and lost < self.config.lose:
            return ()
        delay = self.config.delay_time if late < self.config.delay else 0
        return (delay, delay + self.config.delay_time) if again < self.config.repeat else (delay,)
