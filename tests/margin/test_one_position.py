"""`letrade margin` of one position: figures, where they come from, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.margin.programs import BTC, margin, refused


def test_the_figures_of_one_isolated_position_are_those_of_the_formula() -> None:
    answer = margin(*BTC, "--json").answer
    assert answer["initial_margin"] == 3_000
    assert answer["maintenance_margin"] == 120
    assert answer["liquidation_price"] == pytest.approx((3_000 - 30_000) / (0.5 * 0.004 - 0.5))
    assert answer["bankruptcy_price"] == 54_000
    assert answer["distance_percent"] == pytest.approx(100 * (60_000 - 54_216.8674698795) / 60_000)
    assert (answer["tier"]["number"], answer["tier"]["rate"]) == (1, 0.004)


def test_the_rules_are_told_with_formula_source_and_date() -> None:
    (rules,) = margin(*BTC, "--json").answer["rules"]
    assert "q m" in rules["formula"]
    assert rules["source"].startswith("https://")
    assert len(rules["checked"]) == 10


def test_a_person_gets_a_table_with_every_figure_the_formula_and_the_source() -> None:
    output = margin(*BTC).output
    for words in (
        "initial margin", "3,000.00", "maintenance margin", "margin ratio", "liquidation price", "54,216.867",
        "9.64 % from the mark", "bankruptcy price", "largest size", "built-in of 2025-08-19", "formula:",
        "source: https",
    ):  # fmt: skip
        assert words in output


def test_a_short_is_liquidated_above_its_entry() -> None:
    answer = margin(*BTC, "--side", "short", "--json").answer
    assert answer["liquidation_price"] == pytest.approx(33_000 / (0.5 * 1.004))


def test_added_margin_moves_the_liquidation_price_away() -> None:
    near, far = (margin(*BTC, *words, "--json").answer for words in ((), ("--added-margin", "500")))
    assert far["liquidation_price"] == pytest.approx((3_500 - 30_000) / (0.5 * 0.004 - 0.5))
    assert far["liquidation_price"] < near["liquidation_price"]


def test_a_wallet_is_the_margin_of_an_isolated_position() -> None:
    assert margin(*BTC, "--wallet", "6000", "--json").answer["bankruptcy_price"] == 48_000


def test_a_cross_account_tells_its_common_move() -> None:
    answer = margin(*BTC, "--mode", "cross", "--wallet", "5000", "--mark", "61000", "--json").answer
    price = (5_000 - 30_000) / (0.5 * 0.004 - 0.5)
    assert answer["liquidation_price"] == pytest.approx(price)
    assert answer["common_move_percent"] == pytest.approx(100 * (price / 61_000 - 1))
    assert answer["largest_size_by_margin"] == pytest.approx(5_500 * 10 / 61_000)


def test_the_largest_size_keeps_within_the_tiers_of_the_leverage() -> None:
    assert margin(*BTC, "--json").answer["largest_size"] == pytest.approx(230e6 / 60_000)


def test_a_coin_margined_position_is_reckoned_in_coin() -> None:
    answer = margin(
        "--venue", "binance", "--symbol", "BTC/USD:BTC", "--side", "long", "--entry", "60000", "--size", "300",
        "--leverage", "5", "--maintenance-rate", "0.004", "--json",
    ).answer  # fmt: skip
    assert (answer["contract"], answer["currency"], answer["value"]) == ("inverse", "BTC", 0.5)
    assert answer["liquidation_price"] == pytest.approx(300 * 100 * 1.004 / (0.1 + 0.5))


def test_fees_that_a_venue_counts_are_named_when_they_are_assumed() -> None:
    words = ("--venue", "gate", *BTC[2:], "--maintenance-rate", "0.004", "--json")
    assumed, told = margin(*words).answer, margin(*words, "--fee", "0.00075").answer
    assert any("closing fee" in note for note in assumed["notes"])
    assert not any("closing fee" in note for note in told["notes"])
    assert told["liquidation_price"] == pytest.approx((60_000 - 6_000) / (1 - 0.00475))


def test_what_is_to_be_known_of_the_rules_is_told() -> None:
    words = ("--venue", "gate", *BTC[2:], "--maintenance-rate", "0.004", "--date", "2025-01-01")
    (rules,) = margin(*words, "--json").answer["rules"]
    assert rules["note"] == "The trader chose the tier; it is taken to be the one of the value."
    assert f"to be known: {rules['note']}" in margin(*words).output
    (older, *_) = json.loads(margin("modes", "--venue", "gate", "--json").output)
    assert older["note"] == rules["note"]
    assert f"- gate isolated: {rules['note']}" in margin("modes", "--venue", "gate").output
    assert "to be known" not in margin(*BTC).output


def test_contracts_are_counted_where_the_tiers_count_them(tmp_path: Path) -> None:
    file = tmp_path / "okx.csv"
    file.write_text(
        "symbol,floor,cap,rate,max_leverage\nBTC/USDT:USDT,0,1000,0.004,100\nBTC/USDT:USDT,1000,5000,0.01,50\n"
    )
    words = ("--venue", "okx", "--symbol", "BTC/USDT:USDT", "--side", "long", "--entry", "60000", "--leverage", "10")
    within = margin(*words, "--size", "10", "--tiers", file, "--json").answer
    beyond = margin(*words, "--size", "10.01", "--tiers", file, "--json").answer
    contracts = margin(*words, "--size", "1001", "--multiplier", "0.01", "--tiers", file, "--json").answer
    assert [each["tier"]["number"] for each in (within, beyond, contracts)] == [1, 2, 2]
    assert contracts["maintenance_margin"] == beyond["maintenance_margin"]


def test_the_rate_of_hyperliquid_follows_from_the_highest_leverage() -> None:
    words = ("--venue", "hyperliquid", "--symbol", "HYPE/USDC:USDC", "--side", "short", "--entry", "40", "--size", "10")
    answer = margin(*words, "--leverage", "5", "--max-leverage", "10", "--json").answer
    assert answer["liquidation_price"] == pytest.approx(480 / (10 * 1.05))
    assert "allows 10" in refused(*words, "--leverage", "11", "--max-leverage", "10").errors


def test_other_names_of_a_venue_and_of_an_instrument_are_understood() -> None:
    words = ("--venue", "binanceusdm", "--symbol", "binance.BTC-USDT_USDT", *BTC[4:], "--json")
    assert margin(*words).answer["symbol"] == "BTC/USDT:USDT"


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("--venue", "binanc"), 2, 'did you mean "binance"?'),
        ((), 2, "--venue"),
        (BTC[:4], 2, "--side, --entry, --size"),
        ((*BTC, "--mode", "crss"), 2, 'did you mean "cross"?'),
        ((*BTC, "--mode", "cross"), 2, "--wallet"),
        ((*BTC, "--mode", "cross", "--wallet", "9", "--added-margin", "1"), 2, "no margin of its own"),
        ((*BTC, "--entry", "nan"), 2, "--entry: expected a finite number"),
        ((*BTC, "--mark", "NaN"), 2, "--mark: expected a finite number"),
        ((*BTC, "--size", "inf"), 2, "--size"),
        ((*BTC, "--size", "0"), 2, "above 0"),
        ((*BTC, "--entry", "sixty"), 2, "expected a number"),
        ((*BTC, "--entry", "1e999999999"), 2, "digits"),
        ((*BTC, "--symbol", "BTC/USDT"), 2, "a perpetual is BTC/USDT:USDT"),
        ((*BTC, "--symbol", "btc/usdt:usdt"), 2, 'did you mean "BTC/USDT:USDT"?'),
        ((*BTC, "--symbol", "BTCUSDT"), 2, 'did you mean "BTC/USDT:USDT"?'),
        ((*BTC, "--symbol", "BTCC/USDT:USDT"), 6, 'did you mean "BTC/USDT:USDT"?'),
        ((*BTC, "--maintenance-rate", "0.004", "--maintenance-amount", "-50"), 6, "0 or more"),
        ((*BTC, "--mode", "coinm_cross", "--wallet", "9"), 2, "coinm_cross is for inverse contracts"),
        ((*BTC, "--mode", "coinm-isolated"), 2, "coinm_isolated is for inverse contracts"),
        ((*BTC, "--contract", "inverse"), 2, "is linear"),
        ((*BTC, "--date", "yesterday"), 2, "--date"),
        ((*BTC, "--tiers", "nowhere.json"), 2, "nowhere.json"),
        ((*BTC, "--wallet", "-5"), 6, "0 or more"),
        ((*BTC, "--mark", "-1"), 6, "above 0"),
        ((*BTC, "--leverage", "0.5"), 6, "1 or more"),
        ((*BTC, "--leverage", "200"), 6, "allows 150"),
        ((*BTC, "--size", "100000", "--leverage", "1"), 6, "above the last tier"),
        ((*BTC, "--symbol", "DOGE/USDT:USDT"), 6, "--tiers FILE"),
        ((*BTC, "--date", "2024-01-01"), 6, "2024-01-01"),
        ((*BTC, "--maintenance-rate", "0.004", "--maintenance-amount", "99999"), 6, "at most rate × value, 120"),
        ((*BTC, "--maintenance-rate", "0.004", "--maintenance-amount", "50", "--mark", "20000"), 6, "of the tier in"),
        ((*BTC, "--maintenance-amount", "5"), 6, "needs its maintenance rate"),
        (("--venue", "kucoin", *BTC[2:], "--mode", "cross", "--wallet", "9"), 6, "could not be confirmed"),
        (("--venue", "okx", *BTC[2:], "--mode", "portfolio", "--wallet", "9"), 6, "portfolio margin is not modelled"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_refused_with_the_reason(words: tuple[str, ...], code: int, reason: str) -> None:
    ran = refused(*words)
    assert ran.code == code
    assert reason in ran.errors


def test_a_refusal_is_an_object_for_programs() -> None:
    ran = margin(*BTC, "--entry", "nan", "--json")
    assert '"exit_code":2' in ran.output


def test_the_command_starts_without_ccxt_and_the_version_without_the_calculator() -> None:
    probe = "import sys; from letrade.__main__ import main; main(sys.argv[1:]); print(*sorted(sys.modules))"
    told = [
        subprocess.run([sys.executable, "-c", probe, *words], capture_output=True, text=True, check=True).stdout
        for words in (("--version",), ("margin", *BTC, "--json"))
    ]
    version, position = (set(text.splitlines()[-1].split()) for text in told)
    assert not {name for name in version if name.startswith(("letrade.margin", "letrade.core.margin", "rich"))}
    assert not {"ccxt", "rich", "numpy", "asyncio"} & position


@pytest.mark.parametrize("mark", ["30000", "54000", "54216", "54300", "60000", "90000"])
def test_its_prices_are_the_same_at_every_mark_also_past_them(mark: str) -> None:
    answer = margin(*BTC, "--mark", mark, "--json").answer
    assert answer["liquidation_price"] == pytest.approx(27_000 / 0.498)
    assert answer["bankruptcy_price"] == 54_000
    assert answer["liquidated"] is (float(mark) < 54_216.8)
    assert answer["distance_percent"] == (0 if answer["liquidated"] else pytest.approx(_distance(float(mark))))


def _distance(mark: float) -> float:
    return 100 * (mark - 27_000 / 0.498) / mark


def test_a_short_past_its_liquidation_price_keeps_it() -> None:
    answer = margin(*BTC, "--side", "short", "--mark", "90000", "--json").answer
    assert answer["liquidation_price"] == pytest.approx(33_000 / (0.5 * 1.004))
    assert (answer["bankruptcy_price"], answer["liquidated"]) == (66_000, True)


def test_a_cross_account_without_a_wallet_is_told_the_price_that_it_would_need() -> None:
    answer = margin(*BTC, "--mode", "cross", "--wallet", "0", "--json").answer
    assert answer["liquidation_price"] == pytest.approx(30_000 / 0.498)
    assert (answer["bankruptcy_price"], answer["liquidated"]) == (60_000, True)


def test_a_person_reads_liquidated_beside_the_price_and_no_distance() -> None:
    output = margin(*BTC, "--mark", "30000").output
    line = next(each for each in output.splitlines() if each.startswith("liquidation price"))
    assert "54,216.867" in line
    assert "it is liquidated at the present mark" in line
    assert "from the mark" not in line


def test_what_was_estimated_stands_among_the_warnings() -> None:
    assert any("no mark price" in each for each in margin(*BTC, "--json").answer["warnings"])
    assert margin(*BTC, "--mark", "60000", "--json").answer["warnings"] == []


def test_a_highest_leverage_that_nothing_would_read_is_refused() -> None:
    assert refused(*BTC, "--max-leverage", "5").code == 6
    assert refused(*BTC, "--max-leverage", "5", "--maintenance-rate", "0.004").code == 6, "10 is more"
    assert margin(*BTC, "--max-leverage", "20", "--maintenance-rate", "0.004").code == 0
