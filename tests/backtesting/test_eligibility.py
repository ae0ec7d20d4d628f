"""What only the desk's actors know how to tell is a doubt of the compiled engine, never a silence."""

from __future__ import annotations

from typing import Any

import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.facade import BacktestEngine
from letrade.core.errors import LetradeError
from letrade.core.messages.accounts import Position
from letrade.core.messages.margin import LiquidationNear
from letrade.core.messages.market import Quote
from letrade.core.messages.transfers import TransferUpdate
from letrade.hotpath.simulation.doubt import Doubtful
from tests.backtesting.golden import INSTRUMENT, quotes, tables


class Held(BaseStrategy):
    """Wants to hear of positions."""

    def on_position(self, position: Position) -> None:
        self.target(0.0)


class Near(BaseStrategy):
    """Wants to hear how near liquidation is."""

    def on_liquidation_near(self, near: LiquidationNear) -> None:
        self.target(0.0)


def test_a_strategy_that_listens_to_positions_is_a_doubt() -> None:
    engine = BacktestEngine(tables())
    engine.add_strategy(Held, "held", instrument=INSTRUMENT, account="paper")
    with pytest.raises(Doubtful, match="held listens to Position, which the compiled desk does not tell"):
        CompiledBacktest(engine.config, "backtest")


def test_a_strategy_that_listens_to_margin_is_a_doubt() -> None:
    engine = BacktestEngine(tables())
    engine.add_strategy(Near, "near", instrument=INSTRUMENT, account="paper")
    with pytest.raises(Doubtful, match="near listens to LiquidationNear, which the compiled desk does not tell"):
        CompiledBacktest(engine.config, "backtest")


@pytest.mark.parametrize("monitor", ["liquidation.monitor.LiquidationMonitor", "leverage.manager.LeverageManager"])
def test_a_monitor_that_may_act_is_a_doubt_and_never_left_out(monitor: str) -> None:
    desk = tables()
    desk["actor"] = [*desk.get("actor", []), {"name": "guard", "class": f"letrade.actors.{monitor}"}]
    with pytest.raises(Doubtful, match=r"guard .* is a monitor, which might act on what it sees"):
        CompiledBacktest(BacktestEngine(desk).config, "backtest")


def test_coins_that_back_contracts_are_a_doubt() -> None:
    desk = tables()
    (venue,) = desk["venue"]
    coins = {"BTC": {"index": INSTRUMENT, "haircut": "0.05"}}
    desk["venue"] = [{**venue, "margin": {"rules": "binance", "collateral": coins}}]
    with pytest.raises(Doubtful, match=r"takes BTC as collateral"):
        CompiledBacktest(BacktestEngine(desk).config, "backtest")


class Moves(BaseStrategy):
    """Wants money to move at the first price."""

    def on_quote(self, quote: Quote) -> None:
        self.transfer("moves-1", "paper", "USDT", "10")


class Moved(BaseStrategy):
    """Wants to hear what became of money that moves."""

    def on_transfer_update(self, update: TransferUpdate) -> None:
        self.target(0.0)


def test_a_strategy_that_hears_of_transfers_is_a_doubt() -> None:
    engine = BacktestEngine(tables())
    engine.add_strategy(Moved, "moved", instrument=INSTRUMENT, account="paper")
    with pytest.raises(Doubtful, match="moved listens to TransferUpdate, which the compiled desk does not tell"):
        CompiledBacktest(engine.config, "backtest")


def test_a_strategy_that_moves_money_is_a_doubt_when_it_does() -> None:
    engine = BacktestEngine(tables())
    engine.add_strategy(Moves, "moves", instrument=INSTRUMENT, account="paper")
    engine.add_quotes(INSTRUMENT, **quotes(10))
    with pytest.raises(LetradeError, match="TransferRequest"):
        engine.run("compiled")
    assert engine.run()["engine"] == "actors"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"capital": {"settle": "00:00"}}, "goes into their allocations each day"),
        ({"account": [{"name": "paper", "borrow": True}]}, "paper borrows"),
        ({"actor": [{"name": "funding", "class": "letrade.actors.monitor.funding.FundingWatch"}]}, "is a monitor"),
    ],
)
def test_settlement_loans_and_what_watches_funding_are_doubts(changes: dict[str, Any], reason: str) -> None:
    desk = tables()
    for key, value in changes.items():
        if key == "account":
            desk[key] = [{**each, **value[0]} for each in desk[key]]
            desk["venue"] = [{**each, "borrow": {"BTC": {"limit": "1", "rate": "0"}}} for each in desk["venue"]]
        else:
            desk[key] = [*desk.get(key, []), *value] if isinstance(value, list) else {**desk.get(key, {}), **value}
    with pytest.raises(Doubtful, match=reason):
        CompiledBacktest(BacktestEngine(desk).config, "backtest")
