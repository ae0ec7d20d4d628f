"""Names actors together: the standard ones of every desk, the feeds by kind, and a desk bound to recorded data."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from letrade.binding import Binding, is_open
from letrade.core.config.classes import load_actor_class
from letrade.core.config.desk import ActorEntry, DeskConfig
from letrade.core.config.load import build_desk, find_desk_file, read_tables
from letrade.core.config.merge import is_named, merge
from letrade.core.config.problems import Origin, Origins, Problems
from letrade.core.errors import ConfigurationError
from letrade.named_files import keys_of_files, named_file

SIMULATED_VENUE = "letrade.actors.venue.simulated.SimulatedVenue"

STANDARD_ACTORS: Mapping[str, str] = {
    "books": "letrade.actors.market.books.BookKeeper",
    "capital": "letrade.actors.capital.manager.CapitalManager",
    "risk": "letrade.actors.risk.manager.RiskManager",
    "execution": "letrade.actors.execution.execution.Execution",
    "ledger": "letrade.actors.ledger.ledger.Ledger",
    "results": "letrade.actors.monitor.results.Results",
}
"""Every desk has these; an [[actor]] of the same name sets keys of it, or puts another class in its place."""

FEED_KINDS: Mapping[str, str] = {
    "synthetic_flow": "letrade.actors.feeds.synthetic_flow.SyntheticFlow",
    "synthetic_funding": "letrade.actors.feeds.synthetic_funding.SyntheticFunding",
    "synthetic_trades": "letrade.actors.feeds.synthetic_trades.SyntheticTrades",
    "ohlcv": "letrade.actors.feeds.ohlcv.OhlcvFeed",
    "npz": "letrade.actors.feeds.npz.NpzFeed",
    "ticks": "letrade.actors.feeds.ticks.TicksFeed",
    "catalogue": "letrade.actors.feeds.catalogue.CatalogueFeed",
    "binance_capture": "letrade.actors.feeds.binance_capture.BinanceCapture",
}
"""The short names of feeds: `kind = "…"` in a [[feed]]."""

RECORDED_FEED = "recorded"
"""The name of the feed of given files, where the desk has no feed whose place it takes."""

PathLike = Path | str


def assemble(
    paths: Sequence[PathLike] | PathLike,
    overrides: Mapping[str, str] = os.environ,
    *,
    feed_files: Sequence[PathLike] = (),
    data_files: Sequence[PathLike] = (),
    speed: float | str | None = None,
    instrument: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> DeskConfig:
    """The whole desk that these files describe: standard actors and venues included, bound to the given data.

    `feed_files` (or `data_files`, the same by another name) take the place of the desk's feeds, each as a path, or as
    `venue=path` or `instrument=path` where its name does not say that; `speed` is that of all feeds; `instrument` is
    what the data is about where it does not say; `extra` are tables laid over the files.
    ConfigurationError, UsageError or DataError tell what is wrong.
    """
    named = [paths] if isinstance(paths, (str, Path)) else list(paths)
    layers = [(Origin("standard actors"), _standard_layer()), *_file_layers(named)]
    files = [str(file) for file in (*feed_files, *data_files)]
    if files:
        layers = _with_feeds(layers, files, instrument)
    if speed is not None:
        layers.append((Origin("command line"), _speed_layer(_merged(layers), speed)))
    if extra:
        layers.append((Origin("command line"), dict(extra)))
    if is_open(tables := _merged(layers)):
        layers.append((Origin("recorded data"), Binding(tables, FEED_KINDS).layer()))
        layers = _without_stars(layers)
    return with_venues(build_desk(layers, overrides, FEED_KINDS))


def with_venues(config: DeskConfig) -> DeskConfig:
    """The same desk with the actor of each [[venue]] in front of its actors."""
    known = {actor.name for actor in config.actors}
    venue_class = load_actor_class(SIMULATED_VENUE)
    made: Any = venue_class
    venues = [
        ActorEntry(name=venue.name, path=SIMULATED_VENUE, actor_class=venue_class, config=made.Config(venue=venue.name))
        for venue in config.venues
        if venue.name not in known
    ]
    return msgspec.structs.replace(config, actors=[*venues, *config.actors])


def without_venues(config: DeskConfig) -> DeskConfig:
    """The desk as its files say it: the actors of venues follow from [[venue]]."""
    actors = [actor for actor in config.actors if actor.path != SIMULATED_VENUE]
    return msgspec.structs.replace(config, actors=actors)


def _standard_layer() -> dict[str, Any]:
    return {"actor": [{"name": name, "class": path} for name, path in STANDARD_ACTORS.items()]}


Layer = tuple[Origin, dict[str, Any]]


def _file_layers(paths: Sequence[PathLike]) -> list[Layer]:
    problems = Problems()
    files = [find_desk_file(path) for path in paths]
    layers = [(Origin(str(file), is_file=True), read_tables(file, problems)) for file in files]
    problems.raise_if_any()
    return layers


def _merged(layers: Sequence[Layer]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for origin, layer in layers:
        merge(tables, copy.deepcopy(layer), origin, Origins())
    return tables


def _with_feeds(layers: Sequence[Layer], files: Sequence[str], instrument: str | None) -> list[Layer]:
    """The layers without their feeds, and one with the feeds of these files; the first is named as the first that went,
    the others after it: `recorded`, `recorded-2` …"""
    from letrade.actors.feeds.guess import feeds_for_files

    feeds = _merged(layers).get("feed")
    gone = [str(feed.get("name")) for feed in feeds] if is_named(feeds) else []
    first = gone[0] if gone else RECORDED_FEED
    tables: list[dict[str, Any]] = []
    named = [named_file(file) for file in files]
    told = keys_of_files(named)
    for place, (feed_class, config) in enumerate(feeds_for_files([file.path for file in named])):
        path = f"{feed_class.__module__}.{feed_class.__qualname__}"
        own = {key: value for key in config.__struct_fields__ if (value := getattr(config, key)) and key != "venue"}
        name = first if place == 0 else f"{first}-{place + 1}"
        feed: dict[str, Any] = {"name": name, "class": path, "speed": "max", **msgspec.to_builtins(own)}
        if instrument is not None:
            feed["instrument"] = instrument
            feed["venue"] = instrument.partition(".")[0]
        tables.append(feed | _market_of(config, told))
    kept = [(origin, _without_feeds(layer, gone[1:])) for origin, layer in layers]
    return [*kept, (Origin("command line"), {"feed": tables})]


def _market_of(config: Any, told: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """What the command line says of the market of a feed's file; of several files together nothing."""
    return told.get(str(getattr(config, "path", "")), {})


