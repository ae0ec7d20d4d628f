"""Leverage tiers asked of the venue itself, through ccxt, and the file they are kept in, with the date."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from letrade.core import clock
from letrade.core.errors import DataError
from letrade.core.margin.tier_files import TierFile
from letrade.core.texts import json_of

TRIES = 3
DAY_NS = 86_400 * clock.SECOND
CCXT_NAMES: Mapping[str, str] = {"kucoin": "kucoinfutures"}
"""Where ccxt has the futures of a venue under another name."""


def live_tiers(
    venue: str, symbols: Sequence[str], settings: Mapping[str, Any], on_retry: Callable[[str], None] | None = None
) -> TierFile:
    """UsageError where ccxt does not know the venue or its tiers, ResourceError without network."""
    from letrade.data.exchange import Exchange

    exchange = Exchange(CCXT_NAMES.get(venue, venue), settings, on_retry=on_retry, tries=TRIES)
    exchange.advice = "try again with a network, or give a file with --tiers"
    told = exchange.leverage_tiers(symbols)
    rows = {symbol: list(tiers) for symbol, tiers in told.items() if tiers}
    if not rows:
        raise DataError(f"{venue}: told no leverage tiers of {', '.join(symbols) or 'any symbol'}")
    today = clock.wall_ns() // DAY_NS * DAY_NS
    return TierFile(rows, today, f"{venue} through ccxt", f"{venue} (live)", venue)


def write_tiers(tiers: TierFile, path: Path) -> None:
    """As `read_tier_file` reads it: one object with the date, the venue, and ccxt's rows by symbol."""
    told = {"venue": tiers.venue, "date": tiers.shown_date(), "source": tiers.source, "tiers": dict(tiers.rows)}
    path.write_bytes(json_of(told) + b"\n")
