"""Letrade's public names, each loaded when first used so that `import letrade` stays light."""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from letrade.actors.strategies.base import BaseStrategy, BookStrategy, StrategyConfig
    from letrade.assembly import assemble
    from letrade.backtest import Backtest, run_backtest
    from letrade.backtesting.facade import BacktestEngine
    from letrade.core.actor import Actor, ActorConfig
    from letrade.core.analysis.analyzer import PerformanceAnalyzer
    from letrade.core.analysis.record import RunRecord
    from letrade.core.config.desk import DeskConfig
    from letrade.core.engine.engine import CoreEngine
    from letrade.core.engine.options import EngineOptions
    from letrade.core.errors import LetradeError
    from letrade.core.feed import Feed
    from letrade.core.messages.accounts import Position
    from letrade.core.messages.base import Message
    from letrade.core.messages.features import Features
    from letrade.core.messages.market import Bar, Instrument, Quote, Trade
    from letrade.core.messages.orders import BasketUpdate, Fill, OrderUpdate
    from letrade.core.messages.signals import Basket, Protect, Quotes, Target, WorkingQuote
    from letrade.core.messages.transfers import TransferUpdate
    from letrade.core.network.link import Link, LinkConfig
    from letrade.core.network.links import new_link
    from letrade.core.stage import Stage
    from letrade.hotpath.book import Book
    from letrade.hotpath.book_orders import OrdersBook
    from letrade.hotpath.matcher import Matcher
    from letrade.hotpath.matching import MatchingEngine
    from letrade.report.writer import write_report

# Where each public name is defined. The imports above say the same to type checkers.
_HOME = {
    "Actor": "letrade.core.actor",
    "ActorConfig": "letrade.core.actor",
    "Backtest": "letrade.backtest",
    "BacktestEngine": "letrade.backtesting.facade",
    "Bar": "letrade.core.messages.market",
    "BaseStrategy": "letrade.actors.strategies.base",
    "Basket": "letrade.core.messages.signals",
    "BasketUpdate": "letrade.core.messages.orders",
    "Book": "letrade.hotpath.book",
    "BookStrategy": "letrade.actors.strategies.base",
    "CoreEngine": "letrade.core.engine.engine",
    "DeskConfig": "letrade.core.config.desk",
    "EngineOptions": "letrade.core.engine.options",
    "Features": "letrade.core.messages.features",
    "Feed": "letrade.core.feed",
    "Fill": "letrade.core.messages.orders",
    "Instrument": "letrade.core.messages.market",
    "LetradeError": "letrade.core.errors",
    "Link": "letrade.core.network.link",
    "LinkConfig": "letrade.core.network.link",
    "Matcher": "letrade.hotpath.matcher",
    "MatchingEngine": "letrade.hotpath.matching",
    "Message": "letrade.core.messages.base",
    "OrderUpdate": "letrade.core.messages.orders",
    "OrdersBook": "letrade.hotpath.book_orders",
    "PerformanceAnalyzer": "letrade.core.analysis.analyzer",
    "Position": "letrade.core.messages.accounts",
    "Protect": "letrade.core.messages.signals",
    "Quote": "letrade.core.messages.market",
    "Quotes": "letrade.core.messages.signals",
    "RunRecord": "letrade.core.analysis.record",
    "Stage": "letrade.core.stage",
    "StrategyConfig": "letrade.actors.strategies.base",
    "Target": "letrade.core.messages.signals",
    "Trade": "letrade.core.messages.market",
    "TransferUpdate": "letrade.core.messages.transfers",
    "WorkingQuote": "letrade.core.messages.signals",
    "assemble": "letrade.assembly",
    "new_link": "letrade.core.network.links",
    "run_backtest": "letrade.backtest",
    "write_report": "letrade.report.writer",
}

__all__ = [
    "Actor",
    "ActorConfig",
    "Backtest",
    "BacktestEngine",
    "Bar",
    "BaseStrategy",
    "Basket",
    "BasketUpdate",
    "Book",
    "BookStrategy",
    "CoreEngine",
    "DeskConfig",
    "EngineOptions",
    "Features",
    "Feed",
    "Fill",
    "Instrument",
    "LetradeError",
    "Link",
    "LinkConfig",
    "Matcher",
    "MatchingEngine",
    "Message",
    "OrderUpdate",
    "OrdersBook",
    "PerformanceAnalyzer",
    "Position",
    "Protect",
    "Quote",
    "Quotes",
    "RunRecord",
    "Stage",
    "StrategyConfig",
    "Target",
    "Trade",
    "TransferUpdate",
    "WorkingQuote",
    "__version__",
    "assemble",
    "new_link",
    "run_backtest",
    "write_report",
]


if not TYPE_CHECKING:  # type checkers read the imports above, and so find a name that does not exist

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module 'letrade' has no attribute {name!r}")
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
