"""Coins that back contracts beside their settle currency: what they count less their haircuts, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from letrade.actors.venue.margin_rules import RULES
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import VenueConfig
from letrade.core.config.venue_margin import CollateralConfig, HaircutConfig, MarginConfig
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Catalogue

ZERO, ONE = Fraction(0), Fraction(1)


class Coin(Struct, frozen=True):
    """What is worth so much counts, row by row, with these ratios; a debt counts in full."""

    currency: str
    index: str
    """The instrument whose index price is the coin's."""
    rows: tuple[tuple[Fraction, Fraction], ...]
    """(floor, ratio): what is worth more than the floor counts with the ratio."""

    @property
    def ends(self) -> list[Fraction]:
        """Where a row gives way to the next."""
        return [floor for floor, _ in self.rows[1:]]

    def line(self, worth: Fraction) -> tuple[Fraction, Fraction]:
        """What counts as constant + slope × worth, around a worth."""
        if worth <= 0:
            return ZERO, ONE
        constant, slope = ZERO, self.rows[0][1]
        for floor, ratio in self.rows[1:]:
            if worth <= floor:
                break
            constant, slope = constant + floor * (slope - ratio), ratio
        return constant, slope

    def counted(self, worth: Fraction) -> Fraction:
        constant, slope = self.line(worth)
        return constant + slope * worth

    def worth_of(self, counted: Fraction) -> Fraction:
        """The least worth that counts so much; what counts most, where that is less."""
        ends = self.ends
        for end in ends:
            if self.counted(end) >= counted:
                break
        else:
            end = (ends[-1] if ends else ZERO) + ONE
        constant, slope = self.line(end)
        return max(ZERO, (counted - constant) / slope) if slope else ends[-1]


class Backing(Struct, frozen=True):
    """A balance of a coin at its index price; 0: none is known, and it counts for nothing."""

    coin: Coin
    balance: Fraction
    price: Fraction

    @property
    def worth(self) -> Fraction:
        return self.balance * self.price

    @property
    def counted(self) -> Fraction:
        return self.coin.counted(self.worth)

    @property
    def sold_at(self) -> Fraction:
        """What the venue itself gives for one: the index less the first haircut."""
        return self.price * self.coin.rows[0][1]


def coin_of(currency: str, config: CollateralConfig) -> Coin:
    """Beyond its cap, and the last cap of its rows, nothing more counts."""
    rows: list[tuple[Fraction, Fraction]] = []
    end: Fraction | None = None if config.cap is None else read_fraction(config.cap)
    floor = ZERO
    for row in _rows(config):
        if end is not None and floor >= end:
            break
        rows.append((floor, ONE - read_fraction(row.haircut)))
        if row.cap is not None:
            floor = read_fraction(row.cap)
    if _rows(config)[-1].cap is not None:
        end = floor if end is None else min(end, floor)
    return Coin(currency, config.index, (*rows, *(() if end is None else ((end, ZERO),))))


def _rows(config: CollateralConfig) -> list[HaircutConfig]:
    return config.tiers or [HaircutConfig(haircut=config.haircut or Decimal(0))]


def coins_of(config: MarginConfig | None, quote_of: Callable[[str], str]) -> dict[str, tuple[Coin, ...]]:
    """By the settle currency of the contracts that they back: the quote of their index."""
    found: dict[str, tuple[Coin, ...]] = {}
    for currency, terms in ({} if config is None else config.collateral).items():
        quote = quote_of(terms.index)
        found[quote] = (*found.get(quote, ()), coin_of(currency, terms))
    return found


def check_collateral(venue: VenueConfig, accounts: Sequence[AccountConfig], catalogue: Catalogue) -> None:
    """ConfigurationError for what is not modelled, or cannot be."""
    margin = venue.margin
    if margin is None or not margin.collateral:
        return
    where = f"[[venue]] {venue.name}: margin.collateral"
    if why := RULES[margin.rules].no_collateral:
        raise ConfigurationError(f"{where}: {why}; binance alone is modelled")
    settles = {each.settle for each in catalogue.messages() if each.kind != "spot" and _is_at(each.instrument, venue)}
    for currency, terms in margin.collateral.items():
        text = _why_not(currency, terms, venue, catalogue)
        if not text and currency in settles:
            text = "contracts of the venue settle in it: it counts for those in full, and not for others beside"
        if text:
            raise ConfigurationError(f"{where}.{currency}: {text}")
    for account in accounts:
        if account.borrow and account.margin_mode == "cross":
            text = "what is lent on spot beside collateral of contracts is not modelled: set borrow = false"
            raise ConfigurationError(f"account {account.name!r}: {text}, or take margin.collateral out")


def _is_at(instrument: str, venue: VenueConfig) -> bool:
    return instrument.partition(".")[0] == venue.name


def _why_not(currency: str, terms: CollateralConfig, venue: VenueConfig, catalogue: Catalogue) -> str:
    if (terms.haircut is None) == (not terms.tiers):
        return "expected either haircut or tiers"
    caps = [row.cap for row in terms.tiers]
    if any(cap is None for cap in caps[:-1]):
        return "tiers: expected a cap in every row but the last"
    known = [cap for cap in caps if cap is not None]
    if any(below >= above for below, above in pairwise(known)):
        return f"tiers: expected caps that rise, found {', '.join(map(str, known))}"
    if terms.index not in catalogue or not _is_at(terms.index, venue):
        return f"index: expected an instrument of {venue.name}, found {terms.index!r}: add an [[instrument]]"
    rules = catalogue.at(terms.index, 0)
    if rules.inverse or rules.base != currency:
        return f"index: expected an instrument of {currency} in another currency, found {terms.index!r}"
    return ""
