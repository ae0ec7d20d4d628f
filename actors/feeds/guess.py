"""Which feed reads a recorded file, by its content: what `--feed FILE…` and `--data FILE…` use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from letrade.actors.feeds.arrow_tables import head_of
from letrade.actors.feeds.binance_capture import BinanceCapture, BinanceCaptureConfig
from letrade.actors.feeds.binance_lines import Position, read_lines
from letrade.actors.feeds.catalogue import CatalogueConfig, CatalogueFeed
from letrade.actors.feeds.npz import NpzConfig, NpzFeed
from letrade.actors.feeds.npz_arrays import is_npz
from letrade.actors.feeds.ohlcv import OhlcvConfig, OhlcvFeed
from letrade.actors.feeds.packed import ZIP_MAGIC, stem_of
from letrade.actors.feeds.shapes import FILE_SUFFIXES, headerless, looks_like_bars
from letrade.actors.feeds.tick_rows import table_of
from letrade.actors.feeds.ticks import TicksConfig, TicksFeed
from letrade.core.actor import ActorConfig
from letrade.core.data.columns import Kind
from letrade.core.data.series import PREFIX, parse_reference
from letrade.core.errors import DataError, UsageError
from letrade.core.feed import Feed

CAPTURE, BARS, ARRAYS, TICKS = "capture", "bars", "arrays", "ticks"
STORED = "stored"
KNOWN = (
    "recorded Binance streams (lines of '<receive ns> <json>', gzip or plain), tables of bars, quotes, trades, levels, "
    "mark prices or funding (CSV, Parquet, feather), arrays of ticks and lots (.npz), or catalogue:<series>"
)

OLD_FEATHER_MAGIC = b"FEA1"

Choice = tuple[type[Feed], ActorConfig]
"""A feed's class and configuration."""


def feeds_for_files(paths: Sequence[str], wanted: str | None = None) -> list[Choice]:
    """A feed for each file, in the given order; captures are one feed together, in the place of the first, and funding
    comes last, as it is paid at the mark price of its time. `wanted` is the kind to take of tables that hold several.

    UsageError for no file; DataError for missing, empty and unknown ones.
    """
    if not paths:
        raise UsageError(f"expected files: {KNOWN}")
    kinds = [_kind(path) for path in paths]
    captures = tuple(path for path, kind in zip(paths, kinds, strict=True) if kind == CAPTURE)
    choices: list[Choice] = []
    for path, kind in zip(paths, kinds, strict=True):
        if kind == BARS:
            choices.append((OhlcvFeed, OhlcvConfig(file=path)))
        elif kind == ARRAYS:
            choices.append((NpzFeed, NpzConfig(file=path)))
        elif kind == STORED:
            choices.append((CatalogueFeed, CatalogueConfig(series=path.removeprefix(PREFIX))))
        elif kind == TICKS:
            choices.append((TicksFeed, msgspec.convert({"file": path, "kind": wanted}, TicksConfig)))
        elif path == captures[0]:
            choices.append((BinanceCapture, BinanceCaptureConfig(files=captures)))
    return sorted(choices, key=lambda choice: tells_funding(choice[1]))


def tells_funding(config: object) -> bool:
    """Whether a feed of this configuration tells funding rates."""
    if isinstance(config, CatalogueConfig):
        return parse_reference(config.series).kind == Kind.FUNDING
    return isinstance(config, TicksConfig) and table_of(config.path, config.kind).shape.kind == Kind.FUNDING


def _kind(path: str) -> str:
    if path.startswith(PREFIX):
        return STORED
    if Path(path).is_fifo():
        raise DataError(
            f"{path}: expected a file, which is read more than once; found a pipe: write it to a file first"
        )
    if Path(path).is_file() and not Path(path).stat().st_size:
        raise DataError(f"{path}: expected {KNOWN}; found an empty file")
    first = next(read_lines(path, Position()))
    stamp, _, body = first.partition(b" ")
    if stamp.isdigit() and body.startswith(b"{"):
        return CAPTURE
    if first.startswith(ZIP_MAGIC) and is_npz(path):
        return ARRAYS
    if first.startswith(OLD_FEATHER_MAGIC):
        return BARS
    head = head_of(path)
    other = any(stem_of(path).endswith(("-" + end, "_" + end)) for end in FILE_SUFFIXES)
    if looks_like_bars(head.names) and not other:
        return BARS
    if head.form != "csv" or headerless(head.names):
        return TICKS
    if len(head.names) >= 6 and head.names[0].strip().isdigit():
        return BARS
    if len(head.names) < 2:
        found = json.dumps(first[:60].decode(errors="replace"))
        raise DataError(f"{path}: expected {KNOWN}; found {found}")
    return TICKS
