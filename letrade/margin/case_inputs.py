"""Liquidation cases as they stand in files: a position, what it is expected to give, and where that comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.margin.account import Side
from letrade.core.margin.records import Record, exact, read_rows, record_of
from letrade.core.margin.tier_rows import tier_rows
from letrade.core.margin.tiers import Tier
from letrade.margin.specs import side_of

KNOWN = frozenset({
    "id", "source", "oracle", "exchange", "contract", "contract_size", "margin_mode", "symbol", "side", "entry_price",
    "mark_price", "amount", "leverage", "max_leverage", "wallet_balance", "wallet_balance_is", "raw_usd", "mm_rate",
    "maint_amount", "adjust_factor", "position_maintenance", "fee_rate", "other_positions", "liquidation_buffer",
    "expected_liquidation_price", "bankruptcy_price", "tolerance", "formula", "formula_args", "independent", "note",
    "date", "added_margin", "tiers",
})  # fmt: skip
BOTS = "bot-unit-test"


class Expectation(Struct, frozen=True):
    """What a case should give; a price of None is "never"."""

    price: Fraction | None
    absolute: Fraction | None
    relative: Fraction | None


class CasePosition(Struct, frozen=True, kw_only=True):
    """One position of a case: its own, or another one of the same cross account."""

    symbol: str
    side: Side
    size: Fraction
    entry: Fraction
    mark: Fraction | None
    leverage: Fraction | None = None
    rate: Fraction | None = None
    amount: Fraction | None = None
    tiers: tuple[Tier, ...] = ()
    """All of its symbol's; they go before the one rate."""


class Case(Struct, frozen=True, kw_only=True):
    """One case, read."""

    id: str
    exchange: str
    oracle: str
    contract: str
    mode: str
    """"" where nothing is said."""
    position: CasePosition
    others: tuple[CasePosition, ...]
    wallet: Fraction | None
    holds_gains: bool
    """Whether the wallet is told with unrealised gains, at the mark."""
    fields: Record
    """Everything else that the file says."""
    expected: Expectation | None

    @property
    def counts(self) -> bool:
        """What a bot's own test expects shows that bot's formula; only what a venue said decides."""
        return self.oracle != BOTS


class Unread(Struct, frozen=True):
    """A row that is no case."""

    id: str
    """What stands for one: "row 3"."""
    why: str


def read_case_rows(path: Path) -> list[Record | Unread]:
    """The rows of a file, each case with an id that no other has."""
    rows: list[Record | Unread] = []
    for number, (place, row) in enumerate(read_rows(path, ("cases", "case")), start=1):
        try:
            rows.append(record_of(place, row))
        except DataError as error:
            rows.append(Unread(f"row {number}", str(error)))
    _check_ids([each for each in rows if isinstance(each, Record)])
    return rows


def read_case_records(path: Path) -> list[Record]:
    """The same of a file that holds nothing else. DataError names the row that is no case."""
    found = []
    for row in read_case_rows(path):
        if isinstance(row, Unread):
            raise DataError(row.why)
        found.append(row)
    return found


def _check_ids(records: list[Record]) -> None:
    seen: set[str] = set()
    for record in records:
        name = str(record.values.get("id") or "")
        if not name:
            raise DataError(f"{record.place}: id is missing")
        if name in seen:
            raise DataError(f"{record.place}: the id {name!r} stands there twice")
        seen.add(name)


def unknown_names(rows: list[Record | Unread]) -> list[str]:
    return sorted({name for row in rows if isinstance(row, Record) for name in row.values} - KNOWN)


def says_expectations(records: list[Record]) -> bool:
    """A file in which every price that is expected is null was stripped of them: there null says nothing."""
    return any(record.values.get("expected_liquidation_price") not in (None, "") for record in records)


def case_of(record: Record, expects: bool) -> Case:
    """DataError for what is missing, or is no number."""
    values = record.values
    return Case(
        id=str(values["id"]),
        exchange=record.text("exchange") or "",
        oracle=record.text("oracle") or "given",
        contract=record.text("contract") or "",
        mode=record.text("margin_mode") or "",
        position=_position(record, record.text("symbol") or ""),
        others=tuple(_others(record)),
        wallet=record.number("wallet_balance"),
        holds_gains=_holds_gains(record),
        fields=record,
        expected=_expectation(record) if expects and "expected_liquidation_price" in values else None,
    )


def _position(record: Record, symbol: str) -> CasePosition:
    return CasePosition(
        symbol=symbol,
        side=side_of(record.text("side") or "", record.place),
        size=record.needed_positive("amount"),
        entry=record.needed_positive("entry_price"),
        mark=record.positive("mark_price"),
        leverage=record.number("leverage"),
        rate=record.number("mm_rate"),
        amount=record.at_least("maint_amount", 0),
        tiers=_tiers(record),
    )


def _tiers(record: Record) -> tuple[Tier, ...]:
    rows = record.values.get("tiers")
    if rows is None or rows == []:
        return ()
    if not isinstance(rows, list):
        raise DataError(f"{record.place}: tiers: expected a list, found {rows!r}")
    return tier_rows(rows, f"{record.place}: tiers")


def _others(record: Record) -> list[CasePosition]:
    rows = record.values.get("other_positions") or []
    if not isinstance(rows, list):
        raise DataError(f"{record.place}: other_positions: expected a list, found {rows!r}")
    found = []
    for number, row in enumerate(rows, start=1):
        place = f"{record.place}: other position {number}"
        if not isinstance(row, Mapping):
            raise DataError(f"{place}: expected a table with named values, found {row!r}")
        other = Record(place, row)
        if other.number("mark_price") is None:
            raise DataError(f"{place}: mark_price is missing: its profit stands behind the account")
        found.append(_position(other, other.text("symbol") or f"other {number}"))
    return found


def _holds_gains(record: Record) -> bool:
    words = (record.text("wallet_balance_is") or "").lower()
    return words == "equity" or ("incl" in words and "unreali" in words)


def _expectation(record: Record) -> Expectation:
    told: Any = record.values.get("tolerance")
    tolerance: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    if told is not None and (not isinstance(told, Mapping) or set(told) - {"abs", "rel"}):
        raise DataError(f"{record.place}: tolerance: expected {{abs: …}} or {{rel: …}}, found {told!r}")
    limits = {name: exact(value, f"{record.place}: tolerance") for name, value in tolerance.items()}
    return Expectation(record.number("expected_liquidation_price"), limits.get("abs"), limits.get("rel"))
