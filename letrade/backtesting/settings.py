"""What a report says of how a run was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from letrade.actors.feeds.guess import tells_funding
from letrade.core.analysis.record import InstrumentNote, RunSettings
from letrade.core.config.desk import DeskConfig, FillsConfig, VenueConfig
from letrade.core.instruments import Catalogue

OWN_FILLS = "own"
"""What a desk assumes of fills where that is none of the columns of `[venue.fills]`."""


def assumption_of(config: DeskConfig) -> str:
    """Which column of `[venue.fills]` all venues of a desk follow in every key, or "own"."""
    assumed = [venue.fills.terms() for venue in config.venues]
    for column in (FillsConfig(), FillsConfig(assume="optimistic"), FillsConfig(assume="pessimistic")):
        if all(terms == column.terms() for terms in assumed):
            return column.assume
    return OWN_FILLS


def notes_of(catalogue: Catalogue) -> tuple[InstrumentNote, ...]:
    """Every instrument that the run knew."""
    rules = [catalogue.at(name, 0) for name in catalogue.ids()]
    return tuple(
        InstrumentNote(
            name=each.id, kind=each.kind, base=each.base, quote=each.quote, settle=each.settle,
            multiplier=float(each.multiplier), lot=float(each.size.step),
        )
        for each in rules
    )  # fmt: skip


def settings_of(
    config: DeskConfig, summary: Mapping[str, Any], engine: str, data: tuple[str, ...], span: tuple[int, int]
) -> RunSettings:
    """`span` is (first, last) time of the data."""
    start = summary.get("starting_equity")
    return RunSettings(
        desk=config.desk.name,
        engine=engine,
        reporting_currency=config.desk.reporting_currency,
        start_balances={
            account.name: {currency: f"{amount:f}" for currency, amount in account.balances.items()}
            for account in config.accounts
        },
        starting_equity=None if start is None else float(start),
        fees={venue.name: _fees(venue) for venue in config.venues},
        fills_assumption=assumption_of(config),
        data=data,
        data_from=span[0],
        data_to=span[1],
        events=int(summary.get("events", 0)),
        seconds=float(summary.get("seconds", 0.0)),
        refused=dict(summary.get("refused", {})),
        result_hash=str(summary.get("result_hash", "")),
        warnings=tuple(_warnings(config, summary)),
        equity_start=start,
        equity_end=summary.get("equity"),
        venues={account.name: account.venue for account in config.accounts},
    )


def _warnings(config: DeskConfig, summary: Mapping[str, Any]) -> Iterator[str]:
    if summary.get("incomplete"):
        yield "the run was stopped before its data ended"
    if not any(venue.funding for venue in config.venues) and any(tells_funding(feed.config) for feed in config.feeds):
        yield "the data tell funding rates that nobody pays: a [[venue]] pays them with funding = true"


def _fees(venue: VenueConfig) -> str:
    tiers = [f"from {tier.volume}: maker {tier.maker_fee}, taker {tier.taker_fee}" for tier in venue.fee_tiers]
    return "; ".join([f"maker {venue.maker_fee}, taker {venue.taker_fee}", *tiers])


def data_in_words(config: DeskConfig) -> tuple[str, ...]:
    """The files of the feeds, or the feeds themselves."""
    words: list[str] = []
    for feed in config.feeds:
        files = [*feed.files, *getattr(feed.config, "files", ())] or [getattr(feed.config, "file", "") or feed.name]
        words += [str(file) for file in files]
    return tuple(dict.fromkeys(words))
