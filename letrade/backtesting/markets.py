"""The simulated markets of a compiled run, by what the data knows of each instrument."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from letrade.backtesting.sources import Reel, Source
from letrade.core.config.desk import DeskConfig
from letrade.core.data.columns import Kind
from letrade.hotpath.book import Book
from letrade.hotpath.simulation.columns import KINDS
from letrade.hotpath.simulation.door import new_market
from letrade.hotpath.simulation.doubt import Doubtful
from letrade.hotpath.simulation.levels import LevelsMarket
from letrade.hotpath.simulation.market import Market
from letrade.hotpath.simulation.tape import Tape
from letrade.hotpath.simulation.terms import DeskTerms, InstrumentTerms

RANKS = {Kind.TRADES: ("trades", 0), Kind.BARS: ("bars", 1), Kind.QUOTES: ("quotes", 2), Kind.LEVELS: ("levels", 3)}
"""The more a kind of data tells, the higher."""
FILL_MODELS = {"book": "levels"}


def market_kind(instrument: str, sources: Sequence[Source], asked: str | None) -> str:
    """As the desk file asks, else by the data that tells the most."""
    if asked is not None:
        return FILL_MODELS.get(asked, asked)
    known = [RANKS[source.columns.kind] for source in sources
             if source.columns.instrument == instrument and source.columns.kind in RANKS]  # fmt: skip
    return max(known, key=lambda each: each[1])[0] if known else "quotes"


def markets_of(config: DeskConfig, terms: DeskTerms, sources: Sequence[Source]) -> list[Market]:
    """One for each instrument of the terms."""
    return [_market(config, each, sources) for each in terms.instruments]


def shown_books(
    tape: Tape, reels: Sequence[Reel], instruments: Mapping[str, int], markets: Sequence[Market],
    delays: Mapping[str, int | None],
) -> dict[str, Book]:  # fmt: skip
    """By instrument: the exchange's book, where it is what a strategy has seen of it after all data of a time."""
    found: dict[str, Book] = {}
    told = Counter(reel.source.columns.instrument for reel in reels if reel.kind == KINDS["levels"])
    for place, reel in enumerate(reels):
        name = reel.source.columns.instrument
        market = markets[instruments[name]]
        if reel.kind != KINDS["levels"] or type(market) is not LevelsMarket or delays[name] is not None:
            continue
        if told[name] == 1 and tape.first_kind(place) == KINDS["snapshots"]:
            found[name] = market.book
    return found


def _market(config: DeskConfig, terms: InstrumentTerms, sources: Sequence[Source]) -> Market:
    venue = next((each for each in config.venues if each.name == terms.name.partition(".")[0]), None)
    if venue is None:
        if any(source.columns.instrument == terms.name for source in sources):
            return new_market("quotes", terms.tick_units, terms.lot_units, terms.price_decimals)
        raise Doubtful(f"{terms.name} is traded at no venue of the desk")
    return new_market(
        market_kind(terms.name, sources, venue.fill_model),
        terms.tick_units,
        terms.lot_units,
        terms.price_decimals,
        contract=not terms.spot,
        by_venue_time=venue.data_latency is not None,
        asks_before_waiting=True,
        **venue.fills.terms(),
    )
