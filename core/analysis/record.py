"""RunRecord: all that a run leaves behind to be analysed, as columns, with the names and settings that explain them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from letrade.core.analysis.files import read_table, write_table
from letrade.core.analysis.tables import Cash, Equity, Fills, Orders, Prices, Table
from letrade.core.errors import DataError, ResourceError
from letrade.core.orders import TRANSITIONS
from letrade.core.texts import json_of

ORDER_STATES: tuple[str, ...] = tuple(TRANSITIONS)
"""Orders.state is a place in it: pending, sent, unknown, open, ..., in the order of core/orders.py."""
ORDER_KINDS: tuple[str, ...] = (
    "limit", "market", "stop_market", "stop_limit", "take_profit_market", "take_profit_limit", "trailing_stop",
)  # fmt: skip
"""Orders.kind is a place in it, as OrderKind of the simulated exchange counts them."""
STATE_CODES: dict[str, int] = {name: place for place, name in enumerate(ORDER_STATES)}
KIND_CODES: dict[str, int] = {name: place for place, name in enumerate(ORDER_KINDS)}

NEEDS_NO_NAME = ("strategy", "account", "fee_currency")
"""Places that may be -1: nobody's. In cash, all may be."""

RECORD_VERSION = 1
SETTINGS_FILE = "settings.json"


class InstrumentNote(msgspec.Struct, frozen=True, kw_only=True):
    """What an instrument's fills are worth: price × size × multiplier in `quote`, or, inverse, size × multiplier ÷
    price in `base`. Profit is in `settle`."""

    name: str
    kind: str = "spot"
    """spot, linear or inverse."""
    base: str = ""
    quote: str = ""
    settle: str = ""
    multiplier: float = 1.0
    lot: float = 0.0
    """The smallest step of a size: what is left below it after a close is dust. 0: not known."""


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What the places in the columns mean."""

    strategies: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    instruments: tuple[InstrumentNote, ...] = ()
    currencies: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    """Of cash: funding, interest, fee, transfer, liquidation, ..."""


class RunSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the run was made. Times are ns UTC; amounts are decimals as text."""

    desk: str = ""
    engine: str = ""
    """actors or compiled."""
    reporting_currency: str = "USDT"
    start_balances: dict[str, dict[str, str]] = {}
    """By account and currency."""
    starting_equity: float | None = None
    """In the reporting currency, of all accounts; None: the first that was known."""
    fees: dict[str, str] = {}
    """By venue or tier, in words."""
    fills_assumption: str = "default"
    """optimistic, default or pessimistic."""
    data: tuple[str, ...] = ()
    """What was replayed, in words."""
    data_from: int = 0
    data_to: int = 0
    events: int = 0
    seconds: float = 0.0
    refused: dict[str, int] = {}
    """Requests that the desk or the venue refused, by rule."""
    result_hash: str = ""
    warnings: tuple[str, ...] = ()
    equity_start: str | None = None
    """In the reporting currency, of all accounts, exactly."""
    equity_end: str | None = None
    prices_end: dict[str, float] = {}
    """What positions were valued at last, by instrument."""
    rates_end: dict[str, str] = {}
    """What one unit of each currency was worth in the reporting currency last, as a fraction; those that are known."""
    venues: dict[str, str] = {}
    """Of the accounts."""
    short_days: dict[str, tuple[str, ...]] = {}
    """By account, the days (UTC) on which it was short of margin: a strategy said so (alert `margin_short`), its
    distance to liquidation was at `warn` or nearer, or its venue refused an order for want of margin."""


class _Stored(msgspec.Struct, kw_only=True):
    """settings.json of a stored record."""

    version: int = RECORD_VERSION
    names: Names
    settings: RunSettings


TABLES: dict[str, type[Table]] = {"orders": Orders, "fills": Fills, "cash": Cash, "equity": Equity, "prices": Prices}


@dataclass(frozen=True, eq=False)
class RunRecord:
    """DataError for tables out of time order, that name a place which the names do not have, or whose fills are no
    finite numbers."""

    names: Names
    settings: RunSettings
    orders: Orders
    fills: Fills
    cash: Cash
    equity: Equity
    prices: Prices

    def __post_init__(self) -> None:
        for name in TABLES:
            self._check_order(name)
            self._check_places(name)
        for column in ("price", "size", "fee"):
            values = getattr(self.fills, column)
            if not bool(np.isfinite(values).all()):
                row = int(np.argmin(np.isfinite(values)))
                raise DataError(f"fills.{column}: expected finite numbers, found {values[row]} in row {row}")

    def _check_order(self, name: str) -> None:
        table = getattr(self, name)
        times = table.decided if name == "orders" else table.time
        if len(times) > 1 and bool(np.any(times[1:] < times[:-1])):
            raise DataError(f"{name}: expected rows in the order of time")

    def _check_places(self, name: str) -> None:
        names = self.names
        limits = {
            "strategy": names.strategies, "account": names.accounts, "instrument": names.instruments,
            "currency": names.currencies, "fee_currency": names.currencies, "origin": names.origins,
            "state": ORDER_STATES, "kind": ORDER_KINDS,
        }  # fmt: skip
        for column, values in getattr(self, name).as_dict().items():
            if column not in limits or not len(values):
                continue
            least = -1 if column in NEEDS_NO_NAME or name == "cash" else 0
            low, high, count = int(values.min()), int(values.max()), len(limits[column])
            if low < least or high >= count:
                raise DataError(f"{name}.{column}: expected places from {least} below {count}, found {low} to {high}")

    def save(self, folder: Path) -> None:
        """One file a table, Parquet where pyarrow is installed, else npz. ResourceError when it cannot be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in TABLES:
                write_table(folder, name, getattr(self, name).as_dict())
            stored = _Stored(names=self.names, settings=self.settings)
            (folder / SETTINGS_FILE).write_bytes(msgspec.json.format(json_of(stored)))
        except OSError as error:
            raise ResourceError(f"{folder}: the record cannot be written: {error.strerror or error}") from error

    @classmethod
    def load(cls, folder: Path) -> RunRecord:
        """DataError where the folder holds no record, or one of another version."""
        try:
            stored = msgspec.json.decode((folder / SETTINGS_FILE).read_bytes(), type=_Stored)
        except (OSError, msgspec.MsgspecError) as error:
            raise DataError(f"{folder}: expected a stored record with {SETTINGS_FILE}: {error}") from error
        if stored.version != RECORD_VERSION:
            raise DataError(f"{folder}: expected a record of version {RECORD_VERSION}, found {stored.version}")
        tables: dict[str, Any] = {name: table.of(read_table(folder, name)) for name, table in TABLES.items()}
        return cls(stored.names, stored.settings, **tables)

    @classmethod
    def empty(cls, names: Names | None = None, settings: RunSettings | None = None) -> RunRecord:
        """A record of nothing."""
        tables: dict[str, Any] = {name: table.empty() for name, table in TABLES.items()}
        return cls(names or Names(), settings or RunSettings(), **tables)
