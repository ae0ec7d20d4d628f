"""Both engines leave one record: orders, fills, cash, equity, prices and counts, row by row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from letrade.backtesting.comparing import Difference
from letrade.backtesting.comparing_records import compare_records
from letrade.backtesting.running import run_actors, run_compiled
from letrade.core.analysis.record import ORDER_KINDS, RunRecord
from letrade.core.config.desk import DeskConfig
from letrade.hotpath.simulation.doubt import Doubtful
from tests.system.odd_desks import odd_desk
from tests.system.test_two_engines_protect import protecting
from tests.system.two_desks import MS, desk

LINEAR, SPOT, OTHER = "binance.BTC-USDT_USDT", "binance.BTC-USDT", "binance.ETH-USDT_USDT"
Change = Callable[[DeskConfig], DeskConfig]


def records(config: DeskConfig) -> tuple[RunRecord, RunRecord]:
    """Of the actors and of the compiled engine; Doubtful where that does not know."""
    compiled = run_compiled(config).record()
    return run_actors(config, records=True).record(), compiled


def alike(config: DeskConfig) -> list[Difference]:
    return compare_records(*records(config))


@pytest.mark.parametrize("kind", ["quotes", "trades", "bars", "levels"])
def test_odd_desks_leave_the_same_record(tmp_path: Path, kind: str) -> None:
    sure = 0
    for seed, names in enumerate(((LINEAR,), (SPOT,), (LINEAR, SPOT), (LINEAR, OTHER))):
        config = odd_desk(tmp_path, seed, kind, names, count=80)
        try:
            assert alike(config) == [], f"seed {seed}"
        except Doubtful:
            continue
        sure += 1
    assert sure >= 2


@pytest.mark.parametrize("kinds", [("quotes", "trades"), ("trades", "bars"), ("quotes", "bars")], ids="-".join)
def test_the_better_kind_of_data_is_believed_in_both(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    assert alike(desk(tmp_path, 2, kinds, names=(LINEAR,))) == []


def test_gains_of_huge_positions_are_compared_as_exactly_as_doubles_tell_them(tmp_path: Path) -> None:
    assert alike(odd_desk(tmp_path, 5038, "bars", (SPOT,), count=80)) == []


def test_funding_is_the_same_cash_in_both(tmp_path: Path) -> None:
    ours, theirs = records(desk(tmp_path, 0, ("quotes",), names=(LINEAR,), funded=True))
    assert len(ours.cash)
    assert compare_records(ours, theirs) == []


def test_a_reduce_only_order_is_as_large_as_it_was_sent(tmp_path: Path) -> None:
    """Whether or not anything was told of it after its exchange had held it to what there was to reduce."""
    assert alike(desk(tmp_path, 319, ("quotes", "trades"), names=(LINEAR, SPOT))) == []
    assert alike(desk(tmp_path, 324, ("quotes",), names=(LINEAR,), funded=True)) == []


@pytest.mark.parametrize("kind", ["quotes", "bars"])
def test_orders_that_protect_are_of_their_own_kind(tmp_path: Path, kind: str) -> None:
    found: set[str] = set()
    for seed in range(3):
        ours, theirs = records(protecting(desk(tmp_path, seed, (kind,), names=(LINEAR,)), 0.5, trailing=0.5))
        assert compare_records(ours, theirs) == [], f"seed {seed}"
        found |= {ORDER_KINDS[place] for place in theirs.orders.kind}
    assert found >= {"stop_market", "take_profit_market", "trailing_stop"}


def with_coins(config: DeskConfig) -> DeskConfig:
    first = config.accounts[0]
    return structs.replace(
        config, accounts=[structs.replace(first, balances={**first.balances, "BTC": 3}), *config.accounts[1:]]
    )


def test_coins_that_an_account_has_from_the_start_are_worth_what_they_are_worth_now(tmp_path: Path) -> None:
    ours, theirs = records(with_coins(desk(tmp_path, 1, ("quotes",), names=(SPOT,))))
    first = theirs.equity.where(theirs.equity.account == 0)
    held = np.interp(first.time, theirs.prices.time, theirs.prices.price) * 3
    assert np.ptp(held) > 1
    assert np.corrcoef(held[1:], first.equity[1:])[0, 1] > 0.9
    assert compare_records(ours, theirs) == []


def late(config: DeskConfig) -> DeskConfig:
    venue = structs.replace(config.venues[0], data_latency=20 * MS, response_latency=25 * MS)
    return structs.replace(config, venues=[venue])


def slow_answers(config: DeskConfig) -> DeskConfig:
    """Data goes on for longer than execution waits, before a fill is told."""
    venue = structs.replace(config.venues[0], order_latency=10 * MS, response_latency=3_100 * MS)
    return structs.replace(config, venues=[venue], desk=structs.replace(config.desk, step=10 * MS))


@pytest.mark.parametrize("change", [late, slow_answers])
@pytest.mark.parametrize("kind", ["quotes", "trades", "levels"])
def test_late_data_and_late_answers_leave_the_same_record(tmp_path: Path, change: Change, kind: str) -> None:
    sure = 0
    for seed in range(4):
        try:
            assert alike(change(odd_desk(tmp_path, seed, kind, (LINEAR,), count=200))) == [], f"seed {seed}"
        except Doubtful:
            continue
        sure += 1
    assert sure


def test_refused_orders_are_counted_and_not_listed(tmp_path: Path) -> None:
    ours, theirs = records(odd_desk(tmp_path, 0, "quotes", (LINEAR,), count=80))
    assert sum(ours.settings.refused.values()) > 10
    assert ours.settings.refused == theirs.settings.refused
    for record in (ours, theirs):
        assert (record.orders.sent > 0).all()
        assert record.orders.order_id.tolist() == list(range(1, len(record.orders) + 1))
        assert set(record.fills.order.tolist()) <= set(record.orders.order_id.tolist())
