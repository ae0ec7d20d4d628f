"""Nobody who guards a position sells it for less than a liquidation could take."""

from __future__ import annotations

import pytest

from letrade.core.messages.margin import PositionLimit, Reduce
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import Fill
from tests.actors.desk_parts import SECOND
from tests.actors.liquidation_parts import LINEAR, MonitoredDesk
from tests.actors.test_liquidation_monitor import long_desk
from tests.stage import of_kind

BANKRUPT = 54_000.0
"""Of one coin bought at 60,000 with an isolated margin of a tenth."""


def in_an_empty_market(policy: tuple[str, ...] = ("reduce", "close")) -> MonitoredDesk:
    """The mark is near liquidation; whoever buys pays half of it."""
    desk = long_desk(mode="isolated", balance=20_000, policy=policy)
    desk.tell(Trade(instrument=LINEAR, price=30_000.0, size=1_000.0, source="feed", epoch=1), wait=SECOND // 100)
    desk.said.clear()
    desk.mark(56_000.0, wait=10 * SECOND, book=False)
    return desk


def test_a_cut_trades_no_worse_than_the_bankruptcy_price() -> None:
    desk = in_an_empty_market()
    cuts = of_kind(desk.said, Reduce)
    assert cuts
    assert all(cut.worst == pytest.approx(BANKRUPT, rel=0.01) for cut in cuts)
    assert not of_kind(desk.said, Fill)


def test_what_cannot_be_sold_is_tried_again_at_leisure() -> None:
    assert len(of_kind(in_an_empty_market().said, Reduce)) < 20


def test_it_is_sold_as_soon_as_somebody_pays_enough() -> None:
    desk = in_an_empty_market()
    desk.mark(56_000.0, wait=5 * SECOND)
    assert all(fill.price >= BANKRUPT for fill in of_kind(desk.said, Fill))
    assert desk.held("alpha", LINEAR) < 1.0


def test_capital_keeps_to_the_limits_bound() -> None:
    desk = in_an_empty_market(policy=())
    limit = PositionLimit(
        strategy="-", account="main", instrument=LINEAR, largest=0.5, reason="a test", worst=BANKRUPT,
        source="monitor", epoch=1,
    )  # fmt: skip
    desk.tell(limit, wait=10 * SECOND)
    assert {cut.worst for cut in of_kind(desk.said, Reduce)} == {BANKRUPT}
    assert not of_kind(desk.said, Fill)
