"""What an account must have to begin with positions: the margin that they need at their entry."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.actors.venue.simulated import SimulatedVenue
from letrade.core.config.accounts import AccountConfig, StartPosition
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.config.venue_margin import CollateralConfig, MarginConfig
from letrade.core.errors import ConfigurationError
from letrade.core.messages.market import Bracket, Instrument
from tests.actors.venue_margin_parts import COIN, OTHER, inverse, perpetual
from tests.actors.venue_parts import LINEAR
from tests.stage import BTC, context

RULES = ("binance", "bybit", "okx", "hyperliquid")


def begin(
    balance: str, mode: str = "isolated", rules: str = "binance", instruments: tuple[Instrument, ...] = (), **more: Any
) -> SimulatedVenue:
    """The venue of an account that begins with a long of 1 at 60,000, or what else is said, ready to start."""
    start = StartPosition(quantity=Decimal(1), price=Decimal(60_000))
    margin = {"leverage": Decimal(10), **more.pop("margin", {})}
    account = {"balances": {"USDT": Decimal(balance)}, "positions": {LINEAR: start}, "margin_mode": mode, **more}
    login = AccountConfig(name="a", venue="paper", **account)
    venue = VenueConfig(name="paper", margin=MarginConfig(rules=rules, **margin))  # type: ignore[arg-type]
    known = instruments or (perpetual(rules),)
    shared = context(*known, settings=DeskConfig(venues=[venue], accounts=[login]))
    return SimulatedVenue("paper", SimulatedVenue.Config(venue="paper"), shared)


@pytest.mark.parametrize("rules", RULES)
def test_isolated_margin_that_is_not_there_is_refused_at_the_start(rules: str) -> None:
    needed = 6_027 if rules == "bybit" else 6_000
    """bybit reserves the fee of closing, 0.05 % of 54,000, too."""
    with pytest.raises(ConfigurationError, match=f"account 'a': positions: {LINEAR}: .*{needed} USDT.*found 10 USDT"):
        begin("10", rules=rules)
    begin(str(needed), rules=rules)


def test_isolated_positions_of_one_currency_share_what_is_there() -> None:
    two = {name: StartPosition(quantity=Decimal(-1), price=Decimal(60_000)) for name in (LINEAR, OTHER)}
    known = (perpetual("binance"), perpetual("binance", OTHER, base="ETH"))
    with pytest.raises(ConfigurationError, match=f"{LINEAR}, {OTHER}: .* 12000 USDT .*found 11999.99 USDT"):
        begin("11999.99", instruments=known, positions=two)
    begin("12000", instruments=known, positions=two)


@pytest.mark.parametrize("rules", RULES)
def test_cross_positions_below_their_maintenance_at_the_entry_are_refused_at_the_start(rules: str) -> None:
    with pytest.raises(ConfigurationError, match=r"account 'a': positions: .* maintenance margin .*found 10 USDT"):
        begin("10", "cross", rules)
    begin("500", "cross", rules)


def test_a_leverage_whose_margin_is_below_the_maintenance_of_the_tier_is_refused_at_the_start() -> None:
    """At 50 the margin of 50 at 60,000 is 60,000, and the fourth tier needs 0.025 of 3,000,000 less 16,300."""
    start = {LINEAR: StartPosition(quantity=Decimal(50), price=Decimal(60_000))}
    with pytest.raises(ConfigurationError, match=r"maintenance margin of 58700 USDT .* found 30000 USDT"):
        begin("100000", positions=start, margin={"leverage": Decimal(100)})
    begin("100000", positions=start, margin={"leverage": Decimal(50)})


def test_inverse_contracts_need_their_coin() -> None:
    """600 contracts of 100 at 60,000 are a coin."""
    start = {COIN: StartPosition(quantity=Decimal(600), price=Decimal(60_000))}
    known = (inverse("binance"),)
    with pytest.raises(ConfigurationError, match=r"0\.1 BTC .*found 0 BTC"):
        begin("100000", instruments=known, positions=start)
    begin("0", instruments=known, positions=start, balances={"BTC": Decimal("0.1")})


def test_coins_that_may_back_cross_positions_are_not_judged_before_their_price_is_known() -> None:
    backed = {"collateral": {"BTC": CollateralConfig(index="paper.BTC-USDT", haircut=Decimal(0))}}
    known, coins = (BTC, perpetual("binance")), {"BTC": Decimal(1)}
    begin("0", "cross", instruments=known, balances=coins, margin=backed)
    with pytest.raises(ConfigurationError, match="maintenance margin"):
        begin("0", "cross", instruments=known, margin=backed)


def test_of_dated_tiers_those_of_the_start_decide() -> None:
    """Before 1 the one tier needs a half, after it a hundredth: nothing is refused before the time is known."""
    dated = [
        msgspec.structs.replace(perpetual("binance"), valid_from=time, brackets=(Bracket("0", "", rate),))
        for time, rate in ((0, "0.5"), (1, "0.01"))
    ]
    venue = begin("1000", "cross", instruments=tuple(dated))
    venue.time = 1
    venue.start()
    venue.time = 0
    with pytest.raises(ConfigurationError, match="maintenance margin of 30000 USDT"):
        venue.start()
