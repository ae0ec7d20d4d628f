"""Cases drawn from a seed against a slow twin that walks away from the mark until equity is below maintenance."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.margin.programs import margin

STEPS = [(0, 50_000, 0.004), (50_000, 600_000, 0.005), (600_000, 3_000_000, 0.01), (3_000_000, 12_000_000, 0.05)]
Case = dict[str, Any]


def maintenance(value: float) -> float:
    """By summing up each tier's slice: a deduction is the same thing, said shorter."""
    rates = [rate for _, _, rate in STEPS]
    last = len(STEPS) - 1
    slices = [
        max(0.0, (value if place == last else min(value, cap)) - low) for place, (low, cap, _) in enumerate(STEPS)
    ]
    return sum(rate * part for rate, part in zip(rates, slices, strict=True))


def slack(case: Case, mark: float) -> float:
    legs = [{**case, "mark_price": mark}, *case["other_positions"]]
    total = case["wallet_balance"]
    for leg in legs:
        side = 1 if leg["side"] == "long" else -1
        total += side * leg["amount"] * (leg["mark_price"] - leg["entry_price"])
        total -= maintenance(leg["amount"] * leg["mark_price"])
    return float(total)


def searched(case: Case) -> float | None:
    factor = 0.995 if case["side"] == "long" else 1.005
    alive = mark = case["mark_price"]
    for _ in range(4_000):
        mark *= factor
        if slack(case, mark) <= 0:
            break
        alive = mark
    else:
        return None
    for _ in range(80):
        middle = (alive + mark) / 2
        alive, mark = (middle, mark) if slack(case, middle) > 0 else (alive, middle)
    return mark


def drawn(draw: random.Random, number: int) -> Case:
    def leg(symbol: str) -> Case:
        entry = draw.uniform(50, 60_000)
        mark = entry * draw.uniform(0.95, 1.05)
        value = 10 ** draw.uniform(3, 6.9)
        side = draw.choice(("long", "short"))
        return {"symbol": symbol, "side": side, "entry_price": entry, "mark_price": mark, "amount": value / mark}

    mode = draw.choice(("isolated", "cross"))
    others = [leg(f"C{place}/USDT:USDT") for place in range(draw.randint(0, 3))] if mode == "cross" else []
    case = {
        **leg("BTC/USDT:USDT"), "id": str(number), "exchange": "binance", "contract": "linear", "margin_mode": mode,
        "other_positions": others, "wallet_balance": 0.0,
    }  # fmt: skip
    spare = case["amount"] * case["mark_price"] * 10 ** draw.uniform(-3, 0.2)
    return {**case, "wallet_balance": max(0.0, -slack(case, case["mark_price"])) + spare}


def test_two_hundred_drawn_cases_come_out_as_a_search_finds_them(tmp_path: Path) -> None:
    draw = random.Random(7)
    cases = [drawn(draw, number) for number in range(200)]
    rows = [{"minNotional": low, "maxNotional": cap, "maintenanceMarginRate": rate} for low, cap, rate in STEPS]
    symbols = {leg["symbol"] for case in cases for leg in (case, *case["other_positions"])}
    (tmp_path / "tiers.json").write_text(json.dumps(dict.fromkeys(sorted(symbols), rows)))
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    ran = margin("--cases", tmp_path / "cases.json", "--tiers", tmp_path / "tiers.json", "--json")
    assert ran.code == 0, ran.errors
    found = [searched(case) for case in cases]
    assert any(price is None for price in found)
    assert [line["got"] for line in ran.lines] == [
        None if price is None else pytest.approx(price, rel=1e-9) for price in found
    ]
