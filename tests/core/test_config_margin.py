"""What a desk file says of margin is looked up before the start: leverage, tiers, and the instruments of the guards."""

from __future__ import annotations

from pathlib import Path

import pytest

from letrade import assemble
from letrade.core.engine.blueprint import Blueprint
from letrade.core.errors import ConfigurationError
from tests.tree import ROOT

FUTURES, ARBITRAGE = ROOT / "desks" / "futures.toml", ROOT / "desks" / "funding-arbitrage.toml"
NO_FEED = """
[[venue]]
name = "paper"
[venue.margin]
rules = "{rules}"
[[instrument]]
name = "paper.BTC-USDT_USDT"
tick = "0.1"
lot = "0.001"
bracket = [{{ cap = "50000", rate = "0.01" }}, {second}]
[[account]]
name = "a"
venue = "paper"
balances = {{ USDT = "100" }}
"""
GUARD = '[[actor]]\nname = "liquidation"\n'
CAPS = '[[actor]]\nname = "leverage"\n'
ROUTE = '[[route]]\nname = "first"\nfrom = "binance"\nto = "reserve"\nfee = "1"\nlatency = "1s"\ncurrency = '


def start(*files: Path) -> None:
    Blueprint(assemble(list(files), {}), "margin").actors(None)


def venue_leverage(text: str) -> str:
    return f'[[venue]]\nname = "paper"\n[venue.margin]\nleverage = "{text}"\n'


@pytest.mark.parametrize(
    ("desk", "more", "said"),
    [
        (FUTURES, venue_leverage("7.5"), "paper.margin.leverage: expected a whole number of at least 1, found 7.5"),
        (FUTURES, venue_leverage("0.5"), "paper.margin.leverage: expected a whole number of at least 1, found 0.5"),
        (FUTURES, venue_leverage("126"), "margin.leverage: expected at most 125, as the tiers of paper.BTC-USDT_USDT"),
        (FUTURES, venue_leverage("1000"), "-4028"),
        (FUTURES, GUARD + 'groups = [["paper.BTC-USDT_UST"]]', '_UST", did you mean "paper.BTC-USDT_USDT"'),
        (FUTURES, CAPS + 'caps = { "paper.NOPE" = "3" }', 'there is no instrument "paper.NOPE"'),
        (FUTURES, CAPS + 'regimes = { "2" = "0.5" }', "expected regime, the feature that names one, beside regimes"),
        (ARBITRAGE, ROUTE + '"USTD"', 'route.first.currency: there is no currency "USTD", did you mean "USDT"?'),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_before_the_start(tmp_path: Path, desk: Path, more: str, said: str) -> None:
    (tmp_path / "more.toml").write_text(more)
    with pytest.raises(ConfigurationError) as raised:
        start(desk, tmp_path / "more.toml")
    assert said in str(raised.value)


def test_a_route_of_no_currency_is_told_with_the_file_where_no_data_tell_more(tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    more = '[[account]]\nname = "b"\nvenue = "paper"\n[[route]]\nname = "r"\nfrom = "a"\nto = "b"\n'
    more += 'fee = "0"\nlatency = "1s"\n'
    file.write_text(NO_FEED.format(rules="binance", second='{ rate = "0.02" }') + more + 'currency = "UDST"')
    with pytest.raises(ConfigurationError) as raised:
        assemble(file, {})
    assert f'{file}: route.r.currency: there is no currency "UDST", did you mean "USDT"?' in str(raised.value)
    file.write_text(file.read_text().replace("UDST", "BTC"))
    start(file)


@pytest.mark.parametrize("leverage", ["1", "125", "10.0"])
def test_a_leverage_that_the_venue_would_set_is_taken(tmp_path: Path, leverage: str) -> None:
    (tmp_path / "more.toml").write_text(venue_leverage(leverage))
    start(FUTURES, tmp_path / "more.toml")


@pytest.mark.parametrize(
    ("rules", "second", "said"),
    [
        ("binance", '{ cap = "20000", rate = "0.02" }', "tier 2: expected a cap above 50000, found 20000"),
        ("okx", '{ rate = "0.005" }', "tier 2: expected a rate of 0.01 or more, found 0.005"),
        ("binance", '{ rate = "0.02", amount = "7" }', "tier 2: expected the amount 500"),
        ("bybit", '{ rate = "1" }', "tier 2: expected a maintenance rate from 0 to below 1, found 1"),
    ],
)
def test_wrong_tiers_of_a_desk_file_are_told_with_the_file(tmp_path: Path, rules: str, second: str, said: str) -> None:
    file = tmp_path / "desk.toml"
    file.write_text(NO_FEED.format(rules=rules, second=second))
    with pytest.raises(ConfigurationError) as raised:
        assemble(file, {})
    assert f'{file}: instrument."paper.BTC-USDT_USDT".bracket: {said}' in str(raised.value)
