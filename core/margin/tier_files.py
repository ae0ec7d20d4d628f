"""Files of leverage tiers: ccxt's unified tables, those that were downloaded, CSV and TOML of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from letrade.core.config.describe import did_you_mean
from letrade.core.config.values import parse_instant, show_instant
from letrade.core.errors import DataError
from letrade.core.margin.records import read_tree
from letrade.core.margin.tier_rows import tier_rows
from letrade.core.margin.tiers import TierTable

_DATE = re.compile(r"(?<!\d)(20\d\d)-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?!\d)")
SUFFIXES = (".json", ".toml", ".csv", ".tsv")


class TierFile(NamedTuple):
    """Tables by symbol, the date from which they are known to hold (None where nothing says it), and who said so."""

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    date: int | None
    source: str
    place: str
    venue: str | None = None

    def table(self, symbol: str) -> TierTable:
        """Only the symbol that is asked for is read: a fault in another does not matter."""
        name = f"{self.place}: {symbol}"
        return TierTable(name, tier_rows(self.rows[symbol], name), show_instant(self.date) if self.date else "")

    def in_notional(self, symbol: str) -> bool:
        """Binance's rows say so of themselves; the others do not say."""
        told = (row.get("info") for row in self.rows[symbol])
        return any(isinstance(info, Mapping) and "notionalCap" in info for info in told)

    def shown_date(self) -> str:
        return show_instant(self.date) if self.date is not None else "unknown date"


def read_tier_file(path: Path) -> TierFile:
    """DataError where it is none; a file without a date takes it from its name (…2024-10.json)."""
    tree = read_tree(path)
    head: Mapping[str, Any] = tree if isinstance(tree, dict) else {}
    body = next((head[name] for name in ("tiers", "tier") if isinstance(head.get(name), list | dict)), tree)
    rows = _by_symbol(body, path)
    date = _date(path, head.get("date"))
    source, venue = (head.get(name) if isinstance(head.get(name), str) else None for name in ("source", "venue"))
    return TierFile(rows, date, source or path.name, str(path), venue)


def read_tier_files(paths: Iterable[Path]) -> list[TierFile]:
    """Of files, and of every such file of a folder."""
    found: list[TierFile] = []
    for path in paths:
        inside = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise DataError(f"{path}: has no file that ends in {', '.join(SUFFIXES)}")
        found += map(read_tier_file, inside)
    return found


def newest_before(files: Sequence[TierFile], symbol: str, at: int | None) -> TierFile | None:
    """The newest table of a symbol, or the newest that held at a time; None where no file has the symbol."""
    having = [file for file in files if symbol in file.rows]
    if at is None:
        return max(having, key=lambda file: file.date or 0, default=None)
    if having and all(file.date is None for file in having):
        return having[-1]
    held = [file for file in having if file.date is not None and file.date <= at]
    if having and not held:
        known = ", ".join(sorted(file.shown_date() for file in having))
        raise DataError(
            f"no tiers of {symbol} that held on {show_instant(at)}: those given are of {known}; "
            "give an older file, or leave --date out"
        )
    return max(held, key=lambda file: file.date or 0, default=None)


def nearest_to(files: Sequence[TierFile], symbol: str, at: int) -> TierFile | None:
    """The newest table of a symbol that held at a time, else the oldest that is known."""
    having = [file for file in files if symbol in file.rows]
    dated = [file for file in having if file.date is not None]
    if not dated or any(file.date is not None and file.date <= at for file in dated):
        return newest_before(having, symbol, at)
    return min(dated, key=lambda file: file.date or 0)


def unknown_symbol(files: Sequence[TierFile], symbol: str) -> DataError:
    known = sorted({each for file in files for each in file.rows})
    places = ", ".join(file.place for file in files)
    return DataError(f"{places}: no tiers of {symbol!r}{did_you_mean(symbol, known)}")


def _by_symbol(body: Any, path: Path) -> dict[str, list[Mapping[str, Any]]]:
    """Tables under their symbols, or one list of rows that each say their symbol."""
    if isinstance(body, dict):
        for symbol, rows in body.items():
            if not isinstance(rows, list):
                raise DataError(f"{path}: {symbol}: expected a list of tiers, found {type(rows).__name__}")
        if not body:
            raise DataError(f"{path}: has no tiers")
        return body
    found: dict[str, list[Mapping[str, Any]]] = {}
    for number, row in enumerate(body if isinstance(body, list) else [], start=1):
        symbol = row.get("symbol") if isinstance(row, dict) else None
        if not isinstance(symbol, str) or not symbol:
            raise DataError(f"{path}: row {number}: expected a tier with its symbol, found {row!r}")
        found.setdefault(symbol, []).append(row)
    if not found:
        raise DataError(f"{path}: expected tiers by symbol, found none")
    return found


def _date(path: Path, told: object) -> int | None:
    if told is not None:
        try:
            return parse_instant(told)
        except ValueError:
            raise DataError(f"{path}: date: expected a date such as 2026-09-01, found {told!r}") from None
    named = _DATE.search(path.stem)
    if named is None:
        return None
    year, month, day = named.groups()
    try:
        return parse_instant(f"{year}-{month}-{day or '01'}")
    except ValueError:
        raise DataError(f"{path}: its name says no date of the calendar: {named.group()}") from None
