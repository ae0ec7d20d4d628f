"""What round trips say: how often, how much, how long, and whether it may have been luck."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from letrade.core.analysis.numbers import deviation, known, mean, quotient, student_p_value, total_of
from letrade.core.analysis.round_trips import RoundTrips
from letrade.core.analysis.tables import Floats, Ints


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Ended trips of one side."""

    trades: int = 0
    wins: int = 0
    win_rate: float | None = None
    profit: float = 0.0


class Durations(msgspec.Struct, frozen=True, kw_only=True):
    """ns from the first fill of a trip to its last; None without any."""

    mean: int | None = None
    shortest: int | None = None
    longest: int | None = None


class TradeStats(msgspec.Struct, frozen=True, kw_only=True):
    """Of ended round trips, fees included; money in the reporting currency, fractions of the worth that was entered."""

    trades: int = 0
    wins: int = 0
    draws: int = 0
    losses: int = 0
    win_rate: float | None = None
    profit: float = 0.0
    gross_profit: float = 0.0
    """Σ of the winners."""
    gross_loss: float = 0.0
    """Σ of the losers, negative."""
    profit_factor: float | None = None
    """Gross profit / gross loss; None without a loss."""
    mean_profit: float | None = None
    median_profit: float | None = None
    mean_profit_fraction: float | None = None
    mean_win: float | None = None
    mean_loss: float | None = None
    win_loss_ratio: float | None = None
    expectancy: float | None = None
    """What a trade is expected to bring: win rate × mean win + loss rate × mean loss."""
    expectancy_ratio: float | None = None
    """(1 + win/loss ratio) × win rate - 1, as freqtrade has it."""
    expectancy_per_100: float | None = None
    """Expectancy of 100 trades, as jesse has it."""
    sqn: float | None = None
    """System quality number: √n × mean / deviation of the profits (Tharp 2006)."""
    p_value: float | None = None
    """That profits as far from 0 as these come by luck: two-sided one-sample t-test."""
    best: float | None = None
    worst: float | None = None
    best_fraction: float | None = None
    worst_fraction: float | None = None
    consecutive_wins: int = 0
    consecutive_losses: int = 0
    mean_entry_worth: float | None = None
    fees: float = 0.0
    durations: Durations = Durations()
    winner_durations: Durations = Durations()
    loser_durations: Durations = Durations()
    favourable_excursion: float | None = None
    """The mean of how far prices went our way, a fraction of the entry price; None where no prices were sampled."""
    adverse_excursion: float | None = None
    excursions_known: int = 0
    """Of so many trips."""
    long: Side = Side()
    short: Side = Side()
    open_trades: int = 0
    open_profit: float = 0.0
    """Of trips that had not ended, marked at the last price, realised parts and fees included."""


def trade_stats(trips: RoundTrips) -> TradeStats:
    """Defined for no trade and for one: what has no meaning is None."""
    ended, open_trips = trips.where(trips.closed > 0), trips.where(trips.closed == 0)
    profit = ended.profit
    wins, losses, count = profit[profit > 0], profit[profit < 0], len(ended)
    mean_win, mean_loss = mean(wins), mean(losses)
    rate, ratio = quotient(len(wins), count), quotient(mean_win, -mean_loss if mean_loss is not None else None)
    spread, lengths = deviation(profit), ended.closed - ended.opened
    sqn = quotient(math.sqrt(count) * float(profit.mean()), spread) if count > 1 else None
    return TradeStats(
        trades=count,
        wins=len(wins),
        draws=count - len(wins) - len(losses),
        losses=len(losses),
        win_rate=rate,
        profit=total_of(profit),
        gross_profit=total_of(wins),
        gross_loss=total_of(losses),
        profit_factor=quotient(total_of(wins), -total_of(losses)),
        mean_profit=mean(profit),
        median_profit=float(np.median(profit)) if count else None,
        mean_profit_fraction=mean(ended.profit_fraction),
        mean_win=mean_win,
        mean_loss=mean_loss,
        win_loss_ratio=ratio,
        expectancy=mean(profit),
        expectancy_ratio=(1.0 + ratio) * rate - 1.0 if ratio is not None and rate is not None else None,
        expectancy_per_100=100.0 * float(profit.mean()) if count else None,
        sqn=sqn,
        p_value=student_p_value(sqn, count - 1) if sqn is not None else None,
        best=float(profit.max()) if count else None,
        worst=float(profit.min()) if count else None,
        best_fraction=known(np.nanmax(ended.profit_fraction)) if np.isfinite(ended.profit_fraction).any() else None,
        worst_fraction=known(np.nanmin(ended.profit_fraction)) if np.isfinite(ended.profit_fraction).any() else None,
        consecutive_wins=longest_run(profit > 0),
        consecutive_losses=longest_run(profit < 0),
        mean_entry_worth=mean(ended.entry_worth),
        fees=total_of(ended.fees),
        durations=_durations(lengths),
        winner_durations=_durations(lengths[profit > 0]),
        loser_durations=_durations(lengths[profit < 0]),
        favourable_excursion=mean(ended.best),
        adverse_excursion=mean(ended.worst),
        excursions_known=int(np.isfinite(ended.best).sum()),
        long=_side(ended, 1),
        short=_side(ended, -1),
        open_trades=len(open_trips),
        open_profit=total_of(open_trips.profit),
    )


def longest_run(true: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """How many in a row."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], true.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _durations(lengths: Ints) -> Durations:
    if not len(lengths):
        return Durations()
    return Durations(mean=int(lengths.mean()), shortest=int(lengths.min()), longest=int(lengths.max()))


def _side(ended: RoundTrips, side: int) -> Side:
    profit: Floats = ended.profit[ended.side == side]
    wins = int((profit > 0).sum())
    return Side(trades=len(profit), wins=wins, win_rate=quotient(wins, len(profit)), profit=total_of(profit))
