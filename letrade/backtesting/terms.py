"""A desk's file as the plain numbers that the compiled desk and exchange are told once."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from letrade.actors.execution.sending import ExecutionConfig
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.capital import Allocation
from letrade.core.config.desk import ActorEntry, DeskConfig, VenueConfig
from letrade.core.instruments import Catalogue, Specification
from letrade.core.messages.market import Instrument
from letrade.core.stage import Stage
from letrade.core.valuation import catalogue_in_order
from letrade.hotpath.simulation.terms import (
    AccountTerms,
    DeskTerms,
    InstrumentTerms,
    LimitTerms,
    LossTerms,
    StrategyTerms,
    VenueTerms,
)

PATIENCE = ExecutionConfig()
"""Settings of one's own are a matter for the actors."""


class Decimals(NamedTuple):
    """How fine the units of an instrument's data are."""

    price: int
    size: int


class Strategy(NamedTuple):
    """A strategy of the desk file and the account that it trades on."""

    name: str
    account: str


def strategies_of(config: DeskConfig) -> list[Strategy]:
    """In the order of the desk file."""
    return [
        Strategy(entry.name, str(getattr(entry.config, "account", "")))
        for entry in config.actors
        if _stage(entry) == Stage.STRATEGY
    ]


def _stage(entry: ActorEntry) -> Stage:
    stage: Stage = entry.actor_class.stage  # type: ignore[attr-defined]
    return stage


def _fraction(number: object) -> Fraction:
    return _read(str(number))


@functools.lru_cache(maxsize=1024)
def _read(text: str) -> Fraction:
    """Remembered, as each instrument says the same few numbers."""
    return Fraction(text)


def desk_terms(config: DeskConfig, catalogue: Catalogue, units: Mapping[str, Decimals]) -> DeskTerms:
    """`units` tells of the instruments with data whether it is finer than their grids."""
    instruments = [catalogue.at(name, 0) for name in catalogue.ids()]
    currencies = _currencies(config, instruments)
    places = {name: place for place, name in enumerate(currencies)}
    accounts = {account.name: place for place, account in enumerate(config.accounts)}
    reporting = config.desk.reporting_currency
    capital = _config_of(config, "capital")
    return DeskTerms(
        currencies=tuple(currencies),
        reporting=places[reporting],
        rates=_rates(currencies, reporting, catalogue),
        instruments=tuple(_instrument(each, places, config, units) for each in instruments),
        venues=tuple(_venue(each) for each in config.venues),
        accounts=tuple(_account(each, places, config) for each in config.accounts),
        strategies=tuple(_strategy(each, accounts, config) for each in strategies_of(config)),
        limits=tuple(_limits(config, instruments)),
        losses=tuple(_losses(config, instruments)),
        leverage=_fraction(getattr(capital, "leverage", 1)),
        slippage=_fraction(getattr(capital, "slippage", 0)),
        step=config.desk.step,
        one_order=getattr(capital, "through_zero", "two_orders") == "one_order",
        patience=PATIENCE.order_timeout,
        patience_max=PATIENCE.backoff_max,
    )


def _config_of(config: DeskConfig, name: str) -> Any:
    return next((entry.config for entry in config.actors if entry.name == name), None)


def _currencies(config: DeskConfig, instruments: Sequence[Specification]) -> list[str]:
    named = [config.desk.reporting_currency]
    for each in instruments:
        named += [each.base, each.quote, each.settle]
    for account in config.accounts:
        named += account.balances
    return list(dict.fromkeys(named))


def _rates(currencies: Sequence[str], reporting: str, catalogue: Catalogue) -> tuple[tuple[tuple[int, bool], ...], ...]:
    """Of each currency the markets that know its rate, the best first: (place, whether it is what they are paid in)."""
    places = {name: place for place, name in enumerate(catalogue.ids())}
    found: dict[str, list[tuple[int, bool]]] = {currency: [] for currency in currencies}
    for message in catalogue_in_order(catalogue):
        other = {message.base: message.quote, message.quote: message.base}.get(reporting)
        if other in found and other != reporting:
            found[other].append((places[message.instrument], message.base == reporting))
    return tuple(tuple(found[currency]) for currency in currencies)


