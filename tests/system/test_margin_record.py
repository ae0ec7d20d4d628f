"""From a desk whose venue liquidates by other rules than its monitor knows to a file of cases that can be run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.system.programs import Desk, letrade

PACKAGED = Path(__file__).parents[2] / "desks" / "futures.toml"


def test_what_a_desk_found_to_differ_is_kept_as_cases_that_give_its_own_price(tmp_path: Path) -> None:
    """The venue liquidates as Binance does, and the monitor is told that it is OKX: they differ by the closing fee."""
    text = PACKAGED.read_text().replace('speed = "live"', 'speed = "max"')
    file = tmp_path / "desk.toml"
    file.write_text(f'{text}rules = "okx"\ntolerance = "0.000001"\n')
    desk = Desk(tmp_path, file, "--for", "4s")
    desk.start()
    desk.wait()
    cases, others = tmp_path / "cases.json", tmp_path / "others.json"
    told = letrade("margin", "--record", cases, "--events", desk.data, "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["added"] > 0
    from_log = letrade("margin", "--record", others, "--events", desk.output, "--json")
    assert from_log.returncode == 0, from_log.stderr
    kept = {case["id"]: case for case in json.loads(cases.read_text())}
    assert {case["id"]: case for case in json.loads(others.read_text())}.items() <= kept.items()
    ran = letrade("margin", "--cases", cases, "--json")
    assert ran.returncode == 7, ran.stderr
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(rows) == len(kept)
    for row in rows:
        case = kept[row["id"]]
        side = 1 if case["side"] == "long" else -1
        ours = (case["entry_price"] - side * case["wallet_balance"] / case["amount"]) / (1 - side * (0.004 + 0.0005))
        assert row["got"] == pytest.approx(ours, rel=1e-9)
        assert row["error_relative"] == pytest.approx(0.0005, rel=0.1)
