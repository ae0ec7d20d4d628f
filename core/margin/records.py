"""Tables that people write (JSON, TOML, CSV) as records whose numbers stay the exact decimals that were written."""

from __future__ import annotations

import csv
import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction, read_fraction

DIGITS_MAX = 40
"""No price, size or balance has more digits before or after the point."""
FILE_BYTES_MAX = 256 * 1024 * 1024


class Record(NamedTuple):
    """One row: where it stands, for errors, and its values by name."""

    place: str
    values: Mapping[str, Any]

    def number(self, name: str) -> Fraction | None:
        """Exactly what was written; None where nothing was."""
        value = self.values.get(name)
        return None if value is None or value == "" else exact(value, f"{self.place}: {name}")

    def needed(self, name: str) -> Fraction:
        found = self.number(name)
        if found is None:
            raise DataError(f"{self.place}: {name} is missing")
        return found

    def positive(self, name: str) -> Fraction | None:
        """Above 0, where anything was written."""
        found = self.number(name)
        if found is not None and found <= 0:
            raise DataError(f"{self.place}: {name}: expected a number above 0, found {float(found):g}")
        return found

    def needed_positive(self, name: str) -> Fraction:
        found = self.positive(name)
        if found is None:
            raise DataError(f"{self.place}: {name} is missing")
        return found

    def at_least(self, name: str, least: int) -> Fraction | None:
        """Not below `least`, where anything was written."""
        found = self.number(name)
        if found is not None and found < least:
            raise DataError(f"{self.place}: {name}: expected {least} or more, found {float(found):g}")
        return found

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise DataError(f"{self.place}: {name}: expected text, found {value!r}")
        return value.strip()

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
        found = words.get(str(value).strip().lower()) if value is not None else False
        if found is None:
            raise DataError(f"{self.place}: {name}: expected true or false, found {value!r}")
        return found


def exact(value: object, place: str) -> Fraction:
    """The fraction behind a number or a text. DataError for NaN, infinity and everything that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise DataError(f"{place}: expected a number, found {value!r}")
    text = repr(value) if isinstance(value, float) else str(value).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise DataError(f"{place}: expected a number such as 0.5, found {text[:80]!r}") from None
    if not number.is_finite():
        raise DataError(f"{place}: expected a finite number, found {text}: leave out what is not known")
    if max(abs(number.adjusted()) if number else 0, len(number.as_tuple().digits)) > DIGITS_MAX:
        raise DataError(f"{place}: expected at most {DIGITS_MAX} digits, found {text[:80]}")
    return read_fraction(number)


def read_text(path: Path) -> str:
    """A file's text. DataError where there is none that can be read."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise DataError(f"{path}: expected at most {FILE_BYTES_MAX:,} bytes, found {path.stat().st_size:,}")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: expected UTF-8 text: {error}") from error


def read_tree(path: Path) -> Any:
    """What a JSON, TOML or CSV file says; numbers as int and Decimal, rows of CSV as a list of tables of texts."""
    text = read_text(path)
    try:
        if path.suffix.lower() == ".toml":
            return tomllib.loads(text, parse_float=_decimal)
        if path.suffix.lower() in (".csv", ".tsv"):
            return _rows(path, text, "\t" if path.suffix.lower() == ".tsv" else ",")
        return json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=Decimal)
    except (ValueError, RecursionError) as error:
        # Each parser's own error is a ValueError, as is tomllib's for an integer of thousands of digits.
        wanted = "TOML" if path.suffix.lower() == ".toml" else "JSON (or a name that ends in .toml or .csv)"
        raise DataError(f"{path}: expected {wanted}: {error}") from error


def _decimal(text: str) -> Decimal | str:
    """An exponent that no decimal holds stays text, which is refused where it is read as a number."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _integer(text: str) -> int | Decimal:
    """Python refuses integers of thousands of digits; as a decimal it is refused alone, where it is read."""
    return int(text) if len(text) <= DIGITS_MAX else Decimal(text)


def _rows(path: Path, text: str, delimiter: str) -> list[dict[str, Any]]:
    reader = csv.DictReader((line for line in text.splitlines() if line.strip()), delimiter=delimiter)
    rows = []
    for number, row in enumerate(reader, start=2):
        if None in row or any(value is None for value in row.values()):
            raise DataError(f"{path}: line {number}: expected {len(reader.fieldnames or ())} columns")
        rows.append({str(name).strip(): str(value).strip() for name, value in row.items()})
    return rows


def read_records(path: Path, names: tuple[str, ...]) -> list[Record]:
    """The rows of a table: a list, an object with a list under one of `names`, or one object alone."""
    return [record_of(place, row) for place, row in read_rows(path, names)]


def record_of(place: str, row: object) -> Record:
    """DataError where a row has no named values."""
    if not isinstance(row, dict):
        raise DataError(f"{place}: expected a table with named values, found {row!r}")
    return Record(place, row)


def read_rows(path: Path, names: tuple[str, ...]) -> list[tuple[str, object]]:
    """(where it stands, what stands there) of each row."""
    tree = read_tree(path)
    if isinstance(tree, dict):
        under = next((tree[name] for name in names if isinstance(tree.get(name), list)), None)
        tree = [tree] if under is None else under
    if not isinstance(tree, list):
        raise DataError(f"{path}: expected a list of tables, found {type(tree).__name__}")
    if not tree:
        raise DataError(f"{path}: has no rows")
    return [(f"{path}: row {number}", row) for number, row in enumerate(tree, start=1)]


def renamed(record: Record, aliases: Mapping[str, str], ignored: Iterable[str] = ()) -> Record:
    """The record under our own names. DataError, with a did-you-mean, for a name that nobody knows."""
    ours: dict[str, Any] = {}
    skipped = set(ignored)
    for name, value in record.values.items():
        if name in skipped or value is None:
            continue
        if name not in aliases:
            raise DataError(f"{record.place}: unknown name {name!r}{_near(name, aliases)}")
        known = aliases[name]
        if known in ours and ours[known] != value:
            raise DataError(f"{record.place}: {known} is said twice: {ours[known]!r} and {value!r}")
        ours[known] = value
    return Record(record.place, ours)


def _near(name: str, aliases: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, list(aliases), n=1, cutoff=0.6)
    if near:
        return f', did you mean "{near[0]}"?'
    return f"; known: {', '.join(dict.fromkeys(aliases.values()))}"
