"""One run of a desk on the compiled engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from letrade.actors.venue.book import BookModel
from letrade.backtesting.cast import add_lines, cast_of
from letrade.backtesting.eligibility import check_desk
from letrade.backtesting.expecting import Expectations
from letrade.backtesting.herald import Herald, listening
from letrade.backtesting.interrupt import Interrupt
from letrade.backtesting.markets import market_kind, markets_of, shown_books
from letrade.backtesting.sources import check_books, put_on_tape, sources_of, units_of
from letrade.backtesting.terms import desk_terms
from letrade.backtesting.worth import worth_of
from letrade.core import clock
from letrade.core.clock import SECOND
from letrade.core.config.desk import DeskConfig
from letrade.core.data.columns import Kind
from letrade.core.engine.blueprint import Blueprint
from letrade.core.errors import DataError
from letrade.core.latency import latency_of
from letrade.core.messages.base import NO_STRATEGY, Message
from letrade.core.messages.events import Alert, Drain
from letrade.core.messages.features import Features
from letrade.core.messages.market import Bar, Instrument
from letrade.core.node import rank
from letrade.core.stage import Stage
from letrade.core.stepping.course import OPERATOR, settle_ns
from letrade.hotpath.simulation.clearing import Clearing
from letrade.hotpath.simulation.curve import Curve
from letrade.hotpath.simulation.desk import Desk
from letrade.hotpath.simulation.desk_terms import Terms
from letrade.hotpath.simulation.engine import Engine
from letrade.hotpath.simulation.exchange import Exchange
from letrade.hotpath.simulation.latency import Latency
from letrade.hotpath.simulation.levels import LevelsMarket
from letrade.hotpath.simulation.tape import Tape
from letrade.hotpath.simulation.watch import Watch

EQUITY_EVERY_NS = SECOND
"""How often the ledger tells what accounts are worth."""
EVENTS_AT_ONCE = 100_000
"""So many events, or times, pass before Python is asked whether somebody wants the run to stop."""

Progress = Callable[[int, int], None]
"""Takes (events so far, the data's time)."""


class CompiledBacktest:
    """Build it (Doubtful where the actors must run), `run` it once, look at `desk` and `watch` afterwards."""

    def __init__(
        self, config: DeskConfig, uid: str, run_for_ns: int | None = None, known: Sequence[Instrument] = ()
    ) -> None:
        self.config = config
        self.blueprint = Blueprint(config, uid, known)
        check_desk(self.blueprint)
        catalogue = self.blueprint.catalogue
        self.feeds = self.blueprint.feeds(None)
        self.sources = sources_of(self.feeds)
        self.sources_notices: list[Message] = [each for source in self.sources for each in source.columns.notices]
        self.notices = list(self.sources_notices)
        self.units = units_of(self.sources, catalogue)
        self.terms = desk_terms(config, catalogue, self.units)
        self.instruments = {name: place for place, name in enumerate(catalogue.ids())}
        self.cast = cast_of(self.blueprint)
        self.markets = markets_of(config, self.terms, self.sources)
        self._check_books()
        terms = Terms(self.terms)
        self.desk = Desk(terms)
        self.clearing = Clearing(terms, self.markets)
        self.watch = Watch(len(self.terms.instruments))
        self.curve = Curve(self.desk, EQUITY_EVERY_NS)
        self.tape = Tape()
        self.engine = self._engine()
        self.first_time = self.tape.first_seen
        if run_for_ns is not None and self.first_time is not None:
            self.tape.until = self.first_time + run_for_ns
        self.rows_estimate = sum(source.columns.rows_estimate for source in self.sources)
        self.stopped = False
        self.elapsed_ns = 0
        self.first_worth: dict[int, Fraction] = {}
        """By account, where its balances need a price: what it was worth when that was first known."""
        self.unvalued: set[int] = set()
        """Accounts for which that is awaited."""
        self.said_prices: dict[str, tuple[int, float]] = {}
        """(time, price) of the last bar or feature that an actor told of each instrument."""
        self.cast.observers.append(self._note)

    def _note(self, message: Message) -> None:
        """Whatever actors say that no other actor of the compiled run hears."""
        if isinstance(message, Alert):
            self.notices.append(message)
        elif isinstance(message, Bar):
            self.said_prices[message.instrument] = (message.time, message.close)
            self.curve.look(message.time)
        elif isinstance(message, Features):
            self.said_prices[message.instrument] = (message.time, message.price)

    def _await_worth(self) -> None:
        """Where balances need a price: what the ledger first says that each account is worth, once it knows."""
        reporting = self.config.desk.reporting_currency
        self.unvalued = {
            place for place, account in enumerate(self.config.accounts)
            if any(amount and currency != reporting for currency, amount in account.balances.items())
        }  # fmt: skip
        self.curve.hearer = self._note_worth if self.unvalued else None

    def _note_worth(self, account: int) -> None:
        if account not in self.unvalued:
            return
        worth = worth_of(self.desk, self.terms, self.blueprint.catalogue, account)
        if not worth.missing:
            self.first_worth[account] = worth.equity
            self.unvalued.remove(account)
            if not self.unvalued:
                self.curve.hearer = None

    def _check_books(self) -> None:
        kinds = {}
        for venue in self.config.venues:
            for name in self.instruments:
                if name.startswith(f"{venue.name}."):
                    kinds[name] = market_kind(name, self.sources, venue.fill_model)
        check_books(self.sources, self.blueprint.catalogue, kinds)

    def _engine(self) -> Engine:
        config, terms = self.config, self.terms
        late = {venue.name: venue.data_latency for venue in config.venues}
        delays = {name: late.get(name.partition(".")[0]) for name in self.instruments}
        self.reels = put_on_tape(self.tape, self.sources, self.units, self.instruments, delays)
        shown = shown_books(self.tape, self.reels, self.instruments, self.markets, delays)
        add_lines(self.cast, self.blueprint, self.reels, self.units, shown)
        latencies = self.latencies = {venue.name: latency_of(venue) for venue in config.venues}
        nobody = Latency(1, 0)
        exchange = self.exchange = Exchange(
            self.desk,
            self.clearing,
            self.watch,
            self.curve,
            self.markets,
            [latencies.get(each.name.partition(".")[0], nobody) for each in terms.instruments],
            [10.0**each.price_decimals for each in terms.instruments],
            config.desk.step,
        )
        exchange.see_late([place for name, place in self.instruments.items() if delays[name]])
        asked = {venue.name for venue in config.venues if venue.fill_model not in (None, BookModel.kind)}
        exchange.open([place for name, place in self.instruments.items() if name.partition(".")[0] in asked])
        paying = {venue.name for venue in config.venues if venue.funding}
        exchange.pay_funding(
            [place for place, each in enumerate(terms.instruments) if each.name.partition(".")[0] in paying]
        )
        expected = Expectations(config, self.blueprint.catalogue)
        herald = Herald(self.desk, terms, self.blueprint.context.desk_uid, expected)
        hearers: Any = listening(terms, self.cast.route_of)
        ranks = {int(stage): rank(3 + stage, self._order_of(stage)) for stage in
                 (Stage.CAPITAL, Stage.RISK, Stage.EXECUTION)}  # fmt: skip
        engine = Engine(self.tape, exchange, self.cast, herald, hearers, ranks, config.desk.step)
        for source in self.sources:
            name = source.columns.instrument
            followed = type(self.markets[self.instruments[name]]) is LevelsMarket
            if source.columns.kind == Kind.LEVELS and (delays[name] is not None or not followed):
                engine.follow_book(self.instruments[name])
        return engine

    def _order_of(self, stage: Stage) -> int:
        return next((place.order for place in self.blueprint.directory.values() if place.stage == stage), 0)

    def run(self, progress: Progress | None = None) -> None:
        """The whole course of the data, the answers after it, and the drain. Ctrl-C ends it in good order."""
        began = clock.monotonic_ns()
        step = self.config.desk.step
        try:
            if self.first_time is not None:
                start = self.first_time - self.first_time % step
                self.cast.start(start)
                self.engine.settle(start)
                self._await_worth()
                self._pass_data(progress)
                self._end(step)
        except ValueError as error:
            raise DataError(str(error)) from error
        self.elapsed_ns = clock.monotonic_ns() - began

    def _pass_data(self, progress: Progress | None) -> None:
        with Interrupt() as interrupt:
            while not self.engine.run_data(EVENTS_AT_ONCE):
                if interrupt.came:
                    self.stopped = True
                    self.tape.close()
                if progress is not None:
                    if hasattr(progress, "share"):
                        progress.share = self.share
                    progress(self.tape.count, self.tape.last_time)

    @property
    def share(self) -> float | None:
        """How much of the data has passed; None when nobody knows how much there is."""
        if not self.rows_estimate:
            return None
        return min(1.0, self.tape.rows / self.rows_estimate)

    def _end(self, step: int) -> None:
        """As core/stepping/course.py: answers under way, then a drain, then what follows from it."""
        settle = settle_ns(self.config)
        horizon = self.tape.last_time + (0 if self.stopped else settle)
        self.engine.run((horizon // step + 1) * step)
        last = max(horizon, self.engine.time) + step
        drained = last - last % step
        self.engine.run(drained)
        heard = self.cast.route_of(Drain, "", NO_STRATEGY)
        self.curve.drain(drained)
        self.engine.drain(drained, self.config.desk.on_stop == "cancel", self._drain(drained), heard)
        self.engine.run(((drained + settle) // step + 1) * step)
        self.engine.finish(self.tape.last_time)
        self.curve.finish()

    def _drain(self, time: int) -> Message:
        return Drain(on_stop=self.config.desk.on_stop, time=time, source=OPERATOR, epoch=1, sequence=time)
