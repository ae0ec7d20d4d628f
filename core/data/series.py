"""Names of stored series, binance.BTC-USDT_USDT/bars/1h, and where the catalogue keeps them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from letrade.core.config.durations import format_duration, parse_duration
from letrade.core.config.values import parse_instant
from letrade.core.data.columns import Kind
from letrade.core.errors import DataError, UsageError
from letrade.core.subjects import check_instrument

SUFFIX = ".parquet"
FOLDER = "market-data"
PREFIX = "catalogue:"


class Series(NamedTuple):
    """One kind of data of one instrument; bars have an interval too, written as 1m, 1h, 1d; '' for all else."""

    kind: Kind
    instrument: str
    interval: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.instrument, str(self.kind), self.interval)))

    @property
    def interval_ns(self) -> int:
        return parse_duration(self.interval) if self.interval else 0

    def folder(self, root: Path) -> Path:
        """<root>/<kind>/<venue>/<symbol>[/<interval>]; names of venues and symbols hold nothing that a path may not."""
        venue, _, symbol = check_instrument(self.instrument).partition(".")
        return root / self.kind / venue / symbol / self.interval


class Reference(NamedTuple):
    """What a text such as `binance.BTC-USDT/1h@2024-01-01..2024-03-01` asks for; parts that it leaves out are None."""

    instrument: str
    kind: Kind | None = None
    interval: str | None = None
    start: int | None = None
    end: int | None = None


def series_at(root: Path, folder: Path) -> Series:
    """The series that a folder of the catalogue holds."""
    kind, venue, symbol, *interval = folder.relative_to(root).parts
    return Series(Kind(kind), f"{venue}.{symbol}", interval[0] if interval else "")


def default_root() -> Path:
    """$LETRADE_CATALOGUE, else market-data in $LETRADE_DATA, else in the user's data directory."""
    if configured := os.environ.get("LETRADE_CATALOGUE"):
        return Path(configured).expanduser()
    if data := os.environ.get("LETRADE_DATA"):
        return Path(data).expanduser() / FOLDER
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path("~/.local/share").expanduser()) / "letrade" / FOLDER


def interval_text(text: str) -> str:
    """'60m' and '1h' are the same interval, '1w' is 7d. UsageError for what is no duration."""
    try:
        weeks = text.endswith("w")
        interval_ns = parse_duration(text.removesuffix("w") + "d") * 7 if weeks else parse_duration(text)
    except ValueError:
        raise UsageError(f"expected an interval such as 1m, 1h or 1d, found {text!r}") from None
    if interval_ns <= 0:
        raise UsageError(f"expected an interval above 0, found {text!r}")
    return format_duration(interval_ns)


def parse_reference(text: str) -> Reference:
    """`[catalogue:]<instrument>[/<kind>][/<interval>][@<from>..<to>]`. UsageError says what was expected."""
    body, _, span = text.removeprefix(PREFIX).partition("@")
    instrument, *parts = body.split("/")
    try:
        check_instrument(instrument)
    except DataError as error:
        raise UsageError(f"{text}: {error}") from error
    kind: Kind | None = None
    interval: str | None = None
    for part in parts:
        if part in tuple(Kind) and kind is None:
            kind = Kind(part)
        elif interval is None:
            interval = interval_text(part)
        else:
            raise UsageError(f"{text}: expected instrument/kind/interval such as binance.BTC-USDT/bars/1h")
    start, end = _span(text, span)
    return Reference(instrument, kind or (Kind.BARS if interval else None), interval, start, end)


def _span(text: str, span: str) -> tuple[int | None, int | None]:
    if not span:
        return None, None
    start, dots, end = span.partition("..")
    try:
        first, last = (parse_instant(start) if start else None), (parse_instant(end) if dots and end else None)
    except ValueError as error:
        raise UsageError(f"{text}: expected dates such as @2024-01-01..2024-03-01: {error}") from error
    if first is not None and last is not None and first >= last:
        raise UsageError(f"{text}: expected a time that ends after it begins, such as @2024-01-01..2024-03-01")
    return first, last


def chosen(series: list[Series], wanted: Reference) -> Series:
    """The one series that is meant. DataError when there is none, or several."""
    of_instrument = [each for each in series if each.instrument == wanted.instrument]
    found = [
        each for each in of_instrument if wanted.kind in (None, each.kind) and wanted.interval in (None, each.interval)
    ]
    if len(found) == 1:
        return found[0]
    there = ", ".join(map(str, found or of_instrument or series[:20])) or "nothing"
    asked = "/".join(filter(None, (wanted.instrument, wanted.kind, wanted.interval)))
    if found:
        raise DataError(f"the catalogue has several series of {asked}: {there}: name one")
    raise DataError(f"the catalogue has no {asked}; it has {there}: letrade data import or letrade data download")
