"""Which feed reads a recorded file, by its content: what `--feed FILE…` and `--data FILE…` use."""

from __future__ import annotations

import json
from collections.abc import Sequence

from letrade.actors.feeds.binance_capture import BinanceCapture, BinanceCaptureConfig
from letrade.actors.feeds.binance_lines import Position, read_lines
from letrade.actors.feeds.npz import NpzConfig, NpzFeed
from letrade.actors.feeds.npz_arrays import ZIP_MAGIC
from letrade.actors.feeds.ohlcv import OhlcvConfig, OhlcvFeed
from letrade.actors.feeds.table import FEATHER_MAGICS
from letrade.core.actor import ActorConfig
from letrade.core.errors import DataError, UsageError
from letrade.core.feed import Feed

CAPTURE, BARS, ARRAYS = "capture", "bars", "arrays"
KNOWN = (
    "recorded Binance streams (lines of '<receive ns> <json>', gzip or plain), bars (feather, CSV) "
    "or arrays of ticks and lots (.npz)"
)

Choice = tuple[type[Feed], ActorConfig]
"""A feed's class and configuration."""


def feeds_for_files(paths: Sequence[str]) -> list[Choice]:
    """A feed for each file, in the given order; captures are one feed together, in the place of the first.

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
        elif path == captures[0]:
            choices.append((BinanceCapture, BinanceCaptureConfig(files=captures)))
    return choices


def _kind(path: str) -> str:
    first = next(read_lines(path, Position()))
    if first.startswith(ZIP_MAGIC):
        return ARRAYS
    stamp, _, body = first.partition(b" ")
    if stamp.isdigit() and body.startswith(b"{"):
        return CAPTURE
    if first.startswith(FEATHER_MAGICS):
        return BARS
    header = first[:4_096].decode("utf-8-sig", errors="replace").strip().lower().split(",")
    if {"open", "high", "low", "close"} <= set(header) or (len(header) >= 6 and header[0].isdigit()):
        return BARS
    raise DataError(f"{path}: expected {KNOWN}; found {json.dumps(first[:60].decode(errors='replace'))}")
