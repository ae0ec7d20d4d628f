"""PerformanceAnalyzer: all figures of a run, in total, by strategy and by instrument, from its record alone."""

from __future__ import annotations

from functools import cached_property

import msgspec
import numpy as np

from letrade.core.analysis.assigning import assigned
from letrade.core.analysis.costs import FUNDING, Costs, costs_of
from letrade.core.analysis.curves import (
    YEAR_NS,
    Curve,
    Days,
    days_of,
    market_change,
    market_returns,
    span_of,
    starting_equity,
    total_curve,
)
from letrade.core.analysis.drawdowns import Drawdown, drawdown_of
from letrade.core.analysis.execution import Execution, execution_of
from letrade.core.analysis.exposure import Exposure, exposure_of
from letrade.core.analysis.numbers import quotient, total_of, unknown_is_nan
from letrade.core.analysis.parts import part_curve
from letrade.core.analysis.periods import Breakdown, breakdown
from letrade.core.analysis.ratios import Comparison, Ratios, compare, ratios_of
from letrade.core.analysis.record import RunRecord, RunSettings
from letrade.core.analysis.round_trips import RoundTrips, round_trips
from letrade.core.analysis.split import ProfitSplit, split_of
from letrade.core.analysis.tables import Cash, Flags, Orders
from letrade.core.analysis.trade_stats import TradeStats, trade_stats
from letrade.core.analysis.worth import Worth, worth_of

SCHEMA_VERSION = 1
UNASSIGNED = "(unassigned)"


