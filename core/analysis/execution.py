"""How well orders were executed: markouts, fill ratios, waiting, shortfall against the price when it was decided."""

from __future__ import annotations

import msgspec
import numpy as np

from letrade.core.analysis.curves import price_at, span_of
from letrade.core.analysis.numbers import mean, quotient, total_of, weighted_mean
from letrade.core.analysis.record import ORDER_KINDS, ORDER_STATES, STATE_CODES, RunRecord
from letrade.core.analysis.tables import Fills, Flags, Floats, Ints, Orders
from letrade.core.analysis.worth import Worth

BASIS_POINTS = 1e4
HORIZONS = ("1s", "10s", "60s")


class Markout(msgspec.Struct, frozen=True, kw_only=True):
    """The mid so long after a fill against the fill's price, in basis points: positive is in our favour. `adverse` is
    how far the mid itself moved against us since the fill, positive is bad. Weighted by worth."""

    horizon: str
    known: int = 0
    """Of so many fills."""
    all: float | None = None
    maker: float | None = None
    taker: float | None = None
    unweighted: float | None = None
    adverse_maker: float | None = None
    adverse_taker: float | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """ns from the sending of an order to its first fill."""

    orders: int = 0
    mean: int | None = None
    p50: int | None = None
    p90: int | None = None
    p99: int | None = None


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """Implementation shortfall (Perold 1988): what the decided orders would have cost at the mid of the decision,
    against what came. In the reporting currency, positive is a cost."""

    orders: int = 0
    """Those whose mid at the decision is known."""
    decided_worth: float = 0.0
    execution: float = 0.0
    """Of what was filled: price against the mid at the decision."""
    fees: float = 0.0
    opportunity: float = 0.0
    """Of what was not filled: how far the price went away until the order was over, or the run."""
    total: float = 0.0
    basis_points: float | None = None
    """Total / decided worth."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of orders and quality of fills."""

    orders: int = 0
    fills: int = 0
    by_state: dict[str, int] = {}
    by_kind: dict[str, int] = {}
    filled: int = 0
    partly_filled: int = 0
    """Over, or still working, with a part traded."""
    unfilled: int = 0
    cancelled: int = 0
    replaced: int = 0
    """Changes in place."""
    rejected: int = 0
    """By the venue."""
    expired: int = 0
    refused: dict[str, int] = {}
    """By the desk's own rules, before they were sent; of the whole run."""
    fill_ratio: float | None = None
    """Size filled / size ordered, each order alike."""
    order_fill_ratio: float | None = None
    """Orders with any fill / orders sent."""
    maker_share: float | None = None
    """Of the traded worth."""
    fills_per_order: float | None = None
    time_to_fill: Waiting = Waiting()
    decision_to_send: int | None = None
    """Mean ns."""
    markouts: tuple[Markout, ...] = ()
    shortfall: Shortfall = Shortfall()


def execution_of(record: RunRecord, worth: Worth, chosen: Flags, orders: Orders, refused: dict[str, int]) -> Execution:
    """Of the chosen fills, and of orders."""
    fills = record.fills.where(chosen)
    notional = worth.notional[chosen] * fills.rate
    states = np.bincount(orders.state, minlength=len(ORDER_STATES)).tolist()
    kinds = np.bincount(orders.kind, minlength=len(ORDER_KINDS)).tolist()
    traded, whole = orders.filled > 0, _is_whole(orders)
    sent = orders.sent > 0
    waited = (orders.sent - orders.decided)[sent]
    return Execution(
        orders=len(orders),
        fills=len(fills),
        by_state={name: count for name, count in zip(ORDER_STATES, states, strict=True) if count},
        by_kind={name: count for name, count in zip(ORDER_KINDS, kinds, strict=True) if count},
        filled=int((traded & whole).sum()),
        partly_filled=int((traded & ~whole).sum()),
        unfilled=int((~traded).sum()),
        cancelled=states[STATE_CODES["cancelled"]],
        replaced=int(orders.replaced.sum()),
        rejected=states[STATE_CODES["rejected"]],
        expired=states[STATE_CODES["expired"]],
        refused=refused,
        fill_ratio=mean(np.divide(orders.filled, orders.size, out=np.full(len(orders), np.nan), where=orders.size > 0)),
        order_fill_ratio=quotient((traded & sent).sum(), sent.sum()),
        maker_share=quotient(notional[fills.maker].sum(), notional.sum()),
        fills_per_order=quotient(len(fills), traded.sum()),
        time_to_fill=_waiting(fills, orders),
        decision_to_send=int(waited.mean()) if len(waited) else None,
        markouts=tuple(_markout(fills, notional, horizon) for horizon in HORIZONS),
        shortfall=_shortfall(record, worth, chosen, orders),
    )


