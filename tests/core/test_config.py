"""A desk file becomes one frozen, typed DeskConfig; files merge, and variables override them."""

import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from letrade.core.config.desk import DeskConfig, RiskLimits
from letrade.core.config.durations import format_duration, parse_duration
from letrade.core.config.load import load_desk, packaged_desks
from letrade.core.config.overrides import parse_value
from letrade.core.config.show import show, show_toml
from letrade.core.config.values import parse_decimal, parse_instant, show_decimal, show_instant
from letrade.core.errors import ConfigurationError, ExitCode
from tests.core.config_parts import DESK, FEED_KINDS, HERE, Cross, CrossConfig, Flow, built, load, write


def test_an_empty_file_is_a_desk_of_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "") == DeskConfig()


def test_a_small_file_has_everything_typed(tmp_path: Path) -> None:
    desk = load(tmp_path, DESK)
    assert desk.accounts[0].balances == {"USDT": Decimal(100_000)}
    assert (desk.venues[0].taker_fee, desk.venues[0].order_latency) == (Decimal("0.0005"), 50_000_000)
    actor = desk.actors[0]
    assert (actor.name, actor.actor_class) == ("ma_cross-1", Cross)
    assert actor.config == CrossConfig(instrument="binance.BTC-USDT")
    assert (desk.feeds[0].feed_class, desk.feeds[0].kind) == (Flow, "flow")


def test_an_instruments_name_tells_its_currencies_and_kind(tmp_path: Path) -> None:
    more = '[[instrument]]\nname = "x.1000SATS-USDC_USDC"\ntick = 1\nlot = 0.1\n'
    spot, linear = load(tmp_path, DESK, more).instruments
    assert (spot.kind, spot.base, spot.quote, spot.settle) == ("spot", "BTC", "USDT", "USDT")
    assert (linear.kind, linear.base, linear.quote, linear.settle) == ("linear", "1000SATS", "USDC", "USDC")
    assert (linear.tick, linear.lot, linear.venue) == (Decimal(1), Decimal("0.1"), "x")


def test_the_step_is_the_least_order_latency_unless_it_is_given(tmp_path: Path) -> None:
    venues = '[[venue]]\nname = "b"\norder_latency = "80ms"\n[[venue]]\nname = "c"\norder_latency = "70ms"\n'
    assert load(tmp_path, venues).desk.step == 70_000_000
    assert load(tmp_path, venues + '[desk]\nstep = "10ms"').desk.step == 10_000_000


def test_later_files_win_key_by_key_and_items_merge_by_name(tmp_path: Path) -> None:
    second = f"""
[desk]
name = "night"
[[account]]
name = "paper"
balances = {{ BTC = 1 }}
[[actor]]
name = "ma_cross-2"
class = "{HERE}.Cross"
instrument = "binance.BTC-USDT"
[[actor]]
name = "ma_cross-1"
fast = 7
windows = [1, 2]
"""
    desk = load(tmp_path, DESK, second)
    assert desk.desk.name == "night"
    assert desk.accounts[0].balances == {"USDT": Decimal(100_000), "BTC": Decimal(1)}
    assert [actor.name for actor in desk.actors] == ["ma_cross-1", "ma_cross-2"]
    assert desk.actors[0].config == CrossConfig(instrument="binance.BTC-USDT", fast=7, windows=[1, 2])


def test_an_instrument_with_a_later_day_is_a_new_version(tmp_path: Path) -> None:
    version = '[[instrument]]\nname = "binance.BTC-USDT"\ntick = "0.1"\nlot = "0.001"\nvalid_from = 2024-01-01\n'
    other = '[[instrument]]\nname = "binance.BTC-USDT"\nvalid_from = 2024-01-01\nmin_notional = 5\n'
    first, second = load(tmp_path, DESK, version, other).instruments
    assert (first.valid_from, first.tick) == (0, Decimal("0.01"))
    assert (second.valid_from, second.tick) == (1_704_067_200_000_000_000, Decimal("0.1"))
    assert second.min_notional == 5


