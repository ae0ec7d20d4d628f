"""Binds a desk that is written for any instrument to the one that its recorded data is about.

`*` stands for what the data says: a strategy's `instrument` (or none at all), a venue's `name`, an account's `venue`
and the currency of a balance. Where the desk has no such venue or account, one of each is made. Equity is counted in
that currency too, unless the desk says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import structs

from letrade.core.actor import Context
from letrade.core.config.classes import load_actor_class
from letrade.core.config.describe import fields_of
from letrade.core.config.desk import DeskConfig, FeedEntry
from letrade.core.config.load import build_desk
from letrade.core.config.merge import is_named
from letrade.core.config.problems import Origin
from letrade.core.errors import ConfigurationError, LetradeError
from letrade.core.instruments import Catalogue
from letrade.core.messages.market import Instrument
from letrade.core.stage import Stage

ANY = "*"
MADE_ACCOUNT = "paper"
MADE_BALANCE = "1000000"
"""Of the currency that the data's instrument is paid with, where the desk names no account."""


def is_open(tables: Mapping[str, Any]) -> bool:
    """Whether something in the desk waits for data to say what it is. Without any feed a strategy that names no
    instrument is just not finished, which is told as every other key that is missing."""
    venues, accounts = tables.get("venue"), tables.get("account")
    stars = [venue.get("name") for venue in venues] if is_named(venues) else []
    stars += [account.get("venue") for account in accounts] if is_named(accounts) else []
    waiting = list(_open_strategies(tables))
    stars += [actor["instrument"] for actor in waiting if "instrument" in actor]
    return ANY in stars or (bool(waiting) and is_named(tables.get("feed")))


def _open_strategies(tables: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    actors = tables.get("actor")
    for actor in actors if is_named(actors) else ():
        if actor.get("instrument", ANY) == ANY and _needs_instrument(actor.get("class")):
            yield actor


def _needs_instrument(path: object) -> bool:
    """A strategy whose Config asks for an instrument; a class that cannot be loaded is told of later."""
    if not isinstance(path, str):
        return False
    try:
        loaded: Any = load_actor_class(path)
        fields = {field.name: field for field in fields_of(loaded.Config)}
    except (LetradeError, NameError):
        return False
    return loaded.stage == Stage.STRATEGY and "instrument" in fields and fields["instrument"].required


class Binding:
    """What the data of a desk's feeds says of a desk that leaves it open."""

    def __init__(self, tables: Mapping[str, Any], feed_kinds: Mapping[str, str]) -> None:
        self.tables = tables
        self.feed_kinds = feed_kinds

    def layer(self) -> dict[str, Any]:
        """Tables to lay over the desk. ConfigurationError when the data is about no instrument, or about several."""
        told = self._told()
        instrument = told.instrument
        venue = instrument.partition(".")[0]
        tables: dict[str, Any] = {
            "actor": [{"name": actor.get("name"), "instrument": instrument} for actor in _open_strategies(self.tables)]
        }
        if instrument not in self._names("instrument"):
            tables["instrument"] = [_table_of(told)]
        if venue not in self._names("venue"):
            tables["venue"] = [{**self._starred("venue"), "name": venue}]
        currency = told.quote if told.kind == "spot" else told.settle
        tables |= self._accounts(venue, currency)
        return {key: value for key, value in tables.items() if value}

    def _told(self) -> Instrument:
        """The one instrument of the data, with the desk's own rules where it has them."""
        config = build_desk([(Origin("feeds"), {"feed": self.tables.get("feed") or []})], {}, self.feed_kinds)
        if not config.feeds:
            raise ConfigurationError(
                "the desk is written for any instrument: name recorded files with --data or --feed, or give its "
                "strategies an `instrument`"
            )
        told: dict[str, Instrument] = {}
        for each in (each for feed in config.feeds for each in _instruments(feed, config)):
            told[each.instrument] = _finest(told.get(each.instrument, each), each)
        if len(told) != 1:
            known = ", ".join(told) or "none"
            raise ConfigurationError(
                f"expected data about one instrument, found {known}: give each strategy its `instrument`"
            )
        return next(iter(told.values()))

    def _accounts(self, venue: str, currency: str) -> dict[str, Any]:
        accounts = self.tables.get("account")
        known = accounts if is_named(accounts) else []
        bound = [self._bound(account, venue, currency) for account in known if account.get("venue") == ANY]
        if not bound and any(account.get("venue") == venue for account in known):
            return {}
        made = {"name": MADE_ACCOUNT, "venue": venue, "balances": {currency: MADE_BALANCE}}
        own = self.tables.get("desk")
        says = isinstance(own, dict) and "reporting_currency" in own
        return {"account": bound or [made], "desk": {} if says else {"reporting_currency": currency}}

    def _bound(self, account: Mapping[str, Any], venue: str, currency: str) -> dict[str, Any]:
        bound: dict[str, Any] = {"name": account.get("name"), "venue": venue}
        balances = account.get("balances")
        if isinstance(balances, dict) and ANY in balances:
            bound["balances"] = {currency: balances[ANY]}
        return bound

    def _starred(self, section: str) -> dict[str, Any]:
        items = self.tables.get(section)
        return next((dict(item) for item in items if item.get("name") == ANY), {}) if is_named(items) else {}

    def _names(self, section: str) -> list[str]:
        items = self.tables.get(section)
        return [str(item.get("name")) for item in items] if is_named(items) else []


def _instruments(feed: FeedEntry, config: DeskConfig) -> tuple[Instrument, ...]:
    """What the data alone tells: the catalogue is empty."""
    context = Context(config.desk.name, "", config.desk.seed, Catalogue(), config)
    told: tuple[Instrument, ...] = feed.feed_class(feed.name, feed.config, context).instruments()
    return told


def _finest(one: Instrument, other: Instrument) -> Instrument:
    """Two feeds tell of one instrument as far as their data show it: both must fit its grids."""
    tick = min(one.tick, other.tick, key=Decimal)
    return structs.replace(one, tick=tick, lot=min(one.lot, other.lot, key=Decimal))


def _table_of(told: Instrument) -> dict[str, Any]:
    """The [[instrument]] that says the same."""
    return {
        "name": told.instrument, "kind": told.kind, "base": told.base, "quote": told.quote, "settle": told.settle,
        "tick": told.tick, "lot": told.lot, "multiplier": told.multiplier, "min_size": told.size_min,
        "min_notional": told.notional_min,
    }  # fmt: skip
