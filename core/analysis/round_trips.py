"""Round trips: from flat to flat again, of each strategy in each instrument of each account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from letrade.core.analysis.curves import price_at
from letrade.core.analysis.numbers import unknown_is_nan
from letrade.core.analysis.record import RunRecord
from letrade.core.analysis.tables import Codes, Flags, Floats, Ints, Places, Table
from letrade.core.analysis.worth import Worth, held_worth, worth_of


@dataclass(frozen=True, eq=False)
class RoundTrips(Table):
    """One row a trip, in the order of their ends, those that never ended last. Money in the reporting currency.

    A fill that turns a position ends one trip and starts the next, each with its part of the fee.
    """

    strategy: Places
    account: Places
    instrument: Places
    side: Codes
    """+1 long, -1 short."""
    opened: Ints
    closed: Ints
    """ns; 0: still open."""
    fills: Ints
    size: Floats
    """All that was bought into it (sold, when short)."""
    entry_price: Floats
    """Average."""
    exit_price: Floats
    """Average; NaN: nothing was given up yet."""
    entry_worth: Floats
    held: Floats
    """Signed, at the end of the run."""
    gross: Floats
    """Profit without fees; what is still held counts at the last price."""
    fees: Floats
    profit: Floats
    """Gross less fees."""
    unrealised: Floats
    """The part of gross that is not realised, against the average cost."""
    profit_fraction: Floats
    """Profit / entry worth."""
    best: Floats
    """Maximum favourable excursion, a fraction of the entry price, among the sampled prices and own fills."""
    worst: Floats
    """Maximum adverse excursion, positive; NaN for both where no price was sampled on the way."""


class _Parts(NamedTuple):
    """Fills in the order of (strategy, account, instrument), those that turn a position cut in two."""

    row: Ints
    share: Floats
    units: Ints
    before: Ints
    trip: Ints
    """Counts from 0."""


@unknown_is_nan
def round_trips(record: RunRecord) -> RoundTrips:
    """By average cost. Works on columns: a million fills take well under a second."""
    if not len(record.fills):
        return RoundTrips.empty()
    worth = worth_of(record)
    parts = _parts(record, worth)
    trips = _trips(record, worth, parts)
    order = np.argsort(np.where(trips.closed == 0, np.iinfo(np.int64).max, trips.closed), kind="stable")
    return trips.where(order)


def _parts(record: RunRecord, worth: Worth) -> _Parts:
    fills = record.fills
    order = np.lexsort((np.arange(len(fills)), fills.instrument, fills.account, fills.strategy))
    units = worth.units[order]
    after = np.cumsum(units)
    fresh = _key_starts(record, order)
    after -= np.repeat((after - units)[fresh], np.diff(np.append(fresh, len(order))))
    before = after - units
    dust = worth.dust[order]
    turns = (np.sign(before) * np.sign(after) < 0) & (np.abs(before) >= dust) & (np.abs(after) >= dust)
    row, place = np.repeat(order, 1 + turns), np.repeat(np.arange(len(order)), 1 + turns)
    second = np.concatenate(([False], place[1:] == place[:-1]))
    cut_units = np.where(turns[place], np.where(second, after[place], -before[place]), units[place])
    cut_before = np.where(second, 0, before[place])
    share = np.divide(cut_units, units[place], out=np.ones(len(place)), where=units[place] != 0)
    # Less than one lot is dust, which nobody can trade: it counts as flat. What leaves it so is no trip: it goes.
    was_flat, is_flat = np.abs(cut_before) < dust[place], np.abs(cut_before + cut_units) < dust[place]
    useful = ~(was_flat & is_flat)
    kept = np.cumsum(was_flat & useful)[useful] - 1
    return _Parts(row[useful], share[useful], cut_units[useful], cut_before[useful], kept)


def _key_starts(record: RunRecord, order: Ints) -> Ints:
    return np.flatnonzero(np.concatenate(([True], ~_same_key(record, order[:-1], order[1:]))))


def _same_key(record: RunRecord, left: Ints, right: Ints) -> Flags:
    keys = np.stack((record.fills.strategy, record.fills.account, record.fills.instrument))
    same: Flags = (keys[:, left] == keys[:, right]).all(axis=0)
    return same


def _trips(record: RunRecord, worth: Worth, parts: _Parts) -> RoundTrips:
    fills, row, share = record.fills, parts.row, parts.share
    starts = np.flatnonzero(np.concatenate(([True], parts.trip[1:] != parts.trip[:-1]))) if len(row) else row
    if not len(starts):
        return RoundTrips.empty()
    lasts = np.append(starts[1:], len(row)) - 1
    first_row, last_row = row[starts], row[lasts]
    side = np.sign(parts.units[starts])
    entry = np.sign(parts.units) == side[parts.trip]
    size, notional = np.abs(fills.size[row] * share), worth.notional[row] * np.abs(share)
    rate = fills.rate[last_row]

    def summed(values: Floats) -> Floats:
        total: Floats = np.add.reduceat(values, starts)
        return total

    fees, apart = summed(fills.fee[row] * share), summed(worth.fee_apart[row] * share)
    end_units = parts.before[lasts] + parts.units[lasts]
    closed = np.where(np.abs(end_units) < worth.dust[last_row], fills.time[last_row], 0)
    carried = np.append(_same_key(record, first_row[:-1], first_row[1:]), [False])
    held = np.where(carried, 0.0, end_units / 10.0 ** worth.decimals[last_row])
    value, unrealised = _open_worth(record, worth, parts, starts, lasts, held)
    profit = (summed(worth.flow[row] * share) + value) * rate - apart
    entry_price = _average_price(record, fills.instrument[first_row], summed(size * entry), summed(notional * entry))
    exit_price = _average_price(record, fills.instrument[first_row], summed(size * ~entry), summed(notional * ~entry))
    entry_worth = summed(notional * entry) * rate
    opened = fills.time[first_row]
    best, worst = _excursions(record, fills.instrument[first_row], side, opened, closed, entry_price, exit_price)
    return RoundTrips.of(
        strategy=fills.strategy[first_row], account=fills.account[first_row], instrument=fills.instrument[first_row],
        side=side.astype(np.int8), opened=opened, closed=closed, fills=np.diff(np.append(starts, len(row))),
        size=summed(size * entry), entry_price=entry_price, exit_price=exit_price, entry_worth=entry_worth, held=held,
        gross=profit + fees, fees=fees, profit=profit, unrealised=unrealised * rate,
        profit_fraction=np.divide(profit, entry_worth, out=np.full(len(starts), np.nan), where=entry_worth > 0),
        best=best, worst=worst,
    )  # fmt: skip


def _average_price(record: RunRecord, instruments: Places, size: Floats, notional: Floats) -> Floats:
    """Σ price × size / Σ size; of inverse contracts Σ size / Σ size ÷ price, at which they are worth the same."""
    notes = record.names.instruments
    multiplier = np.array([note.multiplier for note in notes])[instruments]
    inverse = np.array([note.kind == "inverse" for note in notes])[instruments]
    above, below = np.where(inverse, size * multiplier, notional), np.where(inverse, notional, size * multiplier)
    price: Floats = np.divide(above, below, out=np.full(len(size), np.nan), where=below > 0)
    return price


def _open_worth(
    record: RunRecord, worth: Worth, parts: _Parts, starts: Ints, lasts: Ints, held: Floats
) -> tuple[Floats, Floats]:
    """What open trips hold at the last price, and how much of it is above its average cost; in settlement currency."""
    value, unrealised = np.zeros(len(starts)), np.zeros(len(starts))
    for trip in np.flatnonzero(held):
        instrument = int(record.fills.instrument[parts.row[starts[trip]]])
        note = record.names.instruments[instrument]
        price = last_price(record, instrument)
        value[trip] = held_worth(note, float(held[trip]), price)
        rows = slice(int(starts[trip]), int(lasts[trip]) + 1)
        unrealised[trip] = value[trip] + _average_cost(worth, parts, rows)
    return value, unrealised


def _average_cost(worth: Worth, parts: _Parts, rows: slice) -> float:
    """The flow that opened what is still held: entries add to it, exits take their share of it."""
    cost = 0.0
    flows = (worth.flow[parts.row[rows]] * parts.share[rows]).tolist()
    for units, before, flow in zip(parts.units[rows].tolist(), parts.before[rows].tolist(), flows, strict=True):
        cost = cost + flow if units * before >= 0 else cost * ((before + units) / before)
    return cost


def last_price(record: RunRecord, instrument: int) -> float:
    """The last that was sampled, else the last that we traded at."""
    sampled = record.prices.price[record.prices.instrument == instrument]
    traded = record.fills.price[record.fills.instrument == instrument]
    known = sampled if len(sampled) else traded
    return float(known[-1]) if len(known) else float("nan")


def _excursions(
    record: RunRecord, instruments: Places, side: Ints, opened: Ints, closed: Ints, entry: Floats, exit_price: Floats
) -> tuple[Floats, Floats]:
    best, worst = np.full(len(side), np.nan), np.full(len(side), np.nan)
    for instrument in np.unique(instruments):
        chosen = record.prices.instrument == instrument
        times, price = record.prices.time[chosen], record.prices.price[chosen]
        own = np.flatnonzero(instruments == instrument)
        begin = np.searchsorted(times, opened[own], side="left")
        end = np.where(closed[own] == 0, len(times), np.searchsorted(times, closed[own], side="right"))
        own, begin, end = own[begin < end], begin[begin < end], end[begin < end]
        if not len(own):
            continue
        bounds = np.stack((begin, end), axis=1).ravel()
        padded = np.append(price, price[-1])
        high = np.fmax(np.maximum.reduceat(padded, bounds)[::2], exit_price[own])
        low = np.fmin(np.minimum.reduceat(padded, bounds)[::2], exit_price[own])
        up, down = high / entry[own] - 1.0, 1.0 - low / entry[own]
        best[own] = np.maximum(np.where(side[own] > 0, up, down), 0.0)
        worst[own] = np.maximum(np.where(side[own] > 0, down, up), 0.0)
    return best, worst


def mark_prices(record: RunRecord, instrument: int, times: Ints) -> Floats:
    """Sampled prices at these times; before the first of them, the price of our own first fill."""
    found = price_at(record, instrument, times)
    traded = record.fills.price[record.fills.instrument == instrument]
    if not np.isfinite(found).any() and len(traded):
        own = record.fills.time[record.fills.instrument == instrument]
        held: Floats = traded[np.maximum(np.searchsorted(own, times, side="right") - 1, 0)]
        return held
    return np.where(np.isfinite(found), found, traded[0] if len(traded) else np.nan)