def _instrument(
    rules: Specification, places: Mapping[str, int], config: DeskConfig, units: Mapping[str, Decimals]
) -> InstrumentTerms:
    message: Instrument = rules.message
    fine = units.get(rules.id, Decimals(0, 0))
    price, size = max(fine.price, rules.price.decimals), max(fine.size, rules.size.decimals)
    venues = [venue.name for venue in config.venues]
    venue = rules.id.partition(".")[0]
    return InstrumentTerms(
        name=rules.id,
        spot=rules.kind == "spot",
        venue=venues.index(venue) if venue in venues else 0,
        base=places[rules.base],
        quote=places[rules.quote],
        settle=places[rules.settle],
        price_decimals=price,
        size_decimals=size,
        tick_units=rules.price.step_units * 10 ** (price - rules.price.decimals),
        lot_units=rules.size.step_units * 10 ** (size - rules.size.decimals),
        tick_decimals=rules.price.decimals,
        lot_decimals=rules.size.decimals,
        multiplier=_fraction(message.multiplier),
        size_min=_fraction(message.size_min),
        notional_min=_fraction(message.notional_min),
    )


def _venue(venue: VenueConfig) -> VenueTerms:
    return VenueTerms(
        venue.name,
        _fraction(venue.maker_fee),
        _fraction(venue.taker_fee),
        _fraction(venue.max_leverage),
        tuple(
            (_fraction(tier.volume), _fraction(tier.maker_fee), _fraction(tier.taker_fee)) for tier in venue.fee_tiers
        ),
    )


def _account(account: AccountConfig, places: Mapping[str, int], config: DeskConfig) -> AccountTerms:
    venues = [venue.name for venue in config.venues]
    balances = tuple((places[currency], _fraction(amount)) for currency, amount in account.balances.items())
    return AccountTerms(account.name, venues.index(account.venue), balances)


def _strategy(strategy: Strategy, accounts: Mapping[str, int], config: DeskConfig) -> StrategyTerms:
    """An account that no allocation names is open to all; one that some name, to those alone."""
    allocations = config.capital.allocations
    named = any(each.account == strategy.account for each in allocations)
    fits = (each for each in allocations if (each.account, each.strategy) == (strategy.account, strategy.name))
    found: Allocation | None = next(fits, None)
    sizing = config.capital.sizing_for(found) if found else config.capital.sizing
    account = accounts[strategy.account]
    if found is None:
        return StrategyTerms(strategy.name, account, None, None if named else Fraction(1), _fraction(sizing.fraction))
    amount = None if found.amount is None else _fraction(found.amount)
    fraction = None if found.fraction is None else _fraction(found.fraction)
    return StrategyTerms(strategy.name, account, amount, fraction, _fraction(sizing.fraction))


def _limits(config: DeskConfig, instruments: Sequence[Specification]) -> list[LimitTerms]:
    found = []
    for place, account in enumerate(config.accounts):
        for instrument, rules in enumerate(instruments):
            limits = config.risk.limits_for(account.name, rules.id)
            found.append(
                LimitTerms(
                    account=place,
                    instrument=instrument,
                    order_size=_optional(limits.max_order_size),
                    order_notional=_optional(limits.max_order_notional),
                    position_notional=_optional(limits.max_position_notional),
                    gross_exposure=_optional(limits.max_gross_exposure),
                    price_band=_optional(limits.price_band),
                    orders_per_second=limits.max_orders_per_second,
                    stale_after=limits.stale_after,
                )
            )
    return found


def _losses(config: DeskConfig, instruments: Sequence[Specification]) -> list[LossTerms]:
    found = []
    for place, account in enumerate(config.accounts):
        limits = [config.risk.limits_for(account.name, rules.id) for rules in instruments]
        daily = [_fraction(each.max_daily_loss) for each in limits if each.max_daily_loss is not None]
        drawdown = [_fraction(each.max_drawdown) for each in limits if each.max_drawdown is not None]
        if daily or drawdown:
            found.append(LossTerms(place, min(daily, default=None), min(drawdown, default=None)))
    return found


def _optional(number: object) -> Fraction | None:
    return None if number is None else _fraction(number)
