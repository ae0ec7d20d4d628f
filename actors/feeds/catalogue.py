"""A series of the catalogue as a feed: of any length, as a row group is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import msgspec

from letrade.actors.feeds.columnar import ColumnarFeed
from letrade.actors.feeds.grids import LOTS, lot_shown, step_text
from letrade.actors.feeds.naming import described
from letrade.core.actor import ActorConfig
from letrade.core.config.values import Instant, InstrumentId, show_instant
from letrade.core.data.catalogue import DataCatalogue
from letrade.core.data.columns import Chunk, Columns, Kind
from letrade.core.data.parquet import read_meta
from letrade.core.data.series import Series, chosen, default_root, parse_reference
from letrade.core.errors import ConfigurationError, DataError
from letrade.core.messages.market import Instrument

REFERENCES = (Kind.MARKS, Kind.INDEX, Kind.FUNDING)
"""They tell of an instrument that something else describes."""


class CatalogueConfig(ActorConfig, frozen=True, kw_only=True):
    """`series` is <instrument>[/<kind>][/<interval>][@<from>..<to>]; rows of start <= time < end, of bars those that
    start then. `instrument` gives the rows another id."""

    series: str
    root: str | None = None
    """$LETRADE_CATALOGUE, else market-data in the data directory."""
    instrument: InstrumentId | None = None
    venue: str | None = None
    """That of the instrument; nothing else."""
    start: Instant | None = None
    end: Instant | None = None

    def __post_init__(self) -> None:
        if self.venue is not None and not (self.instrument or self.series).startswith(f"{self.venue}."):
            raise ConfigurationError(f"expected the venue of {self.instrument or self.series}, found {self.venue!r}")


class CatalogueFeed(ColumnarFeed):
    """Knows its instrument by what the venue told when the data was downloaded, else by the decimals of the data."""

    Config = CatalogueConfig

    @cached_property
    def catalogue(self) -> DataCatalogue:
        return DataCatalogue(Path(self.config.root).expanduser() if self.config.root else default_root())

    @cached_property
    def series(self) -> Series:
        return chosen(self.catalogue.series(), parse_reference(self.config.series))

    @property
    def instrument(self) -> str:
        return self.config.instrument or self.series.instrument

    def instruments(self) -> tuple[Instrument, ...]:
        if self.instrument in self.context.instruments or self.series.kind in REFERENCES:
            return ()
        told = self.catalogue.instrument(self.series.instrument)
        if told is not None and self.instrument == told.instrument:
            return (told,)
        bars = self.series.kind == Kind.BARS
        metas = [read_meta(path) for path in self.catalogue.files(self.series)]
        tick = step_text(1, max(meta.price_decimals for meta in metas))
        kind = described(self.instrument, tick, "1").kind
        decimals = max(meta.size_decimals for meta in metas)
        # Volumes are sums: they do not show the lot.
        return (described(self.instrument, tick, LOTS[kind] if bars else lot_shown(kind, decimals)),)

    def source(self) -> Columns:
        wanted = parse_reference(self.config.series)
        start = self.config.start if self.config.start is not None else wanted.start
        end = self.config.end if self.config.end is not None else wanted.end
        stored = self.catalogue.columns(self.series, start, end)

        def read() -> Iterator[Chunk]:
            any_row = False
            for chunk in stored.chunks():
                any_row = True
                yield msgspec.structs.replace(chunk, instrument=self.instrument)
            if not any_row and self.series.kind not in REFERENCES:
                there = self.catalogue.summary(self.series)
                span = f"{show_instant(there.first)} to {show_instant(there.last)}"
                raise DataError(f"{stored.where}: no row is in the wanted time; the catalogue has {span}")

        return Columns(
            where=stored.where,
            kind=stored.kind,
            instrument=self.instrument,
            read=read,
            price_decimals=stored.price_decimals,
            size_decimals=stored.size_decimals,
            rows_estimate=stored.rows_estimate,
            contiguous=stored.contiguous,
        )
