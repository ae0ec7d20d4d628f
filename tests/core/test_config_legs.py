"""What strategies of several markets name in a desk file is looked up before the start: markets, accounts, venues."""

from __future__ import annotations

from pathlib import Path

import pytest

from letrade import assemble
from letrade.core.engine.blueprint import Blueprint
from letrade.core.errors import ConfigurationError
from tests.tree import ROOT

HEDGED, ARBITRAGE, ROLL = (
    ROOT / "desks" / "delta-neutral.toml",
    ROOT / "desks" / "funding-arbitrage.toml",
    ROOT / "examples" / "calendar_roll.toml",
)
ELSEWHERE = '[[venue]]\nname = "other"\n[[account]]\nname = "far"\nvenue = "other"\n'
COIN = '[[instrument]]\nname = "bybit.BTC-USD_BTC"\nkind = "inverse"\ntick = "0.1"\nlot = "1"\nmultiplier = "100"\n'
OTHER = '[[instrument]]\nname = "bybit.ETH-USDT_USDT"\ntick = "0.1"\nlot = "0.001"\n'
USDC = '[[instrument]]\nname = "bybit.BTC-USDC_USDC"\ntick = "0.1"\nlot = "0.001"\n'
INVERSE = (
    '[[instrument]]\nname = "paper.BTC-USD_BTC-240101"\nkind = "inverse"\nbase = "BTC"\nquote = "USD"\nsettle = "BTC"\n'
    'tick = "0.1"\nlot = "1"\nmultiplier = "100"\n'
)
CARRY, ROLLED, PAIR = '[[actor]]\nname = "carry"\n', '[[actor]]\nname = "roll"\n', '[[actor]]\nname = "arbitrage"\n'


@pytest.mark.parametrize(
    ("desk", "more", "said"),
    [
        (HEDGED, CARRY + 'hedge_account = "cahs"', 'actor.carry.accounts: there is no account "cahs", did you mean'),
        (HEDGED, CARRY + 'hedge = "paper.BTC-USDT_UST"', 'there is no instrument "paper.BTC-USDT_UST", did you mean'),
        (HEDGED, CARRY + 'hedge = "paper.BTC-USDT"', "expected a hedge in another market"),
        (
            HEDGED,
            ELSEWHERE + CARRY + 'hedge_account = "far"',
            'actor.carry: paper.BTC-USDT_USDT: expected an account of its venue, found "far" of "other"',
        ),
        (ROLL, ROLLED + 'against = "paper.ETH-USDT"', 'there is no instrument "paper.ETH-USDT"'),
        (ROLL, ROLLED + 'against = "paper.BTC-USDT_USDT-240101B"', "expected each market once"),
        (ROLL, ELSEWHERE + ROLLED + 'account = "far"', 'expected an account of its venue, found "far" of "other"'),
        (ROLL, ROLLED + "position = 0.0", "expected a position that is not 0"),
        (
            ARBITRAGE,
            PAIR + 'legs = [{ instrument = "binance.BTC-USDT_USDT", account = "bybit" }, '
            '{ instrument = "bybit.BTC-USDT_USDT", account = "bybit" }]',
            'binance.BTC-USDT_USDT: expected an account of its venue, found "bybit" of "bybit"',
        ),
        (
            ARBITRAGE,
            PAIR + 'legs = [{ instrument = "binance.BTC-USDT_USDT", account = "binance" }, '
            '{ instrument = "binance.BTC-USDT_USDT", account = "binance" }]',
            "expected two or more different legs, found binance.BTC-USDT_USDT of binance twice",
        ),
        (ARBITRAGE, PAIR + "legs = []", "expected two or more different legs, found none"),
        (ARBITRAGE, PAIR + "exit = 0.01", "expected exit of at most enter"),
        (ARBITRAGE, PAIR + "size_max = 0.0005", "size_max: expected a lot of binance.BTC-USDT_USDT or more, 0.001"),
        (
            ARBITRAGE,
            COIN + PAIR + 'legs = [{ instrument = "binance.BTC-USDT_USDT", account = "binance" }, '
            '{ instrument = "bybit.BTC-USD_BTC", account = "bybit" }]',
            "found bybit.BTC-USD_BTC, inverse of 100",
        ),
        (
            ARBITRAGE,
            OTHER + PAIR + 'legs = [{ instrument = "binance.BTC-USDT_USDT", account = "binance" }, '
            '{ instrument = "bybit.ETH-USDT_USDT", account = "bybit" }]',
            "expected legs of the same coin, found binance.BTC-USDT_USDT of BTC, bybit.ETH-USDT_USDT of ETH",
        ),
        (
            ARBITRAGE,
            USDC + PAIR + 'legs = [{ instrument = "bybit.BTC-USDT_USDT", account = "bybit" }, '
            '{ instrument = "bybit.BTC-USDC_USDC", account = "bybit" }]',
            "expected legs of bybit that settle in one currency, found USDT and USDC",
        ),
        (HEDGED, CARRY + 'account = ""', 'actor.carry.account: expected a name of at most 64 letters'),
        (
            ROLL,
            INVERSE + ROLLED + 'contracts = [{ instrument = "paper.BTC-USD_BTC-240101", '
            'expires = "2024-01-01T00:01:00Z" }]',
            "actor.roll.against: expected none where a contract is inverse",
        ),
        (ARBITRAGE, PAIR + 'reserves = ["resevre"]', 'there is no account "resevre", did you mean "reserve"?'),
    ],
)
def test_what_a_leg_names_wrongly_is_told_before_the_start(tmp_path: Path, desk: Path, more: str, said: str) -> None:
    (tmp_path / "more.toml").write_text(more)
    with pytest.raises(ConfigurationError) as raised:
        Blueprint(assemble([desk, tmp_path / "more.toml"], {}), "legs").actors(None)
    assert said in str(raised.value)