def test_a_variable_overrides_any_key(tmp_path: Path) -> None:
    desk = load(
        tmp_path,
        DESK + '[[risk.limit]]\nname = "btc"\n',
        **{
            "LETRADE_DESK__name": "night",
            "LETRADE_ACTOR__ma_cross-1__fast": "7",
            "LETRADE_ACTOR__ma_cross_1__bar": "10s",
            "LETRADE_VENUE__binance__faults__lose": "0.5",
            "LETRADE_ACCOUNT__paper__balances__BTC": "1.50",
            "LETRADE_RISK__limit__btc__max_order_size": "2",
            "LETRADE_INSTRUMENT__binance.BTC-USDT__tick": "0.1",
            "LETRADE_NATS__url": '["nats://a:4222", "nats://b:4222"]',
            "LETRADE_HOME": "not ours to judge",
            "OTHER__desk": "nor this",
        },
    )
    assert desk.desk.name == "night"
    assert desk.actors[0].config == CrossConfig(instrument="binance.BTC-USDT", fast=7, bar=10_000_000_000)
    assert desk.venues[0].faults.lose == 0.5
    assert desk.accounts[0].balances["BTC"] == Decimal("1.5")
    assert desk.risk.limits[0].max_order_size == 2
    assert desk.instruments[0].tick == Decimal("0.1")
    assert desk.nats.urls == ["nats://a:4222", "nats://b:4222"]


def test_a_variable_whose_text_looks_like_a_number_still_names_a_desk(tmp_path: Path) -> None:
    assert load(tmp_path, "", LETRADE_DESK__name="007").desk.name == "007"
    assert load(tmp_path, "", LETRADE_DESK__name="42").desk.name == "42"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("0.5", 0.5),
        ("true", True),
        ("[1, 2]", [1, 2]),
        ('"5"', "5"),
        ("x", "x"),
        ("", ""),
        ("1\na = 2", "1\na = 2"),
    ],
)
def test_an_override_is_a_toml_value_or_its_own_text(text: str, value: object) -> None:
    assert parse_value(text) == value


def test_a_bare_name_is_a_desk_that_letrade_brings_and_a_missing_file_lists_them(tmp_path: Path) -> None:
    assert "full" in packaged_desks()
    with pytest.raises(ConfigurationError, match=r'no desk "ful", did you mean "full"\?; Letrade brings: .*full'):
        load_desk("ful", {})
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: expected a desk file, found no such file; .*full"):
        load_desk(tmp_path / "nowhere.toml", {})
    with pytest.raises(ConfigurationError, match="found a directory"):
        load_desk(tmp_path, {})


def test_a_commands_arguments_lie_over_the_files_and_below_the_variables(tmp_path: Path) -> None:
    file = write(tmp_path, '[desk]\nname = "a"\nseed = 1')
    extra = {"desk": {"name": "b", "seed": 2}}
    desk = load_desk(file, {"LETRADE_DESK__seed": "3"}, extra=extra)
    assert (desk.desk.name, desk.desk.seed) == ("b", 3)
    assert extra == {"desk": {"name": "b", "seed": 2}}


def test_a_feeds_files_are_meant_from_the_folder_of_the_file_that_names_them(tmp_path: Path) -> None:
    feed = '[[feed]]\nname = "f"\nkind = "flow"\nfiles = ["a.gz", "/data/b.gz"]\n'
    (loaded,) = load(tmp_path, feed).feeds
    assert loaded.files == [str(tmp_path / "a.gz"), "/data/b.gz"]
    assert loaded.config.files == loaded.files  # type: ignore[attr-defined]
    (typed,) = built({"feed": [{"name": "f", "kind": "flow", "files": ["a.gz"], "speed": 10}]}).feeds
    assert (typed.files, typed.speed) == (["a.gz"], 10.0)


def test_the_process_of_an_actor_is_its_worker_or_the_desk(tmp_path: Path) -> None:
    worker = '[[worker]]\nname = "w"\nactors = ["ma_cross-1"]\n[[venue]]\nname = "binance"\nworker = "w"\n'
    desk = load(tmp_path, DESK, worker)
    assert [desk.process_of(name) for name in ("ma_cross-1", "binance", "flow")] == ["w", "w", "desk"]


