"""The same desk under its own, optimistic, default and pessimistic fills: does its profit outlive the assumption?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from letrade.core.analysis.analyzer import Analysis
from letrade.core.analysis.numbers import known

ASSUMPTIONS = ("own", "optimistic", "default", "pessimistic")


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One assumption about fills, and what came of it."""

    name: str
    profit: float | None
    fraction: float | None = None
    trades: int | None = None
    win_rate: float | None = None
    sharpe: float | None = None
    drawdown: float | None = None
    fees: float | None = None


class FillsPanel(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's own fills first, where they are none of the three; then from the kindest to the harshest.
    `sign_changes` when not all of them earn, and not all of them lose."""

    variants: tuple[Variant, ...] = ()
    sign_changes: bool = False
    spread: float | None = None
    """Highest profit less lowest, in the reporting currency."""
    changing: tuple[str, ...] = ()
    """Strategies whose own profit changes its sign."""
    incomplete: tuple[str, ...] = ()
    """Assumptions that were not tried to their end: nothing here knows of them."""


def fills_panel(analyses: Mapping[str, Analysis], incomplete: Sequence[str] = ()) -> FillsPanel:
    """`analyses` by assumption. With one alone nothing can be said, and the panel says so by being short."""
    order = {name: place for place, name in enumerate(ASSUMPTIONS)}
    named = sorted(analyses.items(), key=lambda each: (order.get(each[0], len(order)), each[0]))
    variants = tuple(_variant(name, analysis) for name, analysis in named)
    profits = [each.profit for each in variants if each.profit is not None]
    by_strategy: dict[str, list[float | None]] = {}
    for _, analysis in named:
        for part in analysis.strategies:
            by_strategy.setdefault(part.name, []).append(part.profit.profit)
    return FillsPanel(
        variants=variants,
        sign_changes=_changes_sign(profits),
        spread=known(max(profits) - min(profits)) if profits else None,
        changing=tuple(name for name, values in by_strategy.items() if _changes_sign(values)),
        incomplete=tuple(incomplete),
    )


def _variant(name: str, analysis: Analysis) -> Variant:
    total = analysis.total
    return Variant(
        name=name,
        profit=total.profit.profit,
        fraction=total.profit.fraction,
        trades=total.trades.trades,
        win_rate=total.trades.win_rate,
        sharpe=total.ratios.sharpe,
        drawdown=total.drawdown.fraction,
        fees=total.costs.fees,
    )


def _changes_sign(values: list[Any]) -> bool:
    return any(value is not None and value > 0 for value in values) and any(
        value is not None and value <= 0 for value in values
    )
