"""Files to feeds by their content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from letrade.actors.feeds.binance_capture import BinanceCapture, BinanceCaptureConfig
from letrade.actors.feeds.guess import feeds_for_files
from letrade.actors.feeds.ohlcv import OhlcvConfig, OhlcvFeed
from letrade.core.errors import DataError, UsageError
from tests.actors.captures import spot_trade, written


def test_captures_together_are_one_feed_in_the_given_order(tmp_path: Path) -> None:
    files = tuple(written(tmp_path / name, spot_trade(1, "1", "1", False)) for name in ("b.gz", "a.gz"))
    assert feeds_for_files(files) == [(BinanceCapture, BinanceCaptureConfig(files=files))]


@pytest.mark.parametrize("content", [b"date,open,high,low,close,volume\n", b"FEA1\0\0", b"1672531200000,1,1,1,1,1\n"])
def test_a_file_of_bars_is_a_feed_of_bars(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bars"
    path.write_bytes(content)
    assert feeds_for_files([str(path)]) == [(OhlcvFeed, OhlcvConfig(file=str(path)))]


def test_unknown_empty_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("hello\n")
    (tmp_path / "empty").write_text("")
    for name, why in (
        ("note", "expected recorded Binance streams"),
        ("empty", "expected recorded Binance streams.*, tables .*; found an empty file"),
        ("none", "No such file"),
    ):
        with pytest.raises(DataError, match=why):
            feeds_for_files([str(tmp_path / name)])


def test_every_file_is_a_feed_and_captures_are_one_together(tmp_path: Path) -> None:
    bars = tmp_path / "bars"
    bars.write_text("date,open,high,low,close,volume\n")
    first, second = (written(tmp_path / name, spot_trade(1, "1", "1", False)) for name in ("a.gz", "b.gz"))
    assert feeds_for_files([str(bars), first, second]) == [
        (OhlcvFeed, OhlcvConfig(file=str(bars))),
        (BinanceCapture, BinanceCaptureConfig(files=(first, second))),
    ]


def test_no_file_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="expected files"):
        feeds_for_files([])


def test_a_pipe_is_refused_as_files_are_read_more_than_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="found a pipe"):
        feeds_for_files([str(tmp_path / "pipe")])
