"""Funding over recorded months, on positions that a desk has at the start and on ones that it enters."""

from __future__ import annotations

import datetime
import itertools
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import feather

from letrade import assemble, run_backtest
from letrade.core.actor import Context
from letrade.core.clock import SECOND
from letrade.core.errors import ConfigurationError
from letrade.core.instruments import Catalogue
from letrade.core.messages.market import FundingRate
from tests.data import shared_data

FILES = ("BTC_USDT_USDT-1h-futures", "BTC_USDT_USDT-8h-funding_rate", "BTC_USDT_USDT-8h-mark")
INSTRUMENT = "binance.BTC-USDT_USDT"

DESK = """
[desk]
on_stop = "keep"
[[venue]]
name = "binance"
funding = true
maker_fee = "0"
taker_fee = "0"
[[account]]
name = "paper"
venue = "binance"
balances = { USDT = "200000" }
"""
SHORT = f'positions = {{ "{INSTRUMENT}" = {{ quantity = "-1", price = "16537.5", strategy = "hold-1" }} }}\n'
HOLD = f"""
[[actor]]
name = "hold-1"
class = "letrade.actors.strategies.hold.Hold"
instrument = "{INSTRUMENT}"
account = "paper"
position = -1.0
"""


def files(folder: str, names: tuple[str, ...]) -> list[str]:
    return [str(shared_data(f"ohlcv/{folder}/{name}.feather")) for name in names]


def run(
    tmp_path: Path, desk: str, folder: str = "binance-usdm-2023-2024", names: tuple[str, ...] = FILES
) -> dict[str, Any]:
    file = tmp_path / "desk.toml"
    file.write_text(desk)
    return run_backtest(assemble(str(file), {}, data_files=files(folder, names)))


def test_a_short_held_from_the_start_earns_every_funding_of_sixteen_months(tmp_path: Path) -> None:
    summary = run(tmp_path, DESK + SHORT + HOLD)
    assert abs(Decimal(summary["funding"]["USDT"]) - Decimal("6464.4358")) <= Decimal("0.0001")
    held = next(each for each in summary["positions"] if each["strategy"] == "hold-1")
    assert (held["quantity"], held["average_price"]) == ("-1", "16537.5")
    assert summary["orders"] == 0
    assert summary["alerts"].get("foreign_fill", 0) == 0


def test_a_short_entered_at_the_first_close_misses_the_first_funding(tmp_path: Path) -> None:
    summary = run(tmp_path, DESK + HOLD)
    assert abs(Decimal(summary["funding"]["USDT"]) - Decimal("6462.7820")) <= Decimal("0.0001")
    assert (summary["orders"], summary["fills"]) == (1, 1)


WIF = ("WIF_USDT_USDT-15m-futures", "WIF_USDT_USDT-8h-funding_rate", "WIF_USDT_USDT-8h-mark")


def four_hours(tmp_path: Path, **more: str) -> dict[str, Any]:
    desk = DESK + HOLD.replace("BTC", "WIF").replace("-1.0", "-100.0")
    return run(tmp_path, desk, "binance-usdm-2024-2025-WIF", WIF)


def test_a_contract_that_pays_every_four_hours_is_paid_each_time_and_what_is_estimated_is_told_apart(
    tmp_path: Path,
) -> None:
    """Marks are known for every second payment alone; an exact join would lose the other half."""
    summary = four_hours(tmp_path)
    total, estimated = (Decimal(summary[key]["USDT"]) for key in ("funding", "funding_estimated"))
    exact, guessed = by_hand(*files("binance-usdm-2024-2025-WIF", WIF))
    assert abs(total - estimated - exact) < Decimal("0.0001")
    assert abs(estimated - guessed) < Decimal("0.0001")
    assert "funding_missing" not in summary["alerts"]


def by_hand(bars: str, rates: str, marks: str) -> tuple[Decimal, Decimal]:
    """What 100 short get: at marks of the instant, and at the opens of the bars that begin then."""
    mark, first = dict(opens(marks)), dict(opens(bars))
    entered = list(first)[1]
    exact = guessed = Decimal(0)
    for stamp, rate in opens(rates):
        instant = stamp.replace(microsecond=0)
        if instant <= entered:
            continue
        if instant in mark:
            exact += 100 * mark[instant] * rate
        else:
            guessed += 100 * first[instant] * rate
    return exact, guessed


def opens(file: str) -> list[tuple[datetime.datetime, Decimal]]:
    """(date, open) of each row."""
    rows = feather.read_table(file).select(["date", "open"]).to_pylist()
    return [(row["date"], Decimal(repr(row["open"]))) for row in rows]


