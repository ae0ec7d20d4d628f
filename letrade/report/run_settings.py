"""How a run was made, as the record keeps it: from the desk's configuration and the run's summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from letrade.core.analysis.record import RunSettings
from letrade.core.config.desk import DeskConfig


def run_settings(
    config: DeskConfig,
    summary: Mapping[str, Any],
    engine: str,
    data_from: int = 0,
    data_to: int = 0,
    warnings: Sequence[str] = (),
) -> RunSettings:
    """`summary` is what the run ended with; `engine` is actors or compiled. Times are ns UTC; 0: what was recorded."""
    starting = summary.get("starting_equity")
    assumptions = dict.fromkeys(venue.fills.assume for venue in config.venues)
    return RunSettings(
        desk=config.desk.name,
        engine=engine,
        reporting_currency=config.desk.reporting_currency,
        start_balances={
            account.name: {currency: f"{amount:f}" for currency, amount in account.balances.items()}
            for account in config.accounts
        },
        starting_equity=None if starting is None else float(starting),
        fees={venue.name: f"maker {venue.maker_fee:f}, taker {venue.taker_fee:f}" for venue in config.venues},
        fills_assumption=" and ".join(assumptions) or "default",
        data=tuple(file for feed in config.feeds for file in feed.files) or tuple(feed.name for feed in config.feeds),
        data_from=data_from,
        data_to=data_to,
        events=int(summary.get("events", 0)),
        seconds=float(summary.get("seconds", 0.0)),
        refused=dict(summary.get("refused") or {}),
        result_hash=str(summary.get("result_hash", "")),
        warnings=tuple(warnings),
    )
