"""Both engines give the same orders, fills, balances and hash, and tell strategies the same, at the same times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from letrade.core.config.desk import DeskConfig, FeeTier, LatencyConfig
from letrade.hotpath.simulation.doubt import Doubtful
from tests.system.two_desks import MS, by_actors, compiled, desk

LINEAR, OTHER, SPOT = "binance.BTC-USDT_USDT", "binance.ETH-USDT_USDT", "binance.BTC-USDT"


def compare(folder: Path, seeds: range, kinds: tuple[str, ...], names: tuple[str, ...], funded: bool = False) -> int:
    """How many of the desks were no matter of doubt; those are the same in both engines."""
    sure = 0
    for seed in seeds:
        config = desk(folder, seed, kinds, names=names, funded=funded)
        try:
            summary, heard = compiled(config)
        except Doubtful:
            continue
        known, told = by_actors(config)
        assert known["failures"] == 0
        assert heard == told, f"seed {seed}"
        assert summary == known, f"seed {seed}"
        sure += 1
    return sure


@pytest.mark.parametrize("kinds", [("quotes",), ("trades",), ("bars",), ("quotes", "trades")], ids="-".join)
def test_perpetuals_on_any_data(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    assert compare(tmp_path, range(6), kinds, (LINEAR,)) >= 5


@pytest.mark.parametrize("kinds", [("quotes",), ("bars",)], ids="-".join)
def test_spot_on_any_data(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    assert compare(tmp_path, range(6), kinds, (SPOT,)) >= 5


def test_several_instruments_of_one_account(tmp_path: Path) -> None:
    assert compare(tmp_path, range(6), ("quotes",), (LINEAR, OTHER, SPOT)) >= 5


def test_funding_and_mark_prices(tmp_path: Path) -> None:
    assert compare(tmp_path, range(6), ("quotes",), (LINEAR,), funded=True) >= 5
    assert compiled(desk(tmp_path, 0, ("quotes",), names=(LINEAR,), funded=True))[0]["funding"]


def with_venue(config: DeskConfig, **keys: Any) -> DeskConfig:
    return structs.replace(config, venues=[structs.replace(config.venues[0], **keys)])


def sure_of(configs: Iterable[DeskConfig]) -> int:
    """How many of the desks were no matter of doubt; those are the same in both engines."""
    sure = 0
    for number, config in enumerate(configs):
        try:
            ours = compiled(config)
        except Doubtful:
            continue
        assert ours == by_actors(config), f"desk {number}"
        sure += 1
    return sure


@pytest.mark.parametrize("kinds", [("quotes",), ("trades",), ("quotes", "trades")], ids="-".join)
def test_data_that_come_late(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    def late() -> Iterator[DeskConfig]:
        for seed, lag in enumerate((0, 1, 3 * MS, 10 * MS, 50 * MS)):
            config = desk(tmp_path, seed, kinds, names=(LINEAR,), funded=not lag)
            answers = max(lag, config.venues[0].response_latency)
            yield with_venue(config, data_latency=lag, response_latency=answers)

    assert sure_of(late()) >= 4


def test_jitter_from_the_first_instant_on(tmp_path: Path) -> None:
    jitter = LatencyConfig(jitter=200 * MS)
    desks = (desk(tmp_path, seed, ("quotes",), names=(SPOT,)) for seed in range(6))
    assert sure_of(with_venue(each, latency=jitter) for each in desks) == 6


def test_an_overloaded_venue_answers_questions_after_an_amend_that_it_turned_away(tmp_path: Path) -> None:
    busy = LatencyConfig(reject=0.3)
    desks = (desk(tmp_path, seed, ("quotes",), names=(SPOT,)) for seed in range(20))
    assert sure_of(with_venue(each, latency=busy) for each in desks) >= 18


TIERS = [
    FeeTier(volume=Decimal("30"), maker_fee=Decimal("-0.00015"), taker_fee=Decimal("0.000425")),
    FeeTier(volume=Decimal("61.5"), maker_fee=Decimal("-0.0003"), taker_fee=Decimal("0.0007")),
]


@pytest.mark.parametrize(("kinds", "names"), [(("bars",), (LINEAR, OTHER)), (("bars",), (SPOT, LINEAR))])
def test_fees_that_follow_what_an_account_has_traded_before_today(
    tmp_path: Path, kinds: tuple[str, ...], names: tuple[str, ...]
) -> None:
    def tiered() -> Iterator[DeskConfig]:
        for seed in range(5):
            yield with_venue(desk(tmp_path, seed, kinds, names=names, count=3000), fee_tiers=TIERS)

    assert sure_of(tiered()) >= 3


def test_limits_of_losses_that_are_far_off_change_nothing_and_near_ones_are_a_matter_of_doubt(tmp_path: Path) -> None:
    config = desk(tmp_path, 3, ("quotes",), names=(LINEAR,))
    for loss, drawdown, doubtful in ((10**6, "0.9", False), (10**6, "0.0000000001", True), (0.0001, "0.9", True)):
        risk = structs.replace(config.risk, max_daily_loss=Decimal(str(loss)), max_drawdown=Decimal(drawdown))
        limited = structs.replace(config, risk=risk)
        if doubtful:
            with pytest.raises(Doubtful, match="opens nothing"):
                compiled(limited)
        else:
            assert compiled(limited) == by_actors(limited)
