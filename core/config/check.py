"""What no single table can know: every name that a desk mentions exists, once, and the numbers fit together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlsplit

from letrade.core.config.accounts import AccountConfig, StartPosition
from letrade.core.config.describe import did_you_mean
from letrade.core.config.desk import DESK_PROCESS, ActorEntry, DeskConfig, InstrumentConfig, VenueConfig
from letrade.core.config.problems import Place, Problems
from letrade.core.config.values import DURATION_FORM
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.margin.numbers import ZERO, MarginError
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.stage import Stage

Item = TypeVar("Item", bound=Hashable)

_HOST = re.compile(r"[A-Za-z0-9._:%-]+", re.ASCII)
_SERVER_SCHEMES = ("nats", "tls", "ws", "wss")


class Checker:
    """Runs all checks over a decoded desk and collects what they find."""

    def __init__(self, desk: DeskConfig, problems: Problems) -> None:
        self.desk = desk
        self.problems = problems
        self.venues = [venue.name for venue in desk.venues]
        self.accounts = [account.name for account in desk.accounts]
        self.actors = [actor.name for actor in desk.actors]
        self.feeds = [feed.name for feed in desk.feeds]
        self.workers = [worker.name for worker in desk.workers]
        self.instruments = list(dict.fromkeys(instrument.name for instrument in desk.instruments))
        self.data_tells_instruments = any(tells_instruments(feed.feed_class) for feed in desk.feeds)

    def run(self) -> None:
        self.check_servers()
        self.check_names()
        self.check_accounts_and_venues()
        self.check_routes()
        self.check_instruments()
        self.check_actors()
        self.check_workers()
        self.check_risk_and_capital()

    def _known(self, name: str, known: Iterable[str], what: str, place: Place) -> None:
        choices = list(known)
        if name not in choices:
            self.problems.add(place, f'there is no {what} "{name}"{did_you_mean(name, choices)}')

    def _known_instrument(self, name: str, place: Place) -> None:
        """Nothing is said where a feed may tell of more instruments; the desk's start looks again when it has."""
        if not self.data_tells_instruments:
            self._known(name, self.instruments, "instrument", place)

    def check_servers(self) -> None:
        """The text found is not told: a URL may hold what nobody should read."""
        if not all(_is_server(url) for url in self.desk.nats.urls):
            self.problems.add(("nats", "url"), 'expected the URL of a server such as "nats://127.0.0.1:4222"')

    def check_names(self) -> None:
        """Venues, actors and feeds are sources of messages, so no two of them may share a name."""
        owners: dict[str, str] = {}
        for section, names in (("venue", self.venues), ("actor", self.actors), ("feed", self.feeds)):
            for name in dict.fromkeys(names):
                if name in owners:
                    self.problems.add((section, name), f'the name is taken by [[{owners[name]}]] "{name}" already')
                owners.setdefault(name, section)
        for section, names in (
            ("venue", self.venues),
            ("account", self.accounts),
            ("feed", self.feeds),
            ("actor", self.actors),
            ("worker", self.workers),
        ):
            for name in _repeated(names):
                self.problems.add((section, name), "the name is given twice")

    def check_accounts_and_venues(self) -> None:
        for account in self.desk.accounts:
            self._known(account.venue, self.venues, "venue", ("account", account.name, "venue"))
            lending = [venue.name for venue in self.desk.venues if venue.borrow]
            if account.borrow and account.venue in self.venues and account.venue not in lending:
                text = f'"{account.venue}" lends nothing: add [venue.borrow."BTC"], or what it lends'
                self.problems.add(("account", account.name, "borrow"), text)
            for instrument, position in account.positions.items():
                self._check_position(account, instrument, position)
        for venue in self.desk.venues:
            place = ("venue", venue.name)
            if venue.worker is not None:
                self._known(venue.worker, self.workers, "worker", (*place, "worker"))
            if self.desk.desk.step > venue.order_latency:
                step, latency = (DURATION_FORM.show(ns) for ns in (self.desk.desk.step, venue.order_latency))
                text = f"expected at least desk.step, {step}, found {latency}"
                self.problems.add((*place, "order_latency"), text)
            leverage = None if venue.margin is None else venue.margin.leverage
            if leverage is not None and (leverage < 1 or leverage % 1):
                text = f"expected a whole number of at least 1, found {leverage}"
                self.problems.add((*place, "margin", "leverage"), text)
            if venue.fee_currency in ("quote", "base"):
                continue
            quotes = {i.quote: None for i in self.desk.instruments if i.venue == venue.name}
            for quote in quotes:
                pair = f"{venue.fee_currency}-{quote}"
                if quote != venue.fee_currency and pair not in venue.fee_prices:
                    text = f'fees in {venue.fee_currency} need its price, expected fee_prices = {{ "{pair}" = "…" }}'
                    self.problems.add((*place, "fee_prices"), text)

    def _check_position(self, account: AccountConfig, instrument: str, position: StartPosition) -> None:
        place = ("account", account.name, "positions", instrument)
        self._known_instrument(instrument, place)
        if position.strategy != NO_STRATEGY:
            self._known(position.strategy, self.actors, "actor", (*place, "strategy"))
        if not position.quantity:
            self.problems.add((*place, "quantity"), "expected a quantity that is not 0")
        if instrument.partition(".")[0] != account.venue:
            self.problems.add(place, f'expected an instrument of the account\'s venue, "{account.venue}"')
        for known in self.desk.instruments:
            if known.name == instrument and known.kind == "spot":
                self.problems.add(place, "spot holdings are balances: expected a contract")
            elif known.name == instrument and position.quantity % known.lot:
                self.problems.add((*place, "quantity"), f"expected a multiple of the lot, {known.lot}")

    def check_routes(self) -> None:
        for name in _repeated(route.name for route in self.desk.routes):
            self.problems.add(("route", name), "the name is given twice")
        ways = [(route.from_account, route.to_account, route.currency) for route in self.desk.routes]
        currencies = self._currencies()
        for route in self.desk.routes:
            if currencies and not self.data_tells_instruments:  # else the venue looks, when they are known
                self._known(route.currency, currencies, "currency", ("route", route.name, "currency"))
            for key, account in (("from", route.from_account), ("to", route.to_account)):
                self._known(account, self.accounts, "account", ("route", route.name, key))
        for giver, taker, currency in _repeated(ways):
            self.problems.add(("route",), f'two routes for {currency} from "{giver}" to "{taker}"')

    def _currencies(self) -> list[str]:
        """Those that an account can have: what accounts begin with, and what instruments trade and settle in."""
        held = [currency for account in self.desk.accounts for currency in account.balances]
        traded = [currency for each in self.desk.instruments for currency in (each.base, each.quote, each.settle)]
        return list(dict.fromkeys((*held, *traded)))

    def check_instruments(self) -> None:
        versions = [(instrument.name, instrument.valid_from) for instrument in self.desk.instruments]
        for name, _ in _repeated(versions):
            self.problems.add(("instrument", name), "two versions hold from the same time")
        for instrument in self.desk.instruments:
            if instrument.kind == "spot" and (instrument.settle != instrument.quote or instrument.multiplier != 1):
                text = "a spot instrument settles in its quote currency and has multiplier 1"
                self.problems.add(("instrument", instrument.name), text)
            if instrument.kind == "inverse" and instrument.settle != instrument.base:
                text = f'expected "{instrument.base}", as an inverse contract settles in its base'
                self.problems.add(("instrument", instrument.name, "settle"), text)
            venue = next((each for each in self.desk.venues if each.name == instrument.venue), None)
            if instrument.brackets and venue is not None and (text := _why_no_tiers(instrument, venue)):
                self.problems.add(("instrument", instrument.name, "bracket"), text)

    def check_actors(self) -> None:
        """What an actor's Config names under these keys; a set of features is named as the actor that makes it."""
        for actor in self.desk.actors:
            for key, name in named_once(actor, "instrument", "instruments"):
                self._known_instrument(name, ("actor", actor.name, key))
            for key, name in named_once(actor, "account", "accounts"):
                self._known(name, self.accounts, "account", ("actor", actor.name, key))
                self._trades_one_way(actor, name, ("actor", actor.name, key))
            for instrument, account in getattr(actor.config, "markets", ()):
                self._trades_there(instrument, account, ("actor", actor.name))
            for name in names_in(actor, "feature_set"):
                self._known(name, self.actors, "actor", ("actor", actor.name, "feature_set"))

    def _trades_there(self, instrument: str, name: str, place: Place) -> None:
        for account in self.desk.accounts:
            if account.name == name and account.venue != instrument.partition(".")[0]:
                text = f'{instrument}: expected an account of its venue, found "{name}" of "{account.venue}"'
                self.problems.add(place, text)

    def _trades_one_way(self, actor: ActorEntry, account: str, place: Place) -> None:
        """The desk's orders name no leg: accounts in hedge mode are booked and watched, and traded by others."""
        hedged = {each.name for each in self.desk.accounts if each.position_mode == "hedge"}
        if account in hedged and getattr(actor.actor_class, "stage", None) == Stage.STRATEGY:
            text = f'"{account}" is in hedge mode, in which the desk watches and does not trade; expected one_way'
            self.problems.add(place, text)

    def check_workers(self) -> None:
        runner: dict[str, str] = {}
        for worker in self.desk.workers:
            place = ("worker", worker.name)
            if worker.name == DESK_PROCESS:
                self.problems.add(place, f'"{DESK_PROCESS}" is the process of all that no worker runs')
            for key, names, known in (("actors", worker.actors, self.actors), ("feeds", worker.feeds, self.feeds)):
                for name in names:
                    if name in self.venues:
                        text = f'"{name}" is a venue, which says itself where it runs: worker = "{worker.name}"'
                        self.problems.add((*place, key), text)
                        continue
                    self._known(name, known, key[:-1], (*place, key))
                    if name in runner:
                        text = f'"{name}" is run by the worker "{runner[name]}" already'
                        self.problems.add((*place, key), text)
                    runner[name] = worker.name

    def check_risk_and_capital(self) -> None:
        for name in _repeated(limit.name for limit in self.desk.risk.limits):
            self.problems.add(("risk", "limit", name), "the name is given twice")
        for limit in self.desk.risk.limits:
            place = ("risk", "limit", limit.name)
            if limit.account is not None:
                self._known(limit.account, self.accounts, "account", (*place, "account"))
            if limit.instrument is not None:
                self._known_instrument(limit.instrument, (*place, "instrument"))
        fractions: dict[str, Decimal] = {}
        for name in _repeated(allocation.name for allocation in self.desk.capital.allocations):
            self.problems.add(("capital", "allocation", name), "the name is given twice")
        for allocation in self.desk.capital.allocations:
            place = ("capital", "allocation", allocation.name)
            self._known(allocation.strategy, self.actors, "actor", (*place, "strategy"))
            self._known(allocation.account, self.accounts, "account", (*place, "account"))
            taken = fractions.get(allocation.account, Decimal(0)) + (allocation.fraction or 0)
            fractions[allocation.account] = taken
            if taken > 1 and allocation.fraction is not None:
                text = f'the fractions of the account "{allocation.account}" add up to {taken}, expected at most 1'
                self.problems.add((*place, "fraction"), text)
        pairs = _repeated((allocation.strategy, allocation.account) for allocation in self.desk.capital.allocations)
        for strategy, account in pairs:
            text = f'two allocations for the strategy "{strategy}" on the account "{account}"'
            self.problems.add(("capital", "allocation"), text)


