"""`letrade margin` of several positions: files of every form, cross accounts, collateral, orders, hedge mode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.margin.programs import Ran, margin, refused

CROSS = ("--venue", "binance", "--mode", "cross")
BTC_SHORT = {"symbol": "BTC/USDT:USDT", "side": "short", "size": 1, "entry": 60000, "mark": 66000, "leverage": 10}
ETH_LONG = {"symbol": "ETH/USDT:USDT", "side": "long", "size": 2, "entry": 3000, "mark": 3000, "leverage": 10}
RATE = {"rate": 0.004}


def written(path: Path, rows: Any) -> Path:
    path.write_text(json.dumps(rows))
    return path


def run(folder: Path, rows: Any, *words: str | Path) -> Ran:
    return margin(*CROSS, "--wallet", "12000", "--positions", written(folder / "p.json", rows), *words)


def test_json_toml_and_csv_say_the_same(tmp_path: Path) -> None:
    table = tmp_path / "p.csv"
    table.write_text(
        "symbol,side,amount,entry_price,mark_price,leverage\n"
        "BTC/USDT:USDT,short,1,60000,66000,10\nETH/USDT:USDT,long,2,3000,3000,10\n"
    )
    words = tmp_path / "p.toml"
    row = '[[position]]\nsymbol = "{symbol}"\nside = "{side}"\nsize = {size}\nentry = {entry}\nmark = {mark}\n'
    row += "leverage = {leverage}\n"
    words.write_text(row.format(**BTC_SHORT) + row.format(**ETH_LONG))
    told = [run(tmp_path, [BTC_SHORT, ETH_LONG], "--json").answer]
    told += [margin(*CROSS, "--wallet", "12000", "--positions", file, "--json").answer for file in (table, words)]
    assert told[0] == told[1] == told[2]


def test_another_positions_loss_counts_with_its_sign(tmp_path: Path) -> None:
    first, second = run(tmp_path, [ETH_LONG | RATE, BTC_SHORT | RATE], "--json").answer["positions"]
    others = -6_000 - 66_000 * 0.004
    assert first["liquidation_price"] == pytest.approx((12_000 + others - 6_000) / (2 * 0.004 - 2))
    assert second["liquidation_price"] == pytest.approx((12_000 - 24 + 60_000) / 1.004)


def test_the_nearest_common_move_is_told_for_the_account(tmp_path: Path) -> None:
    answer = run(tmp_path, [BTC_SHORT | RATE], "--json").answer
    (unit,) = answer["units"]
    assert unit["equity"] == 6_000
    assert unit["common_move_percent"] == pytest.approx(100 * (72_000 / 1.004 / 66_000 - 1))


def test_a_flat_hedged_book_is_liquidated_far_away(tmp_path: Path) -> None:
    legs = [{**BTC_SHORT, **RATE, "side": side, "mark": 60000} for side in ("long", "short")]
    path = written(tmp_path / "p.json", legs)
    assert refused(*CROSS, "--wallet", "5000", "--positions", path).code == 2
    answer = margin(*CROSS, "--wallet", "5000", "--hedge", "--positions", path, "--json").answer
    assert answer["liquidation_price"] == pytest.approx(625_000)


def test_positions_as_ccxt_tells_them_are_understood(tmp_path: Path) -> None:
    told = {
        "info": {"symbol": "BTCUSDT"}, "id": None, "symbol": "BTC/USDT:USDT", "timestamp": 1, "datetime": "x",
        "contracts": 0.5, "contractSize": 1, "side": "long", "notional": 30000, "leverage": 10, "unrealizedPnl": 0.0,
        "collateral": 3000.0, "entryPrice": 60000.0, "markPrice": 60000.0, "liquidationPrice": 54216.86,
        "marginMode": "isolated", "hedged": False, "maintenanceMargin": 120.0, "marginRatio": 0.04,
    }  # fmt: skip
    path = written(tmp_path / "p.json", [told])
    answer = margin("--venue", "binance", "--positions", path, "--json").answer
    assert answer["mode"] == "usdm_isolated"
    assert answer["liquidation_price"] == pytest.approx(54_216.8674698795)


def ccxt_position(**others: Any) -> dict[str, Any]:
    return {
        "info": {}, "symbol": "BTC/USDT:USDT", "contracts": 0.5, "contractSize": 1, "side": "long", "leverage": 10,
        "unrealizedPnl": 500, "collateral": 8500.0, "entryPrice": 60000.0, "markPrice": 61000.0,
        "marginMode": "isolated", **others,
    }  # fmt: skip


def test_the_collateral_that_ccxt_tells_of_an_isolated_position_is_its_margin_and_its_gains(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", [ccxt_position()])
    answer = margin("--venue", "binance", "--positions", path, "--json").answer
    assert answer["bankruptcy_price"] == 60_000 - 8_000 / 0.5
    assert any("8,000" in note and "collateral" in note for note in answer["notes"])


def test_collateral_that_may_or_may_not_hold_gains_is_not_used_and_a_note_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", [ccxt_position(mm_rate=0.005)])
    answer = margin("--venue", "gate", "--fee", "0", "--positions", path, "--json").answer
    assert answer["bankruptcy_price"] == 54_000
    assert any("8,500" in note and "not used" in note for note in answer["notes"])


def test_the_isolated_wallet_that_ccxt_tells_is_the_margin(tmp_path: Path) -> None:
    told = ccxt_position(positionMargin=7000, exitPrice=None, collateral=7500)
    path = written(tmp_path / "p.json", [told])
    assert (
        margin("--venue", "binance", "--positions", path, "--json").answer["bankruptcy_price"] == 60_000 - 7_000 / 0.5
    )
    path = written(tmp_path / "p.json", [{**told, "mm_rate": 0.005}])
    answer = margin("--venue", "gate", "--fee", "0", "--positions", path, "--json").answer
    assert answer["bankruptcy_price"] == 54_000
    assert any("7,500" in note and "not used" in note for note in answer["notes"])


def test_collateral_of_nothing_is_what_ccxt_says_where_it_knows_none(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", [ccxt_position(collateral=0)])
    assert margin("--venue", "binance", "--positions", path, "--json").answer["bankruptcy_price"] == 54_000


def test_isolated_and_cross_positions_may_stand_in_one_file(tmp_path: Path) -> None:
    answer = run(tmp_path, [BTC_SHORT, {**ETH_LONG, "mode": "isolated"}], "--json").answer
    assert [each["mode"] for each in answer["positions"]] == ["usdm_cross", "usdm_isolated"]
    assert [unit["name"] for unit in answer["units"]] == ["USDT", "ETH/USDT:USDT long"]


def test_collateral_counts_with_index_and_haircut(tmp_path: Path) -> None:
    collateral = written(
        tmp_path / "c.json",
        [
            {"currency": "USDT", "balance": 10000, "index": 1, "haircut": 0},
            {"currency": "BTC", "balance": "0.1", "index": 60000, "haircut": "0.05"},
        ],
    )
    path = written(tmp_path / "p.json", [ETH_LONG])
    words = ("--venue", "binance", "--mode", "multi-assets", "--positions", path, "--collateral", collateral, "--json")
    (unit,) = margin(*words).answer["units"]
    assert (unit["currency"], unit["equity"]) == ("USD", pytest.approx(15_700))


def test_open_orders_need_margin(tmp_path: Path) -> None:
    orders = tmp_path / "o.csv"
    orders.write_text(
        "symbol,side,size,price,reduce_only\nETH/USDT:USDT,buy,1,2900,false\nETH/USDT:USDT,sell,2,3100,true\n"
    )
    without, with_orders = (
        run(tmp_path, [ETH_LONG], *words, "--json").answer["units"][0]["initial_margin"]
        for words in ((), ("--orders", orders))
    )
    assert (without, with_orders) == (600, 890)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**BTC_SHORT, "entri": 1}, 'did you mean "entry"?'),
        ({**BTC_SHORT, "mark": "NaN"}, "mark: expected a finite number"),
        ({**BTC_SHORT, "mark": float("nan")}, "mark: expected a finite number"),
        ({**BTC_SHORT, "side": "sideways"}, "long or short"),
        ({**BTC_SHORT, "size": None}, "size is missing"),
        ({**BTC_SHORT, "size": True}, "expected a number"),
        ({**BTC_SHORT, "entry": -5}, "above 0"),
        ({**BTC_SHORT, "entry": 0, "mark": None}, "row 2: entry: expected a number above 0"),
        ({**BTC_SHORT, "mark": 0}, "row 2: mark: expected a number above 0"),
        ({**BTC_SHORT, "size": 0}, "row 2: size: expected a number above 0"),
        ({**BTC_SHORT, "entry": int("1" * 100)}, "row 2: entry: expected at most 40 digits"),
        ({**BTC_SHORT, "side": None}, "row 2: side is missing"),
        ({**BTC_SHORT, "symbol": "BTC/USDT"}, "BTC/USDT:USDT"),
        ({**BTC_SHORT, "symbol": "btc/usdt:usdt"}, 'did you mean "BTC/USDT:USDT"?'),
        ({**BTC_SHORT, "symbol": "BTCUSDT"}, 'did you mean "BTC/USDT:USDT"?'),
        ({**BTC_SHORT, "symbol": "BTC/USD"}, "BTC/USD:BTC"),
        ({**BTC_SHORT, "symbol": "BTC/USD:ETH"}, "third currency"),
        ({**BTC_SHORT, "amount": 2}, "said twice"),
        ({**BTC_SHORT, "margin": 5}, "no margin of its own"),
        (7, "expected a table"),
    ],
)
def test_a_faulty_position_is_refused_and_the_row_named(tmp_path: Path, row: Any, reason: str) -> None:
    path = written(tmp_path / "p.json", [ETH_LONG, row])
    ran = refused(*CROSS, "--wallet", "12000", "--positions", path)
    assert reason in ran.errors


def test_a_size_below_0_without_a_side_is_a_short(tmp_path: Path) -> None:
    row = {**BTC_SHORT, "side": None, "size": -1}
    assert run(tmp_path, [row], "--json").answer["positions"][0]["side"] == "short"


def test_a_faulty_order_is_refused_and_its_row_named(tmp_path: Path) -> None:
    order = {"symbol": "ETH/USDT:USDT", "side": "buy", "size": 1, "price": 2900, "leverage": "0.5"}
    path = written(tmp_path / "p.json", [ETH_LONG])
    orders = written(tmp_path / "o.json", [{**order, "leverage": 5}, order])
    ran = refused(*CROSS, "--wallet", "12000", "--positions", path, "--orders", orders)
    assert "o.json: row 2: leverage: expected 1 or more" in ran.errors
    faulty = written(tmp_path / "o.json", [{**order, "price": 0}])
    ran = refused(*CROSS, "--wallet", "12000", "--positions", path, "--orders", faulty)
    assert "o.json: row 1: price: expected a number above 0" in ran.errors


def test_a_cross_account_of_several_needs_every_mark(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", [BTC_SHORT, {**ETH_LONG, "mark": None}])
    assert "row 2: mark is missing" in refused(*CROSS, "--wallet", "12000", "--positions", path).errors


def test_one_symbol_has_one_mark(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", [BTC_SHORT, {**BTC_SHORT, "side": "long", "mark": 61000}])
    assert "one mark" in refused(*CROSS, "--hedge", "--wallet", "12000", "--positions", path).errors


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rate": 0.01}, "one rate: 0.004 was said before, and 0.01 here"),
        ({"rate": None}, "one rate: 0.004 was said before, and nothing here"),
        ({"fee": 0.001}, "one fee: nothing was said before, and 0.001 here"),
        ({"multiplier": 10}, "one multiplier"),
        ({"maintenance_amount": 5}, "one maintenance_amount"),
        ({"max_leverage": 20}, "one max_leverage"),
    ],
)
@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_one_symbol_has_one_rate_fee_and_contract_size(
    tmp_path: Path, mode: str, change: dict[str, Any], reason: str
) -> None:
    legs = [{**BTC_SHORT, **RATE}, {**BTC_SHORT, **RATE, "side": "long", **change}]
    path = written(tmp_path / "p.json", legs)
    wallet = ("--wallet", "12000") if mode == "cross" else ()
    ran = refused("--venue", "binance", "--mode", mode, "--hedge", *wallet, "--positions", path)
    assert f"row 2: BTC/USDT:USDT has {reason}" in ran.errors


def test_an_order_beside_isolated_positions_of_other_symbols_is_refused(tmp_path: Path) -> None:
    orders = written(tmp_path / "o.json", [{"symbol": "BTC/USDT:USDT", "side": "buy", "size": 1, "price": 50000}])
    path = written(tmp_path / "p.json", [ETH_LONG])
    ran = refused("--venue", "binance", "--positions", path, "--orders", orders)
    assert "o.json: row 1: no position in BTC/USDT:USDT" in ran.errors


def test_an_order_counts_where_the_position_of_its_symbol_stands(tmp_path: Path) -> None:
    orders = written(tmp_path / "o.json", [{"symbol": "ETH/USDT:USDT", "side": "buy", "size": 1, "price": 2900}])
    rows = [BTC_SHORT, {**ETH_LONG, "mode": "isolated"}]
    cross, isolated = run(tmp_path, rows, "--orders", orders, "--json").answer["units"]
    assert (cross["initial_margin"], isolated["initial_margin"]) == (6_600, 890)
    (alone,) = run(tmp_path, [BTC_SHORT], "--orders", written(tmp_path / "o.json", [
        {"symbol": "ETH/USDT:USDT", "side": "buy", "size": 1, "price": 2900, "leverage": 10}
    ]), "--json").answer["units"]  # fmt: skip
    assert alone["initial_margin"] == 6_600 + 290


def test_what_a_file_says_of_each_position_is_no_option(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", [ETH_LONG])
    ran = refused(*CROSS, "--wallet", "1", "--positions", path, "--maintenance-rate", "0.01")
    assert (ran.code, "leave --maintenance-rate out" in ran.errors) == (2, True)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"currency": "BTC", "balance": 1, "haircut": 0.05}, "index price"),
        ({"currency": "BTC", "balance": 1, "index": 60000}, "say its haircut"),
        ({"currency": "BTC", "balance": 1, "index": 60000, "haircut": 1.5}, "from 0 to 1"),
        ({"currency": "BTC", "balance": 1, "index": 60000, "haircut": 0.1, "ratio": 0.9}, "not both"),
        ({"currency": "BTC", "index": 60000, "haircut": 0.05}, "balance is missing"),
        ({"currency": "BTC", "balance": 1, "index": float("nan"), "haircut": 0.05}, "finite"),
        ({"currency": "BTC", "balance": 1, "index": 60000, "ratios": [{"floor": 5, "ratio": 1}]}, "begin at 0"),
        ({"currency": "USDT", "balance": 1, "index": 1, "haircut": 0}, "stands there twice"),
    ],
)
def test_unknown_collateral_is_refused_and_never_guessed(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    usdt = {"currency": "USDT", "balance": 100, "index": 1, "haircut": 0}
    collateral = written(tmp_path / "c.json", [usdt, row])
    path = written(tmp_path / "p.json", [ETH_LONG])
    ran = refused("--venue", "binance", "--mode", "multi-assets", "--positions", path, "--collateral", collateral)
    assert (ran.code, reason in ran.errors) == (6, True), ran.errors


def test_a_balance_that_is_owed_is_refused_where_the_mode_knows_no_debt(tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", [{**ETH_LONG, "margin": -5}])
    ran = refused("--venue", "binance", "--positions", path)
    assert (ran.code, "0 or more" in ran.errors) == (6, True)


def test_a_settle_currency_without_balance_is_refused(tmp_path: Path) -> None:
    collateral = written(tmp_path / "c.json", [{"currency": "USDC", "balance": 100}])
    path = written(tmp_path / "p.json", [ETH_LONG])
    ran = refused(*CROSS, "--positions", path, "--collateral", collateral)
    assert (ran.code, "USDT" in ran.errors) == (6, True)


def test_one_wallet_is_the_balance_of_one_currency(tmp_path: Path) -> None:
    """Of USD-M and COIN-M positions it was taken for as many USDT and as many BTC."""
    coin = {**BTC_SHORT, **RATE, "symbol": "BTC/USD:BTC", "size": 100}
    ran = run(tmp_path, [BTC_SHORT | RATE, coin])
    assert (ran.code, "settle in USDT and BTC" in ran.errors) == (2, True)
    balances = written(tmp_path / "c.json", [{"currency": "USDT", "balance": 12000}, {"currency": "BTC", "balance": 1}])
    told = margin(*CROSS, "--positions", tmp_path / "p.json", "--collateral", balances, "--json").answer
    units = [(unit["name"], unit["equity"]) for unit in told["units"]]
    assert units == [("USDT", 6_000), ("BTC", pytest.approx(1, 0.1))]


@pytest.mark.parametrize("words", [("--wallet", "5000"), ("--collateral", "c.json")])
def test_a_balance_that_no_position_stands_on_is_refused(tmp_path: Path, words: tuple[str, str]) -> None:
    written(tmp_path / "c.json", [{"currency": "USDT", "balance": 100}])
    value = words[1] if words[0] == "--wallet" else tmp_path / words[1]
    path = written(tmp_path / "p.json", [BTC_SHORT | RATE, ETH_LONG | RATE])
    ran = refused("--venue", "binance", "--positions", path, words[0], value)
    assert (ran.code, words[0] in ran.errors) == (2, True)


@pytest.mark.parametrize(("venue", "margin_needed"), [("okx", 6_000), ("binance", 600_000), ("gate", None)])
def test_contracts_are_what_the_venue_makes_them(tmp_path: Path, venue: str, margin_needed: int | None) -> None:
    """100 of OKX are one coin; what one is elsewhere has to be said."""
    row = {"symbol": "BTC/USDT:USDT", "side": "long", "contracts": 100, "entry": 60000, "leverage": 10, **RATE}
    path = written(tmp_path / "p.json", [row])
    if margin_needed is None:
        assert "contract size" in refused("--venue", venue, "--positions", path).errors
    else:
        assert margin("--venue", venue, "--positions", path, "--json").answer["initial_margin"] == margin_needed
