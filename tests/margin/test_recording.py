"""`letrade margin --record`: cases out of what a monitor said, kept once, refused where they cannot be run."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from letrade.core.errors import DataError
from letrade.margin.recording import MARK, cases_in, record
from tests.margin.programs import margin

CASE: dict[str, Any] = {
    "id": "main-paper.BTC-USDT_USDT-1", "oracle": "exchange", "exchange": "binance", "contract": "linear",
    "margin_mode": "isolated", "symbol": "BTC/USDT:USDT", "side": "long", "entry_price": 60000.0, "amount": 1.0,
    "leverage": 10.0, "wallet_balance": 6000.0, "date": "2026-01-01", "expected_liquidation_price": 40000.0,
    "tiers": [
        {"floor": 0.0, "cap": 50000.0, "rate": 0.004}, {"floor": 50000.0, "cap": 500000.0, "rate": 0.005},
        {"floor": 500000.0, "rate": 0.01},
    ],
}  # fmt: skip


def said(case: dict[str, Any] = CASE) -> str:
    return f"liquidation price: ours 54,221.1, the venue's 40,000.0; {MARK}{json.dumps(case)}"


def test_a_case_is_found_in_a_text_a_log_line_and_a_line_of_json() -> None:
    lines = ["nothing", said(), f"2026-01-01 warning {said()} and more", json.dumps({"alerts": [{"text": said()}]})]
    assert list(cases_in(lines)) == [CASE, CASE, CASE]


def test_a_recorded_case_runs_with_its_own_tiers(tmp_path: Path) -> None:
    """(6,000 + 50 − 60,000) / (0.005 − 1), in the second tier, whose amount is 50."""
    file = tmp_path / "cases.json"
    log = tmp_path / "desk.log"
    log.write_text(f"started\n{said()}\n{said(CASE | {'id': 'second', 'amount': 0.5, 'wallet_balance': 3000.0})}\n")
    told = margin("--record", file, "--events", log, "--json")
    assert told.answer == {"file": str(file), "added": 2, "known": 0}
    ran = margin("--cases", file, "--json")
    assert ran.code == 7, "both differ from the venue's word"
    assert [line["got"] for line in ran.lines] == pytest.approx([53_950 / 0.995, 27_000 / 0.498])
    assert [line["tier"]["from"] for line in ran.lines] == ["the case's own tiers"] * 2


def test_what_the_file_has_stays_and_is_not_doubled(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    assert record([CASE, CASE], file) == (1, 1)
    assert record([CASE, CASE | {"id": "other"}], file) == (1, 1)
    assert [case["id"] for case in json.loads(file.read_text())] == [CASE["id"], "other"]
    before = file.read_bytes()
    assert record([CASE], file) == (0, 1)
    assert file.read_bytes() == before


def test_another_case_of_the_same_id_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    record([CASE], file)
    before = file.read_bytes()
    with pytest.raises(DataError, match="another case of the id"):
        record([CASE | {"id": "new"}, CASE | {"amount": 2.0}], file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [({"amount": 0}, "amount"), ({"side": "up"}, "side"), ({"tiers": [{"floor": 0}]}, "rate"), ({"tiers": 5}, "tiers")],
)
def test_a_case_that_cannot_be_run_is_refused_with_the_reason(tmp_path: Path, changed: Any, wanted: str) -> None:
    with pytest.raises(DataError, match=wanted):
        record([CASE | changed], tmp_path / "cases.json")


def test_what_is_no_case_is_said_with_its_line(tmp_path: Path) -> None:
    log = tmp_path / "desk.log"
    log.write_text(f"fine\n{MARK}{{broken\n")
    told = margin("--record", tmp_path / "cases.json", "--events", log)
    assert told.code == 6
    assert "line 2" in told.errors


def test_standard_input_is_read_where_no_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(said() + "\n"))
    told = margin("--record", tmp_path / "cases.json")
    assert (told.code, told.output) == (0, f"{tmp_path / 'cases.json'}: 1 cases added, 0 known before\n")


def test_a_folder_that_is_no_desks_is_refused(tmp_path: Path) -> None:
    told = margin("--record", tmp_path / "cases.json", "--events", tmp_path)
    assert told.code == 3
    assert "holds no journal" in told.errors


def test_words_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    record([CASE], file)
    assert margin("--events", file).code == 2
    assert margin("--record", file, "--cases", file).code == 2


def test_what_the_file_has_stays_to_the_letter(tmp_path: Path) -> None:
    """Digits that no double holds, and how it was written."""
    file = tmp_path / "cases.json"
    own = json.dumps(CASE | {"id": "own"}).replace("60000.0", "60000.123456789012345678")
    file.write_text(f"[ {own} ]\n")
    assert tuple(record([CASE], file)) == (1, 0)
    assert file.read_text() == f"[ {own},\n{json.dumps(CASE)}\n]\n"
    assert tuple(record([CASE], file)) == (0, 1)


@pytest.mark.parametrize("name", ["cases.csv", "cases.toml", "cases.json"])
def test_a_file_that_is_no_list_of_json_is_not_recorded_into(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    before = json.dumps({"note": "of mine", "cases": [CASE]})
    file.write_text(before)
    with pytest.raises(DataError, match=r"JSON|list"):
        record([CASE | {"id": "new"}], file)
    assert file.read_text() == before
    with pytest.raises(DataError, match="JSON"):
        record([CASE], tmp_path / "new.csv")
