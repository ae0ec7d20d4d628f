"""Runs one world to its end and says what became of each position."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from letrade.backtest import BACKTEST_UID
from letrade.backtesting.failing import ActorFailed, Faults, in_words
from letrade.core.config.desk import DeskConfig
from letrade.core.engine.blueprint import Blueprint
from letrade.core.messages.base import Message
from letrade.core.messages.margin import ISOLATED_MARGIN, LiquidationNear, MarginRequest, Reduce
from letrade.core.messages.venue import VenueFill
from letrade.core.process import Process
from letrade.core.quantities import exact
from letrade.core.stepping.course import Course
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import Solo
from letrade.studies.feed import WorldFeed
from letrade.studies.paths import STAKED
from letrade.studies.worlds import COIN, VENUE, Setting

Market = tuple[str, str]
"""(account, instrument)."""


class Ended(Struct):
    """A world that is over."""

    equity: dict[str, float]
    """Of each managed account, at what is traded last."""
    liquidated: dict[Market, int]
    """When the venue first liquidated a position."""
    deleveraged: dict[Market, int]
    touched: dict[Market, int]
    """When the desk first did something about a position."""
    danger: dict[str, int]
    """When each account was first told to be so near that something is done."""
    means: dict[str, float] = {}
    """What each began with, its coins at what is traded last: what these lost of it nobody here can help."""


class Watcher:
    """Hears everything that is said in a world."""

    def __init__(self, setting: Setting) -> None:
        self.managed = set(setting.managed)
        self.ended = Ended({}, {}, {}, {}, {})
        self.failures: list[str] = []

    def __call__(self, message: Message) -> None:
        ended = self.ended
        if isinstance(message, VenueFill):
            if message.account not in self.managed:
                return
            found = {"liquidation": ended.liquidated, "adl": ended.deleveraged}.get(message.origin)
            if found is not None:
                found.setdefault((message.account, message.instrument), message.time)
        elif isinstance(message, Reduce) or (isinstance(message, MarginRequest) and message.change == ISOLATED_MARGIN):
            ended.touched.setdefault((message.account, message.instrument), message.time)
        elif isinstance(message, LiquidationNear) and message.level in ("act", "liquidated"):
            ended.danger.setdefault(message.account, message.time)


def run_world(setting: Setting, config: DeskConfig) -> Ended:
    """ActorFailed where an actor raised: a study of a desk that is broken says nothing."""
    blueprint = Blueprint(config, BACKTEST_UID)
    process = Process("desk", blueprint.node(None), None, None)
    watcher = Watcher(setting)
    process.node.observers.append(watcher)
    faults = process.node.on_fail = Faults()
    reader = FeedReader(blueprint.feeds(None))
    solo, course = Solo(process, reader, config.desk.step), Course(process, reader, config)
    while (following := course.next(solo.next_window())) is not None:
        solo.run(following[0], *following[1])
    for fault in faults.told():
        raise ActorFailed(f"world {setting.scenario} {setting.seed}: {in_words(fault)}")
    venue = next(slot.actor for slot in process.node.slots if slot.actor.name == VENUE)
    last = _last_prices(blueprint)
    watcher.ended.equity = _equities(setting, venue, last)
    watcher.ended.means = {each.name: each.means(last[STAKED]) for each in setting.holders if each.managed}
    return watcher.ended


def _last_prices(blueprint: Blueprint) -> dict[str, float]:
    (feed,) = blueprint.feeds(None)
    if not isinstance(feed, WorldFeed):
        raise TypeError("a world's feed is a WorldFeed")
    return {name: course.traded[-1] for name, course in feed.path().courses.items()}


def _equities(setting: Setting, venue: Any, last: dict[str, float]) -> dict[str, float]:
    """What each account is worth at the price that was traded last."""
    found = {}
    for name in setting.managed:
        account = venue.exchange.accounts[name]
        worth = account.wallet.total("USDT").value
        for instrument in account.positions:
            rules = venue.exchange.rules_of(instrument)
            worth += account.unrealised(instrument, float(exact(last[instrument])), rules)
        if account.wallet.has(COIN):
            worth += account.wallet.total(COIN).value * exact(last[STAKED])
        found[name] = float(worth)
    return found
