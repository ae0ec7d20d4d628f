"""A hedged book over a recorded month as a backtest: what it earns is funding, and nothing of the price."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyarrow import compute, feather

from letrade import assemble, run_backtest
from tests.data import shared_data

MONTH = (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))
PERP = "binance-usdm-2023-2024/BTC_USDT_USDT"
FILES = ("binance-spot/BTC_USDT-1h", f"{PERP}-1h-futures", f"{PERP}-8h-funding_rate", f"{PERP}-8h-mark")
DESK = """
[desk]
on_stop = "keep"

[[venue]]
name = "binance"
funding = true
taker_fee = "0.0005"
max_leverage = "5"

[[account]]
name = "paper"
venue = "binance"
balances = { USDT = "200000" }

[[actor]]
name = "carry"
class = "letrade.actors.strategies.delta_neutral.DeltaNeutral"
instrument = "binance.BTC-USDT"
hedge = "binance.BTC-USDT_USDT"
account = "paper"
size = 1.0

[[actor]]
name = "capital"
leverage = 4.0
"""


def month(folder: Path) -> list[str]:
    """The month of each file, in a folder of its own."""
    written = []
    for name in FILES:
        table = feather.read_table(shared_data(f"ohlcv/{name}.feather"))
        date = table["date"]
        inside = compute.and_(compute.greater_equal(date, MONTH[0]), compute.less(date, MONTH[1]))
        written.append(str(folder / f"{name.partition('/')[2]}.feather"))
        feather.write_feather(table.filter(inside), written[-1])
    return written


def run(tmp_path: Path) -> tuple[dict[str, Any], list[str]]:
    files = month(tmp_path)
    desk = tmp_path / "desk.toml"
    desk.write_text(DESK)
    return run_backtest(assemble(str(desk), {}, data_files=files)), files


def funded(rates: str, marks: str) -> Decimal:
    """Rate × mark of every instant of the month but the first, which is before the entry."""
    mark = {row["date"]: Decimal(repr(row["open"])) for row in feather.read_table(marks).to_pylist()}
    rows = [(row["date"].replace(microsecond=0), row["open"]) for row in feather.read_table(rates).to_pylist()]
    return sum((Decimal(repr(rate)) * mark[at] for at, rate in rows if at > MONTH[0]), Decimal(0))


def test_a_month_of_carry_earns_its_funding_less_fees_and_basis_to_the_unit(tmp_path: Path) -> None:
    summary, files = run(tmp_path)
    spot, perp = sorted(summary["positions"], key=lambda each: len(each["instrument"]))
    assert (spot["quantity"], perp["quantity"], summary["orders"]) == ("1", "-1", 2)
    funding, fees = Decimal(summary["funding"]["USDT"]), Decimal(summary["fees"]["USDT"])
    assert abs(funding - funded(*files[2:])) < Decimal("0.0001")
    assert funding > 2_000
    gains = [Decimal(each["last_price"]) - Decimal(each["average_price"]) for each in (spot, perp)]
    assert Decimal(summary["pnl"]) == funding - fees + gains[0] - gains[1]
    assert abs(gains[0]) > 9_000
    assert abs(gains[0] - gains[1]) < 100
    assert summary["engine"] == "actors"