@pytest.mark.parametrize(
    ("position", "told"),
    [
        ('{ quantity = "0", price = "1" }', "not 0"),
        ('{ quantity = "-1" }', "price"),
        ('{ quantity = "nan", price = "1" }', "quantity"),
        ('{ quantity = "1", price = "-1" }', "price"),
        ('{ quantity = "1", price = "1", strategy = "nobody" }', "nobody"),
        ('{ quantity = "0.0000001", price = "1" }', "multiple"),
    ],
)
def test_a_position_that_cannot_be_is_refused_by_name(tmp_path: Path, position: str, told: str) -> None:
    instrument = f'[[instrument]]\nname = "{INSTRUMENT}"\ntick = "0.1"\nlot = "0.001"\n'
    file = tmp_path / "desk.toml"
    file.write_text(f'{DESK}positions = {{ "{INSTRUMENT}" = {position} }}\n{instrument}{HOLD}')
    with pytest.raises(ConfigurationError, match=told):
        run_backtest(assemble(str(file), {}))


def test_no_payment_is_lost_to_stamps_that_are_some_milliseconds_off(tmp_path: Path) -> None:
    """Rates and marks joined by their exact stamps keep 1,037 of 1,498 payments: 31 % would be lost without a word."""
    names = FILES[1:]
    rates, marks = (opens(each) for each in files("binance-usdm-2023-2024", names))
    mark = dict(marks)
    joined = [(stamp, rate) for stamp, rate in rates if stamp in mark]
    assert (len(rates), len(joined)) == (1498, 1037)
    instrument = f'[[instrument]]\nname = "{INSTRUMENT}"\ntick = "0.1"\nlot = "0.001"\n'
    summary = run(tmp_path, DESK + SHORT + instrument + HOLD, names=names)
    assert abs(Decimal(summary["funding"]["USDT"]) - Decimal("6464.4358")) <= Decimal("0.0001")
    assert (summary["funding_estimated"], summary["alerts"].get("funding_missing", 0)) == ({}, 0)
    exact_join = sum(rate * mark[stamp] for stamp, rate in joined)
    assert abs(exact_join - Decimal("6464.4358")) > 1000


def test_all_854_payments_of_the_four_hour_contract_are_told_at_their_instant_and_never_before() -> None:
    """What strategies see of a recorded rate is what has been settled: of the next one they know nothing."""
    desk = DESK + HOLD.replace("BTC", "WIF").replace("-1.0", "-100.0")
    rates = fundings_of(desk, files("binance-usdm-2024-2025-WIF", WIF))
    times = [rate.funding_time for rate in rates]
    assert len(times) == len(set(times)) == 854
    assert {later - before for before, later in itertools.pairwise(times)} == {4 * 3600 * SECOND}
    assert all(0 <= rate.time - rate.funding_time < SECOND for rate in rates)


def fundings_of(desk: str, data: list[str]) -> list[FundingRate]:
    """In the order in which actors hear them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "desk.toml"
        file.write_text(desk)
        config = assemble(str(file), {}, data_files=data)
    shared = Context("test", "test", 1, Catalogue(()), config)
    made: list[Any] = [feed.feed_class(feed.name, feed.config, shared) for feed in config.feeds]  # type: ignore[call-arg]
    found = [message for feed in made for message in feed.messages() if isinstance(message, FundingRate)]
    return sorted(found, key=lambda message: message.time)


RATES = """
[[instrument]]
name = "binance.BTC-USDT_USDT"
tick = "0.1"
lot = "0.001"
[[feed]]
name = "trades"
kind = "npz"
file = "{trades}"
instrument = "binance.BTC-USDT_USDT"
[[feed]]
name = "rates"
class = "letrade.actors.feeds.ticks.TicksFeed"
kind = "funding"
file = "{rates}"
instrument = "binance.BTC-USDT_USDT"
"""


@pytest.mark.parametrize(("hours", "missing", "paid"), [(1, 9, {}), (72, 0, {"USDT": "-0.9"})])
def test_each_rate_is_paid_or_missing_the_last_of_the_data_too(
    tmp_path: Path, hours: int, missing: int, paid: dict[str, str]
) -> None:
    """Nine rates while a position is held; prices come each half a minute, never within a rate's second."""
    start, count = 1_704_067_200_000, hours * 120
    times = (start + 15_000 + np.arange(count, dtype=np.int64) * 30_000) * 10**6
    sizes, sides = np.full(count, 9_000), np.resize([1, -1], count)
    np.savez(tmp_path / "trades.npz", ts=times, px=np.full(count, 10_000), sz=sizes, side=sides)
    rates = "".join(f"{start + place * 8 * 3_600_000},0.0001\n" for place in range(10))
    (tmp_path / "rates.csv").write_text("timestamp,funding_rate\n" + rates)
    file = tmp_path / "desk.toml"
    feeds = RATES.format(trades=tmp_path / "trades.npz", rates=tmp_path / "rates.csv")
    file.write_text(DESK + HOLD.replace("-1.0", "1.0") + feeds)
    summary = run_backtest(assemble(str(file), {}))
    assert summary["alerts"].get("funding_missing", 0) == missing
    assert summary["funding"] == paid
