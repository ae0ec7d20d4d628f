"""Columns of equal length: the tables of a run's record, each a frozen set of numpy arrays in time order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from letrade.core.errors import DataError

Ints: TypeAlias = NDArray[np.int64]
"""Times are ns UTC; amounts end in _units and count 1e-8 of their currency."""
Places: TypeAlias = NDArray[np.int32]
"""Places in one of the record's lists of names; -1: none."""
Codes: TypeAlias = NDArray[np.int8]
Floats: TypeAlias = NDArray[np.float64]
"""NaN: not known."""
Flags: TypeAlias = NDArray[np.bool_]

DTYPES: dict[str, type[np.generic]] = {
    "Ints": np.int64, "Places": np.int32, "Codes": np.int8, "Floats": np.float64, "Flags": np.bool_,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Table:
    """Base of the tables. DataError for columns of another type, or of unlike lengths."""

    OPTIONAL: ClassVar[dict[str, float]] = {}
    """Columns that `of` may be given without, and what they then are all the way down."""

    def __post_init__(self) -> None:
        for name, dtype in self.columns().items():
            column = getattr(self, name)
            if not isinstance(column, np.ndarray) or column.ndim != 1 or column.dtype != dtype:
                raise DataError(f"{type(self).__name__}.{name}: expected one {dtype.__name__} a row, found {column!r}")
        lengths = {name: len(getattr(self, name)) for name in self.columns()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{type(self).__name__}: expected columns of one length, found {lengths}")

    @classmethod
    def columns(cls) -> dict[str, type[np.generic]]:
        """Names and types of the columns, in order."""
        return {each.name: DTYPES[str(each.type)] for each in fields(cls)}

    @classmethod
    def of(cls, columns: Mapping[str, ArrayLike] | None = None, **named: ArrayLike) -> Self:
        """A table of whatever numpy makes an array of; columns with a default may be left out."""
        given = {**(columns or {}), **named}
        known = cls.columns()
        if unknown := sorted(set(given) - set(known)):
            raise DataError(f"{cls.__name__} has no column {', '.join(unknown)}: it has {', '.join(known)}")
        arrays = {name: _column(cls, name, given[name]) for name in known if name in given}
        rows = len(next(iter(arrays.values()))) if arrays else 0
        for name in known:
            if given and name not in arrays and name not in cls.OPTIONAL:
                raise DataError(f"{cls.__name__}: the column {name} is missing")
            arrays.setdefault(name, np.full(rows, cls.OPTIONAL.get(name, 0), dtype=known[name]))
        return cls(**arrays)

    @classmethod
    def empty(cls) -> Self:
        return cls.of()

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def where(self, chosen: NDArray[Any]) -> Self:
        """The rows that a mask or an array of indices chooses."""
        return type(self)(**{name: getattr(self, name)[chosen] for name in self.columns()})

    def with_columns(self, **columns: NDArray[Any]) -> Self:
        """The same rows with other values of some columns."""
        return replace(self, **columns)

    def as_dict(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, name) for name in self.columns()}


def _column(cls: type[Table], name: str, values: ArrayLike) -> NDArray[Any]:
    """An array of the column's type: nothing that does not fit is squeezed into it."""
    dtype = cls.columns()[name]
    given = np.asarray(values)
    if given.dtype == dtype:
        return np.ascontiguousarray(given)
    if not len(given):
        return np.empty(0, dtype=dtype)
    wanted = "f" if dtype is np.float64 else "i"
    if given.dtype.kind not in ("iub" if wanted == "i" else "iubf"):
        raise DataError(f"{cls.__name__}.{name}: expected {dtype.__name__}, found {given.dtype}")
    made = given.astype(dtype)
    if wanted == "i" and not np.array_equal(made, given):
        raise DataError(f"{cls.__name__}.{name}: a value does not fit into {dtype.__name__}")
    return made


@dataclass(frozen=True, eq=False)
class Orders(Table):
    """One row an order that was sent, in the order of the decisions. Refused ones are counted in the settings."""

    OPTIONAL = {"replaced": 0}

    order_id: Ints
    """Counts from 1; fills name it."""
    strategy: Places
    account: Places
    instrument: Places
    side: Codes
    """+1 buy, -1 sell."""
    kind: Codes
    """A place in ORDER_KINDS."""
    price: Floats
    """NaN: at the market."""
    size: Floats
    """As sent, or as changed in place since: the venue may have held a reduce-only order to less."""
    filled: Floats
    decided: Ints
    """ns, when the strategy's wish was made."""
    sent: Ints
    """ns, when it left the desk."""
    ended: Ints
    """ns, when it was known to be over; 0: still working."""
    state: Codes
    """A place in ORDER_STATES."""
    mid_at_decision: Floats
    replaced: Ints
    """How many times it was changed in place."""


@dataclass(frozen=True, eq=False)
class Fills(Table):
    """One row a trade of ours, in the order in which the desk heard of them."""

    OPTIONAL = {"fee_currency": -1, "rate": 1.0}

    order: Ints
    """order_id of its order; 0: not ours, such as a liquidation."""
    time: Ints
    venue_time: Ints
    strategy: Places
    account: Places
    instrument: Places
    side: Codes
    price: Floats
    size: Floats
    fee: Floats
    """In the reporting currency; positive is paid, negative a rebate."""
    fee_units: Ints
    """1e-8 of `fee_currency`."""
    fee_currency: Places
    maker: Flags
    realised: Floats
    """Profit that it realised, without fees, in the reporting currency; NaN: not known."""
    bid: Floats
    """The exchange's best at the fill, before it."""
    ask: Floats
    mid_1s: Floats
    """The mid so long after the fill; NaN: the data ended, or knows no mid."""
    mid_10s: Floats
    mid_60s: Floats
    rate: Floats
    """What one unit of the instrument's settlement currency is worth in the reporting currency."""


@dataclass(frozen=True, eq=False)
class Cash(Table):
    """Money that moved without a trade, signed from the account's view."""

    OPTIONAL = {"instrument": -1, "strategy": -1, "amount_units": 0, "rate": 1.0}

    time: Ints
    account: Places
    currency: Places
    amount: Floats
    """In `currency`."""
    origin: Places
    instrument: Places
    strategy: Places
    amount_units: Ints
    """1e-8 of the currency; all 0 where the engine keeps floats alone."""
    rate: Floats
    """What one unit of `currency` is worth in the reporting currency."""


@dataclass(frozen=True, eq=False)
class Equity(Table):
    """An account's worth on a grid of times, in the reporting currency; what stands at a time holds until the next."""

    time: Ints
    account: Places
    equity: Floats
    unrealised: Floats
    exposure: Floats
    """Gross: the sum of what all positions are worth, whatever their side."""


@dataclass(frozen=True, eq=False)
class Prices(Table):
    """An instrument's price on a grid of times."""

    time: Ints
    instrument: Places
    price: Floats
