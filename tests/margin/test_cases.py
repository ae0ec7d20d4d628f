"""`letrade margin --cases`: what each case gives, how it is compared, and which ones decide the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data import shared_data
from tests.margin.programs import Ran, margin

CASE = {
    "id": "a", "exchange": "binance", "contract": "linear", "margin_mode": "isolated", "symbol": "BTC/USDT:USDT",
    "side": "long", "entry_price": 60000, "amount": 0.5, "leverage": 10, "wallet_balance": 3000, "mm_rate": 0.004,
    "maint_amount": 0, "other_positions": [],
}  # fmt: skip
PRICE = 27_000 / 0.498
GOLDEN = "golden/liquidation_cases.json"
TIERS = [
    {"minNotional": 0, "maxNotional": 20000, "maintenanceMarginRate": 0.004, "maxLeverage": 125},
    {"minNotional": 20000, "maxNotional": 600000, "maintenanceMarginRate": 0.01, "maxLeverage": 100},
]


def run(folder: Path, *cases: dict[str, Any], words: tuple[str | Path, ...] = ("--json",)) -> Ran:
    path = folder / "cases.json"
    path.write_text(json.dumps(cases))
    return margin("--cases", path, *words)


def expecting(price: float | None, **others: Any) -> dict[str, Any]:
    return {**CASE, "expected_liquidation_price": price, "tolerance": {"rel": 1e-6}, **others}


def test_a_case_without_expectation_gives_its_price(tmp_path: Path) -> None:
    ran = run(tmp_path, CASE)
    (line,) = ran.lines
    assert (ran.code, line["id"], line["within"]) == (0, "a", None)
    assert line["got"] == pytest.approx(PRICE)
    assert line["tier"]["rate"] == 0.004


def test_errors_are_told_absolute_and_relative(tmp_path: Path) -> None:
    (line,) = run(tmp_path, expecting(54_000, tolerance={"abs": 300})).lines
    assert line["error_absolute"] == pytest.approx(PRICE - 54_000)
    assert line["error_relative"] == pytest.approx(PRICE / 54_000 - 1)
    assert line["within"] is True


def test_a_case_that_differs_ends_with_code_7(tmp_path: Path) -> None:
    assert run(tmp_path, expecting(PRICE), expecting(PRICE * 1.001, id="b")).code == 7
    assert run(tmp_path, expecting(PRICE)).code == 0


def test_what_a_bots_own_test_expects_does_not_decide(tmp_path: Path) -> None:
    ran = run(tmp_path, expecting(PRICE), expecting(1, id="b", oracle="bot-unit-test"))
    assert ran.code == 0
    assert [(line["within"], line["counts"]) for line in ran.lines] == [(True, True), (False, False)]
    told = json.loads(ran.errors)
    assert (told["decides"]["within"], told["beside"]["within"], told["failed"]) == (1, 0, [])


def test_null_is_an_expectation_only_where_others_say_prices(tmp_path: Path) -> None:
    ran = run(tmp_path, expecting(None), expecting(PRICE, id="b"))
    assert (ran.code, ran.lines[0]["within"]) == (7, False)
    alone = run(tmp_path, expecting(None))
    assert (alone.code, alone.lines[0]["within"]) == (0, None)


def test_no_price_has_its_reason(tmp_path: Path) -> None:
    spot, rich = run(tmp_path, {**CASE, "contract": "spot"}, {**CASE, "id": "b", "wallet_balance": 40000}).lines
    assert (spot["got"], "spot" in spot["why"]) == (None, True)
    (mode,) = run(tmp_path, {**CASE, "margin_mode": "spot"}).lines
    assert mode == spot
    assert rich["got"] is None
    assert rich["why"]


def test_without_a_rate_the_tiers_come_from_the_file_by_symbol_and_notional(tmp_path: Path) -> None:
    tiers = tmp_path / "tiers.json"
    tiers.write_text(json.dumps({"BTC/USDT:USDT": TIERS, "ETH/USDT:USDT": TIERS}))
    bare = {name: value for name, value in CASE.items() if not name.startswith(("mm_", "maint_"))}
    other = {"symbol": "ETH/USDT:USDT", "side": "short", "entry_price": 3000, "amount": 1, "mark_price": 3100}
    cross = {**bare, "id": "b", "margin_mode": "cross", "other_positions": [other]}
    first, second = run(tmp_path, bare, cross, words=("--tiers", tiers, "--json")).lines
    assert first["got"] == pytest.approx((3_000 + 120 - 30_000) / (0.5 * 0.01 - 0.5))
    assert first["tier"]["number"] == 2
    assert second["got"] == pytest.approx((3_000 + 120 - 30_000 - 100 - 3_100 * 0.004) / (0.5 * 0.01 - 0.5))


def test_a_refused_case_does_not_keep_the_others_from_being_run(tmp_path: Path) -> None:
    cases = [{**CASE, "mark_price": "NaN"}, {**CASE, "id": "b", "exchange": "nowhere"}, {**CASE, "id": "c"}]
    ran = run(tmp_path, *cases)
    assert ran.code == 6
    assert ["finite" in (ran.lines[0]["refused"] or ""), "known: binance" in (ran.lines[1]["refused"] or "")] == [
        True
    ] * 2
    assert ran.lines[2]["got"] == pytest.approx(PRICE)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": None}, {"side": "up"}, {"entry_price": -1}, {"tolerance": 5}, {"tolerance": {"abs": "x"}},
        {"wallet_balance": -1}, {"other_positions": [1]}, {"other_positions": [{"side": "long"}]}, {"contract": "odd"},
        {"margin_mode": "odd"}, {"symbol": "DOGE/USDT:USDT", "mm_rate": None}, {"date": "yesterday"},
        {"exchange": "kucoin", "margin_mode": "cross"}, {"margin_mode": "cross", "wallet_balance": None},
        {"mark_price": 0}, {"max_leverage": 0}, {"maint_amount": -50}, {"maint_amount": 99999},
        {"liquidation_buffer": 5},
        {"liquidation_buffer": -1}, {"symbol": None}, {"amount": 0}, {"entry_price": "1e99999999999999999999"},
        {"other_positions": [{"side": "long", "entry_price": 1, "amount": 1, "mark_price": 0}]},
        {"contract": "inverse", "symbol": "BTC/USD:BTC", "entry_price": 0, "wallet_balance_is": "equity"},
    ],
)  # fmt: skip
def test_a_faulty_case_is_refused_with_code_6(tmp_path: Path, change: dict[str, Any]) -> None:
    ran = run(tmp_path, {**expecting(PRICE), **change})
    assert (ran.code, ran.lines[0]["got"]) == (6, None)
    assert ran.lines[0]["refused"]


@pytest.mark.parametrize("row", [5, "a", None, [1]])
def test_a_row_that_is_no_table_is_refused_alone(tmp_path: Path, row: object) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([CASE, row, {**CASE, "id": "b"}]))
    ran = margin("--cases", path, "--json")
    assert (ran.code, [line["id"] for line in ran.lines]) == (6, ["a", "row 2", "b"])
    assert [line["got"] for line in ran.lines] == [pytest.approx(PRICE), None, pytest.approx(PRICE)]
    assert "row 2: expected a table with named values" in ran.lines[1]["refused"]


def test_a_file_that_holds_other_rows_too_is_not_recorded_into(tmp_path: Path) -> None:
    path, log = tmp_path / "cases.json", tmp_path / "log"
    path.write_text(json.dumps([CASE, 5]))
    log.write_text("")
    assert margin("--record", path, "--events", log).code == 6


@pytest.mark.parametrize("text", ["", "[]", "[1]", '[{"exchange": "binance"}]', '[{"id": "a"}, {"id": "a"}]', "{"])
def test_what_is_no_file_of_cases_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text)
    assert margin("--cases", path).code == 6


@pytest.mark.parametrize("literal", ["1" * 5_000, "1e99999999999999999999"])
def test_a_number_that_python_does_not_read_refuses_its_case_alone(tmp_path: Path, literal: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([{**CASE, "entry_price": 7}, {**CASE, "id": "b"}]).replace(" 7,", f" {literal},"))
    ran = margin("--cases", path, "--json")
    assert (ran.code, [line["refused"] is None for line in ran.lines]) == (6, [False, True])
    assert len(ran.lines[0]["refused"]) < 300


def test_what_a_case_leaves_out_and_is_assumed_is_told(tmp_path: Path) -> None:
    bare = {**CASE, "wallet_balance": None, "margin_mode": None}
    (line,) = run(tmp_path, bare).lines
    assert line["got"] == pytest.approx(PRICE)
    assert any("wallet_balance" in note and "leverage" in note for note in line["notes"])
    assert any("margin_mode" in note and "isolated" in note for note in line["notes"])


def test_names_that_nobody_reads_are_told(tmp_path: Path) -> None:
    assert "mark_prise" in run(tmp_path, {**CASE, "mark_prise": 5}, words=()).errors


def test_rules_are_those_of_the_cases_day(tmp_path: Path) -> None:
    old = {**CASE, "exchange": "bybit"}
    first, second, third = run(tmp_path, old, {**old, "id": "b", "date": "2026-06-01"}, {**old, "id": "c"}).lines
    assert (first["mode"], second["mode"], third["mode"]) == (
        "bybit isolated",
        "bybit unified_isolated",
        "bybit isolated",
    )
    assert first["got"] == 60_000 - (6_000 - 240)
    (later,) = run(tmp_path, old, words=("--date", "2026-06-01", "--json")).lines
    assert later["mode"] == "bybit unified_isolated"


def test_a_case_without_date_of_a_younger_mode_is_run_by_its_first_rules(tmp_path: Path) -> None:
    (line,) = run(tmp_path, {**CASE, "exchange": "gate", "margin_mode": "cross", "fee_rate": 0.0005}).lines
    assert (line["mode"], line["rules_of"]) == ("gate cross", "2025-07-29")
    assert line["got"] == pytest.approx((60_000 - 6_000) / (1 - 0.0045))


@pytest.mark.parametrize(("given", "dated"), [(("2024-10", "2026-09"), "2024-10-01"), (("2026-09",), "2026-09-01")])
def test_a_case_without_date_has_the_tiers_of_its_rules_day_or_a_note(
    tmp_path: Path, given: tuple[str, ...], dated: str
) -> None:
    folder = tmp_path / "tiers"
    folder.mkdir()
    for name in given:
        (folder / f"tiers-{name}.json").write_text(json.dumps({"BTC/USDT:USDT": TIERS}))
    (line,) = run(tmp_path, {**CASE, "mm_rate": None}, words=("--tiers", folder, "--json")).lines
    assert line["rules_of"] == "2024-10-01"
    assert dated in line["tier"]["from"]
    assert any("2026-09-01" in note and "no date" in note for note in line["notes"]) is (dated != "2024-10-01")
    (late,) = run(tmp_path, {**CASE, "mm_rate": None, "date": "2024-01-01"}, words=("--tiers", folder, "--json")).lines
    assert "2024-01-01" in late["refused"]


def test_built_in_tiers_under_older_rules_are_told(tmp_path: Path) -> None:
    (line,) = run(tmp_path, {**CASE, "mm_rate": None}).lines
    assert line["tier"]["from"] == "built-in of 2025-08-19"
    assert any("2025-08-19" in note and "no date" in note for note in line["notes"])
    assert run(tmp_path, {**CASE, "mm_rate": None}, words=("--date", "2024-10-01", "--json")).code == 6


def test_a_closing_fee_that_a_case_leaves_out_is_a_new_accounts_as_for_one_position(tmp_path: Path) -> None:
    gate = {**CASE, "exchange": "gate"}
    (line,) = run(tmp_path, gate).lines
    assert line["got"] == pytest.approx((60_000 - 6_000) / (1 - 0.0045))
    assert any("closing fee" in note and "0.05" in note for note in line["notes"])
    (told,) = run(tmp_path, {**gate, "fee_rate": 0}).lines
    assert (told["got"], told["notes"]) == (pytest.approx((60_000 - 6_000) / (1 - 0.004)), [])


def test_tiers_of_a_file_that_names_no_venue_are_told_of_each_case(tmp_path: Path) -> None:
    tiers = tmp_path / "tiers.json"
    tiers.write_text(json.dumps({"BTC/USDT:USDT": TIERS}))
    (line,) = run(tmp_path, {**CASE, "mm_rate": None}, words=("--tiers", tiers, "--json")).lines
    assert any("names no venue" in note for note in line["notes"])


def test_a_person_gets_the_notes_of_every_case(tmp_path: Path) -> None:
    bare = {**CASE, "wallet_balance": None}
    for case in (bare, {**bare, **expecting(PRICE), "wallet_balance": None}, {**expecting(1), "wallet_balance": None}):
        assert "wallet_balance is not said" in run(tmp_path, case, words=()).output
    bot = expecting(PRICE, exchange="(bot)", formula="binance_linear", oracle="bot-unit-test")
    assert "its formula, binance_linear, names it" in run(tmp_path, bot, words=()).output


def test_what_is_to_be_known_of_a_cases_rules_stands_in_its_line(tmp_path: Path) -> None:
    gate, binance = run(tmp_path, {**CASE, "exchange": "gate"}, {**CASE, "id": "b"}).lines
    assert "trader chose the tier" in gate["rules_note"]
    assert binance["rules_note"] is None


def test_positions_of_another_settle_currency_are_of_another_wallet(tmp_path: Path) -> None:
    other = {"symbol": "ETH/USDC:USDC", "side": "long", "entry_price": 3000, "amount": 10, "mark_price": 3500}
    cross = {**CASE, "margin_mode": "cross", "other_positions": [{**other, "mm_rate": 0.004}]}
    (line,) = run(tmp_path, cross).lines
    assert line["got"] == pytest.approx(PRICE)
    assert any("ETH/USDC:USDC" in note and "another wallet" in note for note in line["notes"])
    inverse = {**other, "symbol": "ETH/USD:ETH", "mm_rate": 0.004}
    (line,) = run(tmp_path, {**cross, "other_positions": [inverse]}).lines
    assert line["got"] == pytest.approx(PRICE)
    (line,) = run(tmp_path, {**cross, "exchange": "bybit", "date": "2026-06-01"}).lines
    assert "settles in USDC" in line["refused"]


def test_where_a_case_itself_decides_the_rules_its_notes_say_so(tmp_path: Path) -> None:
    fee = {**CASE, "formula_args": {"fee_rate": 0.0006}}
    bot = {**CASE, "id": "b", "exchange": "(bot)", "formula": "bybit_linear"}
    first, second = run(tmp_path, fee, bot).lines
    assert any("formula_args" in note and "fee_rate" in note for note in first["notes"])
    assert any("its formula, bybit_linear," in note and "bybit's rules" in note for note in second["notes"])


def test_two_legs_of_one_symbol_move_together_and_have_one_table(tmp_path: Path) -> None:
    leg = {name: CASE[name] for name in ("symbol", "entry_price", "amount", "mm_rate")}
    other = {**leg, "side": "short", "mark_price": 60000}
    cross = {**CASE, "margin_mode": "cross", "amount": 0.5, "wallet_balance": 2500, "other_positions": [other]}
    (line,) = run(tmp_path, cross).lines
    assert line["got"] == pytest.approx(625_000)
    (odd,) = run(tmp_path, {**cross, "other_positions": [{**other, "mm_rate": 0.01}]}).lines
    assert "different rates" in odd["refused"]


@pytest.mark.parametrize("exchange", ["okx", "bybit", "gate", "bitget", "hyperliquid", "binance"])
def test_cross_cases_of_every_venue_that_has_them_are_run(tmp_path: Path, exchange: str) -> None:
    for contract, symbol in (("linear", "BTC/USDT:USDT"), ("inverse", "BTC/USD:BTC")):
        case = {**CASE, "exchange": exchange, "margin_mode": "cross", "contract": contract, "symbol": symbol}
        wallet = {"amount": 1000, "contract_size": 10, "wallet_balance": "0.02"} if contract == "inverse" else {}
        (line,) = run(tmp_path, {**case, **wallet}).lines
        if (exchange, contract) in (("hyperliquid", "inverse"), ("bybit", "inverse")):
            assert ("not modelled" if exchange == "hyperliquid" else "--collateral") in line["refused"]
        else:
            assert line["refused"] is None
            assert 40_000 < line["got"] < 60_000


def test_a_person_gets_a_table_of_errors_by_exchange(tmp_path: Path) -> None:
    ran = run(tmp_path, expecting(PRICE), expecting(1, id="b", oracle="bot-unit-test"), words=())
    assert "| binance" in ran.output
    assert "b: differs, and does not count" in ran.output
    assert "1 of 1 cases that decide are within" in ran.output


def test_all_that_venues_returned_or_published_comes_out_of_their_rules() -> None:
    ran = margin("--cases", shared_data(GOLDEN), "--json")
    assert ran.code == 0, ran.errors
    told = json.loads(ran.errors)
    assert (told["decides"]["cases"], told["decides"]["within"], told["refused"]) == (32, 32, [])
    assert [line["id"] for line in ran.lines] == [case["id"] for case in json.loads(shared_data(GOLDEN).read_text())]


def test_where_bots_differ_it_is_the_amount_of_a_tier_that_they_leave_out() -> None:
    """freqtrade's tests of Bybit give a maintenance amount of 0.01 and then do not deduct it."""
    lines = margin("--cases", shared_data(GOLDEN), "--json").lines
    differing = [line for line in lines if line["within"] is False]
    assert {line["exchange"] for line in differing} == {"bybit"}
    assert all(line["error_absolute"] == pytest.approx(0.01) for line in differing)


@pytest.mark.parametrize(
    "words",
    [("--venue", "binance"), ("--mode", "isolated"), ("--fee", "0.1"), ("--hedge",), ("--mark", "5"),
     ("--wallet", "5")],
)  # fmt: skip
def test_options_that_cases_and_records_do_not_hear_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert run(tmp_path, CASE).code == 0
    for first in (("--cases", tmp_path / "cases.json"), ("--record", tmp_path / "new.json", "--events", tmp_path)):
        ran = margin(*first, *words)
        assert (ran.code, ran.errors.startswith(f"letrade: {words[0]}: would not be heard")) == (2, True)
    assert margin(*words, "modes").code == 2
    assert not (tmp_path / "new.json").exists()
