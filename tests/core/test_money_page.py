"""What docs/money.md shows of desk files is what desk files take."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from letrade import assemble
from tests.tree import ROOT

PAGE = (ROOT / "docs" / "money.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
BASE = """
[[venue]]
name = "binance"
[[venue]]
name = "bybit"
[[account]]
name = "binance"
venue = "binance"
[[account]]
name = "bybit"
venue = "bybit"
"""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split()[0])
def test_each_part_of_a_desk_file_on_the_page_is_one(tmp_path: Path, block: str) -> None:
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "block.toml").write_text(block)
    assemble([tmp_path / "base.toml", tmp_path / "block.toml"], {})


def test_the_page_shows_all_four() -> None:
    assert len(BLOCKS) == 4
