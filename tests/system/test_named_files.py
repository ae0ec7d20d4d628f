"""`--data bybit=FILE`: recorded files of several venues whose names do not say which."""

from __future__ import annotations

from pathlib import Path

import pytest

from letrade import assemble
from letrade.core.errors import UsageError
from letrade.named_files import keys_of_files, named_file

BARS = "date,open,high,low,close,volume\n2025-06-22 00:00:00+00:00,1,2,1,2,5\n"


def test_a_word_before_the_path_names_the_venue_and_one_with_a_dot_the_instrument(tmp_path: Path) -> None:
    assert named_file("bybit=a/b.csv") == ("a/b.csv", {"venue": "bybit"})
    wanted = {"venue": "bybit", "instrument": "bybit.BTC-USDT_USDT"}
    assert named_file("bybit.BTC-USDT_USDT=b.csv") == ("b.csv", wanted)
    assert named_file("a/b.csv") == ("a/b.csv", {})
    assert named_file("catalogue:binance.BTC-USDT.bars") == ("catalogue:binance.BTC-USDT.bars", {})
    odd = tmp_path / "x=y.csv"
    odd.write_text(BARS)
    assert named_file(str(odd)) == (str(odd), {})


def test_one_file_cannot_be_of_two_venues() -> None:
    with pytest.raises(UsageError, match="two"):
        keys_of_files([named_file("bybit=b.csv"), named_file("binance=b.csv")])


def test_files_of_one_name_are_the_markets_of_several_venues(tmp_path: Path) -> None:
    files = []
    for venue in ("binance", "bybit"):
        (tmp_path / venue).mkdir()
        file = tmp_path / venue / "BTC_USDT_USDT-1h-futures.csv"
        file.write_text(BARS)
        files.append(f"{venue}={file}")
    desk = tmp_path / "desk.toml"
    desk.write_text('[desk]\nname = "two"\n')
    feeds = assemble(str(desk), {}, data_files=files).feeds
    assert [feed.config.venue for feed in feeds] == ["binance", "bybit"]  # type: ignore[attr-defined]
