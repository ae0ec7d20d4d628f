"""Everything that follows from a desk's configuration alone, and is the same in each of its processes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from letrade.core.actor import Actor, Context
from letrade.core.config.check import names_in
from letrade.core.config.describe import did_you_mean
from letrade.core.config.desk import DESK_PROCESS, ActorEntry, DeskConfig, InstrumentConfig, NoSettings
from letrade.core.engine.brackets import brackets_of, with_brackets
from letrade.core.errors import ConfigurationError
from letrade.core.feed import Feed
from letrade.core.fraction import read_fraction
from letrade.core.instruments import Catalogue
from letrade.core.messages.market import Instrument
from letrade.core.node import Node, Place
from letrade.core.stage import Stage
from letrade.core.stepping.course import OPERATOR
from letrade.core.stepping.plan import Phase, phases_of


def instrument_message(config: InstrumentConfig) -> Instrument:
    """The instrument of a desk file, as actors know it."""
    return Instrument(
        instrument=config.name,
        kind=config.kind,
        base=config.base,
        quote=config.quote,
        settle=config.settle,
        tick=f"{config.tick:f}",
        lot=f"{config.lot:f}",
        multiplier=f"{config.multiplier:f}",
        size_min=f"{config.min_size:f}",
        notional_min=f"{config.min_notional:f}",
        valid_from=config.valid_from,
        expires=config.expires,
        brackets=brackets_of(config.brackets),
    )


def stage_of(entry: ActorEntry) -> Stage:
    """The stage of an actor's class."""
    stage: Stage = entry.actor_class.stage  # type: ignore[attr-defined]
    return stage


def _without_data(config: DeskConfig) -> DeskConfig:
    """The desk as its actors may see it: a strategy that could read a feed's files or arrays would see the future."""
    blind = [msgspec.structs.replace(feed, config=NoSettings(), files=[]) for feed in config.feeds]
    return msgspec.structs.replace(config, feeds=blind)


class Blueprint:
    """Who lives where, in which order, with which instruments. Actors and feeds are made anew for each process.

    `uid` names this desk for ever: client order ids are made of it. `known` are instruments that another process has
    already read from the data.
    """

    def __init__(self, config: DeskConfig, uid: str, known: Sequence[Instrument] = ()) -> None:
        self.config = config
        self.step_ns = config.desk.step
        own = tuple(instrument_message(each) for each in config.instruments)
        self.catalogue = Catalogue(with_brackets(config, own))
        for pair, rate in config.desk.rates.items():
            base, _, quote = pair.partition("-")
            self.catalogue.state_rate(base, quote, read_fraction(rate))
        self.context = Context(config.desk.name, uid, config.desk.seed, self.catalogue, _without_data(config))
        self._add_instruments(known or self._told_by_feeds())
        self._check_instruments()
        self.directory: dict[str, Place] = {
            **{feed.name: Place(Stage.FEED, order + 1) for order, feed in enumerate(config.feeds)},
            **{actor.name: Place(stage_of(actor), order) for order, actor in enumerate(config.actors)},
            OPERATOR: Place(Stage.FEED, 0),
        }
        names = [*(feed.name for feed in config.feeds), *(actor.name for actor in config.actors)]
        self.home = {name: config.process_of(name) for name in names}
        self.home |= {process: process for process in (DESK_PROCESS, *(worker.name for worker in config.workers))}
        self.home[OPERATOR] = DESK_PROCESS
        self.processes = (DESK_PROCESS, *(worker.name for worker in config.workers))

    @property
    def phases(self) -> tuple[Phase, ...]:
        """How a window of a stepped run is divided."""
        return phases_of((self.home[actor.name], stage_of(actor)) for actor in self.config.actors)

    def actors(self, process: str | None) -> list[Actor]:
        """The actors of one process, or of the whole desk (None)."""
        return [
            entry.actor_class(entry.name, entry.config, self.context)
            for entry in self.config.actors
            if process is None or self.home[entry.name] == process
        ]

    def node(self, process: str | None, epoch: int = 1) -> Node:
        """A node with the actors of one process, or of the whole desk (None)."""
        node = Node(self.directory, epoch)
        for actor in self.actors(process):
            node.add(actor)
        return node

    def feeds(self, process: str | None) -> list[Feed]:
        """The feeds of one process, or of the whole desk (None)."""
        return [
            entry.feed_class(entry.name, entry.config, self.context)
            for entry in self.config.feeds
            if process is None or self.home[entry.name] == process
        ]

    def _told_by_feeds(self) -> tuple[Instrument, ...]:
        return tuple(instrument for feed in self.feeds(None) for instrument in feed.instruments())

    def _add_instruments(self, told: Sequence[Instrument]) -> None:
        defined = set(self.catalogue.ids())
        for instrument in with_brackets(self.config, told):
            if instrument.instrument not in defined:
                self.catalogue.add(instrument)

    def _check_instruments(self) -> None:
        """ConfigurationError when an actor names an instrument that neither the desk file nor its data tells of."""
        known = self.catalogue.ids()
        for actor in self.config.actors:
            for name in (*names_in(actor, "instrument"), *names_in(actor, "instruments")):
                if name not in self.catalogue:
                    hint = did_you_mean(name, known)
                    raise ConfigurationError(
                        f'actor.{actor.name}: there is no instrument "{name}"{hint}; the desk and its data know: '
                        f"{', '.join(known) or 'none'}"
                    )