def test_the_last_limit_that_fits_replaces_the_desks() -> None:
    limits = [
        {"name": "a", "account": "paper", "max_order_size": "2", "price_band": "0.1"},
        {"name": "b", "instrument": "x.A-B", "max_order_size": "3"},
    ]
    tables: dict[str, object] = {
        "venue": [{"name": "x"}],
        "account": [{"name": "paper", "venue": "x"}, {"name": "other", "venue": "x"}],
        "instrument": [{"name": "x.A-B", "tick": 1, "lot": 1}],
        "risk": {"max_order_size": "1", "limit": limits},
    }
    risk = built(tables).risk
    assert risk.limits_for("other", "x.C-D").max_order_size == 1
    assert risk.limits_for("paper", "x.C-D").max_order_size == 2
    both = risk.limits_for("paper", "x.A-B")
    assert both == RiskLimits(max_order_size=Decimal(3), price_band=Decimal("0.1"), stale_after=5_000_000_000)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0s", 0),
        ("100ns", 100),
        ("10us", 10_000),
        ("50ms", 50_000_000),
        ("1.5s", 1_500_000_000),
        ("1m", 60_000_000_000),
        ("1h", 3_600_000_000_000),
        ("2d", 172_800_000_000_000),
        ("1 s", 1_000_000_000),
    ],
)
def test_durations_are_whole_nanoseconds(text: str, ns: int) -> None:
    assert parse_duration(text) == ns
    assert parse_duration(format_duration(ns)) == ns


@pytest.mark.parametrize(
    "wrong", [50, 1.5, True, None, "", "50", "ms", "-1s", "1.5ns", "1e3s", "300000d", "1s 2", "١s"]
)
def test_what_is_no_duration_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_duration(wrong)


def test_decimals_are_exact_and_bounded() -> None:
    assert show_decimal(parse_decimal("0.00000001")) == "0.00000001"
    assert show_decimal(parse_decimal(1e-8)) == "0.00000001"
    assert parse_decimal(0.1) == Decimal("0.1")
    assert parse_decimal(5_000_000_000_000) == 5 * 10**12
    for wrong in ("", "x", "nan", "-inf", float("inf"), float("nan"), "1e400", "1" * 50, True, None):
        with pytest.raises(ValueError, match="not"):
            parse_decimal(wrong)


@pytest.mark.parametrize("text", ["2024-01-01", "2024-08-08T23:54:00.000001Z", "1970-01-01"])
def test_instants_are_read_as_they_are_shown(text: str) -> None:
    assert show_instant(parse_instant(text)) == text
    assert parse_instant(tomllib.loads(f"t = {text}")["t"]) == parse_instant(text)


def test_the_shown_configuration_holds_defaults_and_describes_the_same_desk(tmp_path: Path) -> None:
    worker = '[[worker]]\nname = "w"\nactors = ["ma_cross-1"]\n[nats]\npassword = "env:LETRADE_TEST_PASSWORD"\n'
    desk = load(tmp_path, DESK, worker + '[risk]\nprice_band = 0.05\n[[risk.limit]]\nname = "l"\nmax_drawdown = "0.2"')
    shown = show(desk)
    assert shown["desk"]["snapshot_every"] == "10s"
    assert shown["actor"][0] == {
        "name": "ma_cross-1",
        "class": f"{HERE}.Cross",
        "instrument": "binance.BTC-USDT",
        "fast": 5,
        "slow": 20,
        "bar": "1s",
        "windows": [],
        "bars": ["1m"],
    }
    assert msgspec.json.decode(msgspec.json.encode(shown)) == shown
    assert load(tmp_path, show_toml(desk)) == desk


def test_every_problem_of_a_file_is_told_at_once_with_exit_code_4(tmp_path: Path) -> None:
    text = '[desk]\nnane = "x"\nseed = "one"\n[natss]\n[[actor]]\nname = "a"\nclass = "no.such.Module"\n'
    with pytest.raises(ConfigurationError) as raised:
        load_desk(write(tmp_path, text), {}, feed_kinds=FEED_KINDS)
    assert raised.value.exit_code is ExitCode.CONFIGURATION
    assert len(str(raised.value).splitlines()) == 4
    assert all(line.startswith(f"{tmp_path}/desk.toml: ") for line in str(raised.value).splitlines())