def _without_feeds(layer: Mapping[str, Any], gone: Sequence[str]) -> dict[str, Any]:
    kept = {key: value for key, value in layer.items() if key != "feed"}
    workers = kept.get("worker")
    if gone and is_named(workers):
        kept["worker"] = [_without_named_feeds(worker, gone) for worker in workers]
    return kept


def _without_named_feeds(worker: Mapping[str, Any], gone: Sequence[str]) -> dict[str, Any]:
    feeds = worker.get("feeds")
    return (
        {**worker, "feeds": [feed for feed in feeds if feed not in gone]} if isinstance(feeds, list) else dict(worker)
    )


def _speed_layer(tables: Mapping[str, Any], speed: float | str) -> dict[str, Any]:
    """ConfigurationError when there is no feed whose speed it could be."""
    feeds = tables.get("feed")
    if not is_named(feeds):
        raise ConfigurationError("the desk has no feed to give a speed to: name recorded files, or add a [[feed]]")
    return {"feed": [{"name": feed.get("name"), "speed": speed} for feed in feeds]}


def _without_stars(layers: Sequence[Layer]) -> list[Layer]:
    """Venues and balances named '*' stand in the data's layer under their real names."""
    return [(origin, _plain(layer)) for origin, layer in layers]


def _plain(layer: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(layer)
    if is_named(plain.get("venue")):
        plain["venue"] = [venue for venue in plain["venue"] if venue.get("name") != "*"]
    if is_named(plain.get("account")):
        plain["account"] = [
            {**account, "balances": {name: value for name, value in account["balances"].items() if name != "*"}}
            if isinstance(account.get("balances"), dict)
            else account
            for account in plain["account"]
        ]
    return plain
