"""Leverage tiers of a desk's contracts: those of its own file, else those of the venue's tier files, by date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from pathlib import Path

import msgspec

from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.config.venue_margin import BracketConfig
from letrade.core.errors import ConfigurationError, DataError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Specification
from letrade.core.margin.tier_files import TierFile, read_tier_files
from letrade.core.margin.tiers import Tier
from letrade.core.messages.market import Bracket, Instrument

DIGITS = 40


def brackets_of(rows: Sequence[BracketConfig]) -> tuple[Bracket, ...]:
    """Of a desk file, where a tier begins at the cap of the one before."""
    floors = [Decimal(0), *(row.cap or Decimal(0) for row in rows)][: len(rows)]
    return tuple(
        Bracket(f"{floor:f}", _decimal(row.cap), f"{row.rate:f}", _decimal(row.amount), _decimal(row.max_leverage))
        for floor, row in zip(floors, rows, strict=True)
    )


def with_brackets(config: DeskConfig, instruments: Iterable[Instrument]) -> tuple[Instrument, ...]:
    """Contracts of venues with margin rules get their tiers, a version for each date; as in a catalogue the first
    version holds before its date too. MarginError for a table that cannot be one."""
    venues = {venue.name: venue for venue in config.venues if venue.margin is not None}
    by_name: dict[str, list[Instrument]] = {}
    for message in instruments:
        by_name.setdefault(message.instrument, []).append(message)
    files = {name: _files(venue) for name, venue in venues.items()}
    found: list[Instrument] = []
    for name, versions in by_name.items():
        venue = venues.get(name.partition(".")[0])
        if venue is None:
            found += versions
            continue
        dated = _dated(versions, files[venue.name])
        if len({bool(version.brackets) for version in dated}) > 1:
            raise ConfigurationError(f'instrument "{name}": expected brackets in each of its versions, or in none')
        for message in dated:
            _check_kind(message, venue)
            _check(message, venue)
        found += dated
    return tuple(found)


def _files(venue: VenueConfig) -> list[TierFile]:
    """The oldest first. ConfigurationError for tiers in what the venue does not look them up by."""
    margin = venue.margin
    files = [] if margin is None else read_tier_files(map(Path, margin.tiers))
    for file in files:
        if margin is not None and margin.rules == "okx" and any(map(file.in_notional, file.rows)):
            text = f"{file.place}: its tiers are in notional, and okx looks them up by contracts: give OKX's own"
            raise ConfigurationError(f"[[venue]] {venue.name}: margin.tiers: {text}")
    return sorted(files, key=lambda file: file.date or 0)


def _dated(versions: list[Instrument], files: Sequence[TierFile]) -> list[Instrument]:
    """Every version at every date from which one of the two is another."""
    first = versions[0]
    if first.kind == "spot" or any(version.brackets for version in versions):
        return versions
    symbols = (f"{first.base}/{first.quote}:{first.settle}", first.instrument, first.instrument.partition(".")[2])
    told = [(file, next((symbol for symbol in symbols if symbol in file.rows), "")) for file in files]
    tables = [(file.date or 0, file, symbol) for file, symbol in told if symbol]
    if not tables:
        return versions
    versions = sorted(versions, key=lambda version: version.valid_from)
    times = sorted({version.valid_from for version in versions} | {date for date, _, _ in tables[1:]})
    found = []
    for time in times:
        version = next((each for each in reversed(versions) if each.valid_from <= time), versions[0])
        _, file, symbol = next((each for each in reversed(tables) if each[0] <= time), tables[0])
        rows = tuple(_bracket(tier, file.place) for tier in file.table(symbol).tiers)
        found.append(msgspec.structs.replace(version, valid_from=time, brackets=rows))
    return found


def _check_kind(message: Instrument, venue: VenueConfig) -> None:
    """ConfigurationError for a contract that settles in its base where the rules know none."""
    if message.kind == "inverse" and venue.margin is not None and venue.margin.rules == "hyperliquid":
        text = "hyperliquid has no inverse contracts: give the venue other [venue.margin] rules"
        raise ConfigurationError(f'instrument "{message.instrument}": {text}')


def _check(message: Instrument, venue: VenueConfig) -> None:
    tiers = Specification(message).tiers
    if tiers is not None and venue.margin is not None:
        tiers.ready("flat" if venue.margin.rules == "okx" else "cumulative", "lower")


def _bracket(tier: Tier, place: str) -> Bracket:
    return Bracket(
        _text(tier.floor, place), _text(tier.cap, place), _text(tier.rate, place), _text(tier.amount, place),
        _text(tier.leverage_max, place),
    )  # fmt: skip


def _decimal(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _text(value: Fraction | None, place: str) -> str:
    """A decimal's digits. DataError for a number that is none."""
    if value is None:
        return ""
    with localcontext() as context:
        context.prec = DIGITS
        text = f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"
    if read_fraction(text) != value:
        raise DataError(f"{place}: expected decimals, found {value}")
    return text
