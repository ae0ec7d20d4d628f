"""Which feed reads a recorded file, by its content: what `--feed FILE…` and `--data FILE…` use."""

from __future__ import annotations

import json
from collections.abc import Sequence

from letrade.actors.feeds.binance_capture import BinanceCapture, BinanceCaptureConfig
from letrade.actors.feeds.binance_lines import Position, read_lines
from letrade.actors.feeds.ohlcv import OhlcvConfig, OhlcvFeed
from letrade.actors.feeds.table import FEATHER_MAGICS
from letrade.core.actor import ActorConfig
from letrade.core.errors import DataError, UsageError
from letrade.core.feed import Feed

CAPTURE, BARS = "capture", "bars"
KNOWN = "recorded Binance streams (lines of '<receive ns> <json>', gzip or plain) or bars (feather, CSV)"


def feed_for_file(paths: Sequence[str]) -> tuple[type[Feed], ActorConfig]:
    """The feed's class and configuration for these files together.

    UsageError for no file or for files that are not one feed; DataError for missing, empty and unknown ones.
    """
    if not paths:
        raise UsageError(f"expected files: {KNOWN}")
    kinds = [_kind(str(path)) for path in paths]
    if kinds == [BARS]:
        return OhlcvFeed, OhlcvConfig(file=str(paths[0]))
    if set(kinds) == {CAPTURE}:
        return BinanceCapture, BinanceCaptureConfig(files=tuple(map(str, paths)))
    listed = ", ".join(f"{path}: {kind}" for path, kind in zip(paths, kinds, strict=True))
    raise UsageError(f"expected one file of bars, or captures alone; found {listed}: write a [[feed]] for each")


def _kind(path: str) -> str:
    first = next(read_lines(path, Position()))
    stamp, _, body = first.partition(b" ")
    if stamp.isdigit() and body.startswith(b"{"):
        return CAPTURE
    if first.startswith(FEATHER_MAGICS):
        return BARS
    header = first[:4_096].decode("utf-8-sig", errors="replace").strip().lower().split(",")
    if {"open", "high", "low", "close"} <= set(header) or (len(header) >= 6 and header[0].isdigit()):
        return BARS
    raise DataError(f"{path}: expected {KNOWN}; found {json.dumps(first[:60].decode(errors='replace'))}")