def _is_whole(orders: Orders) -> Flags:
    """Filled, be it to the smaller size that the venue held a reduce-only order to."""
    whole: Flags = (orders.state == STATE_CODES["filled"]) | (orders.filled >= orders.size * (1 - 1e-12))
    return whole


def _markout(fills: Fills, notional: Floats, horizon: str) -> Markout:
    later: Floats = getattr(fills, f"mid_{horizon}")
    mid = (fills.bid + fills.ask) / 2.0
    gained = fills.side * (later / fills.price - 1.0) * BASIS_POINTS
    against = -fills.side * (later / mid - 1.0) * BASIS_POINTS
    made, taken = fills.maker, ~fills.maker
    return Markout(
        horizon=horizon,
        known=int(np.isfinite(gained).sum()),
        all=weighted_mean(gained, notional),
        maker=weighted_mean(gained[made], notional[made]),
        taker=weighted_mean(gained[taken], notional[taken]),
        unweighted=mean(gained),
        adverse_maker=weighted_mean(against[made], notional[made]),
        adverse_taker=weighted_mean(against[taken], notional[taken]),
    )


def _waiting(fills: Fills, orders: Orders) -> Waiting:
    """Fills are in the order of time, so the first row of an order is its first fill."""
    numbers, first = np.unique(fills.order, return_index=True)
    row = _rows_of(orders, numbers)
    usable = (row >= 0) & (orders.sent[row] > 0) if len(orders) else np.zeros(len(row), dtype=np.bool_)
    waits = fills.time[first[usable]] - orders.sent[row[usable]]
    if not len(waits):
        return Waiting()
    p50, p90, p99 = (int(each) for each in np.quantile(waits, (0.5, 0.9, 0.99)))
    return Waiting(orders=len(waits), mean=int(waits.mean()), p50=p50, p90=p90, p99=p99)


def _rows_of(orders: Orders, numbers: Ints) -> Ints:
    """The row of each order id; -1 where there is none."""
    if not len(orders):
        return np.full(len(numbers), -1)
    order = np.argsort(orders.order_id, kind="stable")
    place = np.minimum(np.searchsorted(orders.order_id, numbers, sorter=order), len(orders) - 1)
    rows: Ints = order[place]
    return np.where(orders.order_id[rows] == numbers, rows, -1)


def _shortfall(record: RunRecord, worth: Worth, chosen: Flags, orders: Orders) -> Shortfall:
    """In terms of fractions of the decision's mid, which serve linear and inverse contracts alike."""
    orders = orders.where(np.isfinite(orders.mid_at_decision) & (orders.mid_at_decision > 0))
    if not len(orders):
        return Shortfall()
    notes = record.names.instruments
    multiplier = np.array([note.multiplier for note in notes])[orders.instrument]
    inverse = np.array([note.kind == "inverse" for note in notes])[orders.instrument]
    unit = multiplier * np.where(inverse, 1.0 / orders.mid_at_decision, orders.mid_at_decision)
    rows = np.flatnonzero(chosen)
    at = _rows_of(orders, record.fills.order[rows])
    rows, at = rows[at >= 0], at[at >= 0]
    fills, rates = record.fills.where(rows), _last_rates(record)[orders.instrument]
    execution = fills.side * (fills.price / orders.mid_at_decision[at] - 1.0) * fills.size * unit[at] * fills.rate
    missed = np.where(_is_whole(orders), 0.0, np.maximum(orders.size - orders.filled, 0.0)) * unit * rates
    later = _price_when_over(record, orders)
    opportunity = orders.side * (later / orders.mid_at_decision - 1.0) * missed
    decided = total_of(orders.size * unit * rates)
    parts = total_of(execution), total_of(fills.fee), total_of(opportunity[np.isfinite(opportunity)])
    return Shortfall(
        orders=len(orders),
        decided_worth=decided,
        execution=parts[0],
        fees=parts[1],
        opportunity=parts[2],
        total=sum(parts),
        basis_points=quotient(sum(parts) * BASIS_POINTS, decided),
    )


def _last_rates(record: RunRecord) -> Floats:
    """By instrument; 1 where nothing was traded."""
    rates = np.ones(len(record.names.instruments))
    rates[record.fills.instrument] = record.fills.rate
    return rates


def _price_when_over(record: RunRecord, orders: Orders) -> Floats:
    times = np.where(orders.ended > 0, orders.ended, span_of(record)[1])
    found = np.full(len(orders), np.nan)
    for instrument in np.unique(orders.instrument):
        own = orders.instrument == instrument
        found[own] = price_at(record, int(instrument), times[own])
    return found
