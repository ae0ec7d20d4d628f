"""The page about margin is what the command prints today."""

from __future__ import annotations

import re

from letrade.commands.margin import margin as command
from tests.data import ROOT, shared_data
from tests.margin.programs import BTC, margin

PAGE = (ROOT / "docs" / "margin.md").read_text()


def test_the_example_is_what_is_printed() -> None:
    assert "\n".join(line.rstrip() for line in margin(*BTC).output.splitlines()) in PAGE


def test_every_mode_is_told_with_its_source() -> None:
    missing = [line for line in margin("modes").output.splitlines() if line not in PAGE]
    assert missing == [], "paste what `letrade margin modes` prints"


def test_the_table_of_errors_is_that_of_the_cases() -> None:
    output = margin("--cases", shared_data("golden/liquidation_cases.json")).output
    missing = [line for line in output.splitlines() if line.startswith("|") and line not in PAGE]
    assert missing == [], "paste what `letrade margin --cases` prints"


def test_every_option_is_told() -> None:
    options = [option for each in command.params for option in each.opts]
    assert [option for option in options if not re.search(rf"{option}\b", PAGE)] == []
