"""Funding belongs to the strategy whose position it was paid for, where that is one alone."""

from __future__ import annotations

import pytest

from letrade.core.analysis.analyzer import PerformanceAnalyzer
from letrade.core.analysis.builder import RecordBuilder
from letrade.core.analysis.record import InstrumentNote, RunRecord, RunSettings

BTC, ETH = (InstrumentNote(name=f"b.{base}-USDT_USDT", kind="linear", base=base, quote="USDT", settle="USDT")
            for base in ("BTC", "ETH"))  # fmt: skip


def record(traded: tuple[tuple[int, int], ...]) -> RunRecord:
    """Each (strategy, instrument) opens one unit at 100; then 3 is paid on BTC."""
    builder = RecordBuilder([BTC, ETH], ["one", "other"], ["main"])
    usdt, funding = builder.currencies.place("USDT"), builder.origins.place("funding")
    builder.row("equity", time=1, account=0, equity=1e4)
    for count, (strategy, instrument) in enumerate(traded, 1):
        builder.row("fills", order=count, time=2, side=1, price=100.0, size=1.0, fee=0.0,
                    strategy=strategy, instrument=instrument)  # fmt: skip
    builder.row("cash", time=3, account=0, currency=usdt, amount=-3.0, origin=funding, instrument=0)
    builder.row("equity", time=4, account=0, equity=1e4 - 3.0)
    for instrument in (0, 1):
        builder.row("prices", time=4, instrument=instrument, price=100.0)
    return builder.record(RunSettings(starting_equity=1e4, data_from=1, data_to=4))


@pytest.mark.parametrize(
    ("traded", "paid"), [(((0, 0), (1, 1)), [3.0, 0.0]), (((1, 0),), [0.0, 3.0]), (((0, 0), (1, 0)), [0.0, 0.0])]
)
def test_funding_is_that_of_the_one_strategy_that_traded_the_instrument(
    traded: tuple[tuple[int, int], ...], paid: list[float]
) -> None:
    analysis = PerformanceAnalyzer(record(traded)).analysis()
    assert [part.costs.funding for part in analysis.strategies] == paid
    assert [part.profit.profit for part in analysis.strategies] == [-each for each in paid]
    assert analysis.total.costs.funding == 3.0
    assert any("funding that strategies share" in note for note in analysis.notes) == (sum(paid) == 0.0)
