"""What fills are worth: signed sizes as exact whole numbers, and the money that each moved."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from letrade.core.analysis.numbers import unknown_is_nan
from letrade.core.analysis.record import InstrumentNote, RunRecord
from letrade.core.analysis.tables import Fills, Flags, Floats, Ints

UNIT = 1e-8
DECIMALS_MAX = 12
UNITS_MAX = 2.0**62


class Worth(NamedTuple):
    """One row a fill."""

    units: Ints
    """Signed change of the position, fees taken from the asset itself included, in 10**-decimals of the instrument."""
    decimals: Ints
    dust: Ints
    """A position smaller than this counts as flat: one lot, or the smallest unit."""
    quantity: Floats
    """The same as a number."""
    notional: Floats
    """Of the trade, in settlement currency, positive."""
    flow: Floats
    """What the position cost (negative) or brought, in settlement currency: profit is its sum plus what is held."""
    fee_apart: Floats
    """The fee, in the reporting currency, where the position does not already hold it."""


@unknown_is_nan
def worth_of(record: RunRecord) -> Worth:
    fills, notes = record.fills, record.names.instruments
    multiplier = _of_instruments(fills, [note.multiplier for note in notes])
    inverse = is_inverse(record, fills)
    in_asset = _fee_in_asset(fills, notes, record.names.currencies)
    quantity = fills.side * fills.size - np.where(in_asset, fills.fee_units * UNIT, 0.0)
    decimals = np.zeros(len(fills), dtype=np.int64)
    for instrument in np.unique(fills.instrument):
        own = fills.instrument == instrument
        decimals[own] = _decimals(quantity[own])
    units = np.rint(quantity * 10.0**decimals).astype(np.int64)
    notional = fills.size * multiplier * np.where(inverse, 1.0 / fills.price, fills.price)
    flow = np.where(inverse, 1.0, -1.0) * fills.side * notional
    lots = _of_instruments(fills, [note.lot for note in notes]) if notes else np.zeros(len(fills))
    dust = np.maximum(np.rint(lots * 10.0**decimals).astype(np.int64), 1)
    return Worth(units, decimals, dust, quantity, notional, flow, np.where(in_asset, 0.0, fills.fee))


def is_inverse(record: RunRecord, fills: Fills) -> Flags:
    return _of_instruments(fills, [note.kind == "inverse" for note in record.names.instruments]).astype(np.bool_)


def held_worth(note: InstrumentNote, quantity: float, price: float) -> float:
    """What a position adds to the sum of its flows when it is valued at a price, in settlement currency."""
    if not quantity:
        return 0.0
    return -quantity * note.multiplier / price if note.kind == "inverse" else quantity * note.multiplier * price


def _of_instruments(fills: Fills, values: list[float] | list[bool]) -> Floats:
    return np.asarray(values or [1.0], dtype=np.float64)[fills.instrument] if len(fills) else np.zeros(0)


def _fee_in_asset(fills: Fills, notes: tuple[InstrumentNote, ...], currencies: tuple[str, ...]) -> Flags:
    """A spot fee in the traded asset changes what is held instead of costing money."""
    places = {name: place for place, name in enumerate(currencies)}
    bases = [places.get(note.base, -2) if note.kind == "spot" and note.base else -2 for note in notes]
    if not len(fills) or not bases:
        return np.zeros(len(fills), dtype=np.bool_)
    in_asset: Flags = np.asarray(bases)[fills.instrument] == fills.fee_currency
    return in_asset


def _decimals(quantity: Floats) -> int:
    """The fewest decimals that hold each number exactly as a float shows it, as long as their sum fits 64 bits."""
    total = float(np.abs(quantity).sum())
    for decimals in range(DECIMALS_MAX + 1):
        scale = 10.0**decimals
        if total * scale * 10 >= UNITS_MAX or np.allclose(np.rint(quantity * scale) / scale, quantity, 1e-15, 0.0):
            return decimals
    return DECIMALS_MAX