def _exact(value: Decimal | None) -> Fraction | None:
    return None if value is None else read_fraction(value)


def _why_no_tiers(instrument: InstrumentConfig, venue: VenueConfig) -> str:
    """What is wrong with the tiers of a contract at a venue with margin rules; '' where nothing is."""
    if venue.margin is None:
        return ""
    floors = [ZERO, *(_exact(row.cap) or ZERO for row in instrument.brackets)]
    tiers = [
        Tier(floor, _exact(row.cap), read_fraction(row.rate), _exact(row.amount), _exact(row.max_leverage))
        for floor, row in zip(floors, instrument.brackets, strict=False)
    ]
    try:
        TierTable("", tuple(tiers)).ready("flat" if venue.margin.rules == "okx" else "cumulative", "lower")
    except MarginError as error:
        return str(error).lstrip(", :")
    return ""


def tells_instruments(feed_class: type) -> bool:
    """Whether a class of feeds has an `instruments` of its own, and not only the empty one of Feed."""
    from letrade.core.feed import Feed  # late, so that reading a desk file does not load the runtime

    return getattr(feed_class, "instruments", Feed.instruments) is not Feed.instruments


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        host = parts.hostname if parts.port is None or parts.port > 0 else None
    except ValueError:
        return False
    return parts.scheme in _SERVER_SCHEMES and host is not None and _HOST.fullmatch(host) is not None


def _repeated(items: Iterable[Item]) -> list[Item]:
    return [item for item, times in Counter(items).items() if times > 1]


def named_once(actor: ActorEntry, one: str, several: str) -> list[tuple[str, str]]:
    """(key, name) of both keys; what several repeat is told once."""
    first = names_in(actor, one)
    return [(one, name) for name in first] + [
        (several, name) for name in dict.fromkeys(names_in(actor, several)) if name not in first
    ]


def names_in(actor: ActorEntry, key: str) -> list[str]:
    """What an actor's Config names under this key; nothing where it has none."""
    value = getattr(actor.config, key, None)
    names = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
    return [name for name in names if isinstance(name, str) and name]
