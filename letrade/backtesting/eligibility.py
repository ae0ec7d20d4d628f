"""Whether a desk is one that the compiled engine runs exactly as its actors do: Doubtful says why not."""

from __future__ import annotations

import msgspec

from letrade.assembly import SIMULATED_VENUE, STANDARD_ACTORS
from letrade.backtesting.terms import strategies_of
from letrade.core.config.desk import ActorEntry, FaultsConfig, VenueConfig
from letrade.core.engine.blueprint import Blueprint, stage_of
from letrade.core.stage import Stage
from letrade.hotpath.simulation.doubt import Doubtful

COMPILED = (
    STANDARD_ACTORS["capital"],
    STANDARD_ACTORS["risk"],
    STANDARD_ACTORS["execution"],
    STANDARD_ACTORS["ledger"],
)
NO_DRAWS = FaultsConfig()
BALANCE_MAX = 9e17
"""Far from where sums of units leave 128 bits."""


def check_desk(blueprint: Blueprint) -> None:
    """Doubtful, with the first reason found."""
    config = blueprint.config
    if config.desk.rates:
        raise Doubtful("the desk states rates between currencies")
    for entry in config.actors:
        _check_actor(entry)
    for venue in config.venues:
        _check_venue(venue)
    for message in blueprint.catalogue.messages():
        if message.valid_from:
            raise Doubtful(f"{message.instrument} changes its rules within the data")
        if message.kind == "inverse" or message.expires:
            raise Doubtful(f"{message.instrument} is an inverse contract, or one that expires")
    accounts = {account.name for account in config.accounts}
    for strategy in strategies_of(config):
        if strategy.account not in accounts:
            raise Doubtful(f"{strategy.name} trades on no account of the desk")
    if config.risk.own_orders == "account" and len(config.accounts) > 1:
        raise Doubtful("orders of its accounts may trade with each other")
    for account in config.accounts:
        if account.borrow:
            raise Doubtful(f"{account.name} borrows")
        if account.positions:
            raise Doubtful(f"{account.name} begins with positions")
        if any(float(amount) > BALANCE_MAX for amount in account.balances.values()):
            raise Doubtful(f"{account.name} begins with more than {BALANCE_MAX:.0e} of a currency")
    if config.capital.settle is not None:
        raise Doubtful("what strategies earn goes into their allocations each day")
    if config.desk.on_stop == "flatten":
        raise Doubtful("on_stop is flatten")


def _check_actor(entry: ActorEntry) -> None:
    stage = stage_of(entry)
    if stage == Stage.MONITOR and entry.path != STANDARD_ACTORS["results"]:
        raise Doubtful(f"{entry.name} ({entry.path}) is a monitor, which might act on what it sees")
    if stage in (Stage.VENUE, Stage.CAPITAL, Stage.RISK, Stage.EXECUTION, Stage.LEDGER):
        if entry.path not in (*COMPILED, SIMULATED_VENUE):
            raise Doubtful(f"{entry.name} ({entry.path}) is an actor of its own at the stage {stage.name.lower()}")
        standard = entry.path in COMPILED and entry.path != STANDARD_ACTORS["capital"]
        if standard and msgspec.structs.asdict(entry.config) != msgspec.structs.asdict(_plain_config(entry)):
            raise Doubtful(f"{entry.name} has settings of its own")


def _plain_config(entry: ActorEntry) -> msgspec.Struct:
    made: type[msgspec.Struct] = entry.actor_class.Config  # type: ignore[attr-defined]
    return made()


def _check_venue(venue: VenueConfig) -> None:
    if msgspec.structs.replace(venue.faults, seed=1) != NO_DRAWS:
        raise Doubtful(f"the venue {venue.name} loses, delays, repeats or refuses answers")
    if venue.fee_currency != "quote":
        raise Doubtful(f"the venue {venue.name} takes its fees in {venue.fee_currency}")
    if venue.funding and venue.funding_price != "mark":
        raise Doubtful(f"the venue {venue.name} computes funding with the {venue.funding_price}")
    if venue.margin is not None and venue.margin.collateral:
        raise Doubtful(f"the venue {venue.name} takes {', '.join(venue.margin.collateral)} as collateral")
    if venue.margin is not None:
        raise Doubtful(f"the venue {venue.name} has margin rules, and liquidates by them")
    if venue.fill_model == "matching":
        raise Doubtful(f"the venue {venue.name} matches the flow of others")
