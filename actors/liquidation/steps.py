"""What the monitor has asked for and not seen done yet."""

from __future__ import annotations

import msgspec

from letrade.actors.liquidation.config import ADD_MARGIN


class Leg(msgspec.Struct, array_like=True):
    """One position that is cut, from `before` to `target`, both signed base units."""

    account: str
    instrument: str
    before: float
    target: float
    reduction_id: str
    refused: bool = False
    works: bool = False
    """The venue has its order, and has not ended it."""
    why: str = ""
    """What the refusal said."""
    worst: float | None = None
    """It may trade at no worse price."""

    def is_done(self, quantity: float) -> bool:
        """Whether no more is held than was wanted, on the same side."""
        return quantity * self.before <= 0 or abs(quantity) <= abs(self.target)


class Step(msgspec.Struct, array_like=True):
    """One step of one unit, until it is done, refused, or its patience is over."""

    unit: str
    kind: str
    deadline: int
    legs: list[Leg] = msgspec.field(default_factory=list)
    instrument: str = ""
    """Of the position that margin is added to."""
    request_id: str = ""
    amount: float = 0.0
    """Margin to add: at once, or (a reduction) what it sets free, once it is done."""
    budgeted: bool = False
    """Whether `amount` counts in the day's budget."""
    refusals: int = 0
    """How often in a row the venue was too busy."""
    distance: float = 0.0
    """What was left when it began."""
    again: bool = False
    """What was refused is asked for again when its timer comes."""
    owed: bool = False
    """It is margin that is asked for again."""

    @property
    def adds(self) -> bool:
        """Whether it is margin that it waits for."""
        return self.kind == ADD_MARGIN or bool(self.request_id) or self.owed