class Profit(msgspec.Struct, frozen=True, kw_only=True):
    """Where the profit came from, in the reporting currency.

    profit = realised + unrealised - fees - funding + other
    """

    profit: float | None = None
    """In total, how equity changed; of a part, what its fills and funding made."""
    fraction: float | None = None
    """Of the equity that all accounts began with."""
    start: float | None = None
    end: float | None = None
    realised: float = 0.0
    """Of round trips and of closed parts of open ones, without fees."""
    unrealised: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    """Paid less received."""
    other: float | None = None
    """Transfers, interest, revalued balances, ...: what the rest does not explain."""
    mean_daily: float | None = None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of the whole run, of one strategy, or of one instrument.

    Days and ratios of a part are of the equity that all accounts began with plus the part's own profit.
    """

    name: str
    profit: Profit
    trades: TradeStats
    ratios: Ratios
    comparison: Comparison
    drawdown: Drawdown
    exposure: Exposure
    costs: Costs
    execution: Execution
    market_change: float | None
    """Of buying and holding: the mean change of the prices of its instruments, a fraction."""


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """What report.json holds. Times are ns UTC."""

    version: int
    settings: RunSettings
    start: int
    end: int
    total: Part
    strategies: tuple[Part, ...]
    instruments: tuple[Part, ...]
    periods: Breakdown
    notes: tuple[str, ...] = ()
    """What the record does not know, in words."""
    split: ProfitSplit | None = None
    """None where the record does not hold what it takes."""


class PerformanceAnalyzer:
    """Works on a record; what several figures need is worked out once."""

    def __init__(self, record: RunRecord) -> None:
        self.record = assigned(record)

    @cached_property
    def span(self) -> tuple[int, int]:
        return span_of(self.record)

    @cached_property
    def curve(self) -> Curve:
        """Equity of all accounts."""
        return total_curve(self.record)

    @cached_property
    def start(self) -> float | None:
        return starting_equity(self.record, self.curve)

    @cached_property
    def worth(self) -> Worth:
        return worth_of(self.record)

    @cached_property
    def trips(self) -> RoundTrips:
        return round_trips(self.record)

    @cached_property
    def days(self) -> Days:
        """Of the whole run."""
        return self._days(self.curve)

    @unknown_is_nan
    def analysis(self) -> Analysis:
        """Everything; defined for a run without any order."""
        record = self.record
        strategies = np.unique(
            np.concatenate((record.fills.strategy, record.orders.strategy, np.arange(len(record.names.strategies))))
        )
        instruments = np.unique(np.concatenate((record.fills.instrument, record.orders.instrument)))
        return Analysis(
            version=SCHEMA_VERSION,
            settings=record.settings,
            start=self.span[0],
            end=self.span[1],
            total=self._total(),
            strategies=tuple(self._part("strategy", int(place)) for place in strategies),
            instruments=tuple(self._part("instrument", int(place)) for place in instruments),
            periods=breakdown(self.days, self.trips),
            notes=tuple(self._notes()),
            split=split_of(record),
        )

    def _total(self) -> Part:
        everything = np.ones(len(self.record.fills), dtype=np.bool_)
        part = self._figures("total", everything, self.trips, self.record.orders, self.record.cash, self.curve)
        ended, start = float(self.curve.equity[-1]) if len(self.curve.equity) else self.start, self.start
        parts = part.profit
        made = parts.profit if ended is None or start is None else ended - start
        explained = parts.realised + parts.unrealised - parts.fees - parts.funding
        profit = msgspec.structs.replace(
            parts,
            profit=made,
            fraction=quotient(made, start),
            start=start,
            end=ended,
            other=None if made is None or start is None else made - explained,
            mean_daily=quotient(made, len(self.days.day)),
        )
        exposure = exposure_of(self.trips, self.curve, part.exposure.turnover, self.span)
        execution = msgspec.structs.replace(part.execution, refused=dict(self.record.settings.refused))
        return msgspec.structs.replace(
            part, profit=profit, exposure=exposure, execution=execution, market_change=market_change(self.record)
        )

    def _part(self, column: str, place: int) -> Part:
        record, trips = self.record, self.trips
        names = record.names.strategies if column == "strategy" else [note.name for note in record.names.instruments]
        chosen = getattr(record.fills, column) == place
        own = getattr(trips, column) == place
        cash = record.cash.where(getattr(record.cash, column) == place)
        orders = record.orders.where(getattr(record.orders, column) == place)
        curve = part_curve(record, self.worth, chosen, cash, self.curve.time, self.start or 0.0)
        name = names[place] if place >= 0 else UNASSIGNED
        return self._figures(name, chosen, trips.where(own), orders, cash, curve)

    def _figures(
        self, name: str, chosen: Flags, trips: RoundTrips, orders: Orders, cash: Cash, curve: Curve
    ) -> Part:  # fmt: skip
        record, days = self.record, self._days(curve)
        costs = costs_of(record, self.worth, chosen, cash)
        ratios = ratios_of(days.returns, self._years)
        turnover = total_of((self.worth.notional * record.fills.rate)[chosen])
        instruments = np.unique(record.fills.instrument[chosen])
        return Part(
            name=name,
            profit=self._profit(trips, costs, days),
            trades=trade_stats(trips),
            ratios=ratios,
            comparison=compare(days.returns, market_returns(record, days, self.span), ratios.cagr),
            drawdown=drawdown_of(curve.time, curve.equity, self.start or 0.0),
            exposure=exposure_of(trips, None, turnover, self.span),
            costs=costs,
            execution=execution_of(record, self.worth, chosen, orders, {}),
            market_change=market_change(record, instruments),
        )

    def _profit(self, trips: RoundTrips, costs: Costs, days: Days) -> Profit:
        unrealised = total_of(trips.unrealised)
        realised = total_of(trips.gross) - unrealised
        made = realised + unrealised - costs.fees - costs.funding
        return Profit(
            profit=made,
            fraction=quotient(made, self.start),
            start=self.start,
            end=None if self.start is None else self.start + made,
            realised=realised,
            unrealised=unrealised,
            fees=costs.fees,
            funding=costs.funding,
            mean_daily=quotient(made, len(days.day)),
        )

    def _days(self, curve: Curve) -> Days:
        if self.start is None:
            nothing = np.zeros(0)
            return Days(nothing.astype(np.int64), 0.0, nothing, nothing, nothing)
        return days_of(curve.time, curve.equity, self.start, self.span)

    @property
    def _years(self) -> float:
        return (self.span[1] - self.span[0]) / YEAR_NS

    def _notes(self) -> list[str]:
        """What a reader would otherwise take for a zero."""
        record = self.record
        notes = list(record.settings.warnings)
        if not len(self.curve.equity):
            notes.append("equity was never sampled: no curve, drawdown or ratio is known")
        if len(self.days.day) < 30:
            notes.append(f"the run has {len(self.days.day)} of the 30 daily returns below which ratios say little")
        if not len(record.prices):
            notes.append("prices were not sampled: excursions, market change and unfilled orders are not valued")
        unknown = int((~np.isfinite(record.fills.bid + record.fills.ask)).sum())
        if unknown:
            notes.append(
                f"{unknown} of {len(record.fills)} fills without a known bid and ask: not in spread and slippage"
            )
        if bool(np.any((record.cash.strategy < 0) & (record.cash.origin == _place(record, FUNDING)))):
            notes.append("funding that strategies share is assigned to none: it counts in total and by instrument")
        return notes


def _place(record: RunRecord, origin: str) -> int:
    return record.names.origins.index(origin) if origin in record.names.origins else -2


def analyse(record: RunRecord) -> Analysis:
    """All figures of a run."""
    return PerformanceAnalyzer(record).analysis()
