"""Makes slow, obvious markets by their kind."""

from __future__ import annotations

from typing import Any

from tests.models.bars import BarsModel
from tests.models.individual import IndividualModel
from tests.models.levels import LevelsModel
from tests.models.quotes import QuotesModel
from tests.models.recorded import RecordedModel
from tests.models.trades import TradesModel

KINDS: dict[str, type[RecordedModel]] = {
    "bars": BarsModel, "levels": LevelsModel, "orders": IndividualModel,
    "quotes": QuotesModel, "trades": TradesModel,
}  # fmt: skip


def new_model(kind: str, **terms: Any) -> Any:
    """A model of the market that new_market makes of the same terms."""
    return KINDS[kind](**terms)
