"""Routes, loans and settlement in a desk file: each mistake is told where it is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from letrade import assemble
from letrade.core.config.durations import parse_duration
from letrade.core.errors import ConfigurationError

BASE = """
[[venue]]
name = "near"
[[venue]]
name = "far"
[[account]]
name = "a"
venue = "near"
[[account]]
name = "b"
venue = "far"
"""
ROUTE = {"name": "r", "from": "a", "to": "b", "currency": "USDT", "fee": "1", "latency": "10m"}


def load(folder: Path, text: str) -> object:
    file = folder / "desk.toml"
    file.write_text(BASE + text)
    return assemble(str(file), {})


def table(header: str, keys: dict[str, str]) -> str:
    return "\n".join([f"[[{header}]]", *(f'{key} = "{value}"' for key, value in keys.items())]) + "\n"


def test_a_route_and_what_it_says_by_default(tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_text(BASE + table("route", ROUTE))
    (route,) = assemble(str(tmp_path / "desk.toml"), {}).routes
    assert (route.from_account, route.to_account, route.fee) == ("a", "b", Decimal(1))
    assert (route.latency, route.minimum, route.decimals, route.fail_rate) == (parse_duration("10m"), 0, 8, 0.0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"to": "c"}, r'route\.r\.to: there is no account "c"'),
        ({"from": "b"}, 'found "b" as both from and to'),
        ({"fee": "-1"}, r"route\.r\.fee"),
        ({"fee": "nan"}, r"route\.r\.fee"),
        ({"latency": "0s"}, r"route\.r\.latency"),
        ({"latency": ""}, r"route\.r\.latency"),
        ({"minimum": "-1"}, r"route\.r\.minimum"),
        ({"decimals": "19"}, r"route\.r\.decimals"),
        ({"fail_rate": "1.5"}, r"route\.r\.fail_rate"),
        ({"speed": "1"}, r"route\.r\.speed: unknown key"),
    ],
)
def test_a_route_that_cannot_be_is_refused_by_its_key(tmp_path: Path, change: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load(tmp_path, table("route", {**ROUTE, **change}))


@pytest.mark.parametrize("key", ["from", "to", "currency", "fee", "latency"])
def test_what_a_route_must_say_is_asked_for(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"route\.r\.{key}: is missing"):
        load(tmp_path, table("route", {name: value for name, value in ROUTE.items() if name != key}))


def test_two_routes_of_one_way_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match='two routes for USDT from "a" to "b"'):
        load(tmp_path, table("route", ROUTE) + table("route", {**ROUTE, "name": "s"}))


def test_an_account_borrows_where_something_is_lent(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"account\.c\.borrow: \"near\" lends nothing"):
        load(tmp_path, '[[account]]\nname = "c"\nvenue = "near"\nborrow = true\n')


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ('limit = "0"\nrate = "0"', "limit"),
        ('limit = "1"\nrate = "-1"', "rate"),
        ('limit = "1"\nrate = "0"\nlevel = "2.1"', "level"),
        ('limit = "1"\nrate = "0"\nlevel = "0.9"', "level"),
        ('limit = "1"\nrate = "0"\nrules = "bitfinex"', "rules"),
        ('rate = "0"', "limit: is missing"),
    ],
)
def test_loans_that_cannot_be_are_refused_by_their_key(tmp_path: Path, terms: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load(tmp_path, f'[[venue]]\nname = "lender"\n[venue.borrow."BTC"]\n{terms}\n')


@pytest.mark.parametrize("time", ["24:00", "0:00", "00:60", "noon", "00:00:00", ""])
def test_a_time_of_day_is_told_in_hours_and_minutes(tmp_path: Path, time: str) -> None:
    with pytest.raises(ConfigurationError, match="a time of day"):
        load(tmp_path, f'[capital]\nsettle = "{time}"\n')
