"""A slow, obvious market of trades alone."""

from __future__ import annotations

from tests.models.recorded import RecordedModel
from tests.models.working import NOT_SHOWN


class TradesModel(RecordedModel):
    """All at the last price."""

    def has_market(self) -> bool:
        return self.last > 0

    def offers(self, side: int, size: int, limit: int) -> list[tuple[int, int]]:
        return [(self.last, size)] if size > 0 and self.last and (not limit or side * self.last < side * limit) else []

    def took(self, side: int, price: int, size: int) -> None:
        """What trades alone show cannot be taken away."""

    def queue_ahead(self, side: int, price: int) -> int:
        return 0 if self.terms["queue"] == "none" else NOT_SHOWN
