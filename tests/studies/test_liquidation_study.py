"""The study of liquidation: worlds that are the same for ever, bounds that are bounds, a page that stands alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from letrade.commands.group import letrade
from letrade.studies import worlds
from letrade.studies.paths import PRICES, STAKED
from letrade.studies.pool import run_seeds
from letrade.studies.running import run_world
from letrade.studies.searching import best_of
from letrade.studies.seeds import SeedResult, run_seed
from letrade.studies.totals import totals_of
from letrade.studies.worlds import LEVERAGES, guarded, planned, setting_of, unguarded


@pytest.fixture(scope="module")
def crash() -> SeedResult:
    return run_seed("crash", 1)


@pytest.fixture(scope="module")
def october() -> SeedResult:
    return run_seed("october", 2)


def test_who_knows_the_course_never_loses_more_than_we_and_never_more_than_who_does_nothing(
    crash: SeedResult, october: SeedResult
) -> None:
    for account in (*crash.accounts, *october.accounts):
        assert account.loss_clairvoyant <= account.loss
        assert account.loss_clairvoyant <= account.loss_unguarded
        assert account.loss_foreseeing <= account.loss_clairvoyant
        assert account.saved <= account.saveable


def test_without_the_guards_the_crash_takes_positions_that_the_desk_keeps(crash: SeedResult) -> None:
    totals = totals_of("crash", [crash])
    assert totals.liquidated_unguarded >= 4
    assert totals.liquidated == 0
    assert totals.loss < totals.loss_unguarded


def test_in_october_the_winning_legs_are_deleveraged(october: SeedResult) -> None:
    assert sum(account.deleveraged for account in october.accounts) > 0


def test_in_october_the_staked_coin_backs_a_cross_account_that_its_lost_peg_liquidates(october: SeedResult) -> None:
    held = next(holder for holder in setting_of("october", 2).holders if holder.coins)
    assert held.mode == "cross"
    assert 0.79 < held.coins * PRICES[STAKED] / held.means(PRICES[STAKED]) < 0.96
    (account,) = (account for account in october.accounts if account.name == held.name)
    assert account.liquidated_unguarded > account.liquidated == 0
    assert account.loss < account.loss_unguarded


def test_the_draws_of_others_do_not_depend_on_the_holder_of_the_coin(monkeypatch: pytest.MonkeyPatch) -> None:
    before = setting_of("october", 2)
    monkeypatch.setattr(worlds, "_backed", lambda _random, held, _leverage: held)
    after = setting_of("october", 2)
    assert before.venue == after.venue
    others = [[each for each in made.holders if each.name != "staked"] for made in (before, after)]
    assert others[0] == others[1]
    assert before.holders != after.holders


def test_a_seed_is_the_same_for_ever(crash: SeedResult) -> None:
    setting = setting_of("crash", 1)
    again = run_world(setting, guarded(setting))
    losses = {holder.name: round(holder.balance - again.equity[holder.name], 2) for holder in setting.holders}
    assert losses == {account.name: account.loss for account in crash.accounts}


def test_a_plan_for_nobody_is_nothing() -> None:
    setting = setting_of("crash", 1)
    base = unguarded(setting)
    teller, nobody = run_world(setting, base), run_world(setting, planned(base, {}))
    assert (teller.equity, teller.liquidated) == (nobody.equity, nobody.liquidated)


def test_who_knows_saves_what_is_in_danger_with_the_same_refusals() -> None:
    setting = setting_of("crash", 1)
    base = unguarded(setting)
    nothing = run_world(setting, base)
    best = best_of(setting, base, nothing, dict(nothing.danger))
    assert set(nothing.liquidated) <= best.saved


def test_nothing_is_touched_in_a_calm_hour() -> None:
    totals = totals_of("calm", [run_seed("calm", 1)])
    assert (totals.touched, totals.liquidated) == (0, 0)


def test_processes_change_nothing() -> None:
    told: list[SeedResult] = []
    found = run_seeds([("calm", 1, "", LEVERAGES), ("calm", 2, "", LEVERAGES)], 2, told.append)
    assert found == told
    assert found[0] == run_seed("calm", 1)


def test_the_command_tells_totals_and_writes_a_page(tmp_path: Path) -> None:
    page = tmp_path / "study.html"
    words = ["study", "liquidation", "--scenario", "crash", "--seeds", "1", "--processes", "1", "--html", str(page)]
    result = CliRunner().invoke(letrade, [*words, "--json"])
    told = json.loads(result.output)
    assert told["totals"][0]["saved_share"] == 1.0
    assert len(told["seeds"]["crash"]) == 1
    text = page.read_text()
    assert "<svg" in text
    assert "http" not in text.split("<body>")[1].replace("http-equiv", "")


def test_a_month_goes_with_its_data() -> None:
    result = CliRunner().invoke(letrade, ["study", "liquidation", "--month", "2023-09"])
    assert result.exit_code != 0
    assert "go together" in str(result.exception or result.output)


def test_days_of_recorded_bars_are_worlds(tmp_path: Path) -> None:
    from letrade.studies.recorded import days_of

    file = tmp_path / "BTC_USDT_USDT-1h-futures.csv"
    rows = [f"{1_693_526_400 + 3600 * hour},100,{101 + hour % 2},99,100,5" for hour in range(48)]
    file.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]))
    assert days_of(str(file), "2023-09") == [19_601, 19_602]
    result = run_seed("recorded", 19_601, str(file))
    assert totals_of("recorded", [result]).touched == 0


@pytest.mark.parametrize("leverage", [2, 5])
def test_leverage_is_the_users_word(leverage: int) -> None:
    for holder in setting_of("calm", 1, leverages=(leverage,)).holders:
        held = sum(abs(PRICES[name] * size) for name, size in holder.positions.items())
        if holder.mode == "cross":
            assert held / holder.balance == pytest.approx(leverage, rel=0.01)
        else:
            assert 0.6 * leverage < held / holder.balance < leverage
