"""A liquidation case made into the account that its venue's rules look at."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from letrade.core.config.values import parse_instant, show_instant
from letrade.core.errors import DataError, UsageError
from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, InstrumentState, MarginAccount, PositionState
from letrade.core.margin.numbers import MarginError
from letrade.core.margin.records import Record
from letrade.core.margin.registry import venues
from letrade.core.margin.rules import Contract, MarginRules
from letrade.core.margin.tiers import TierTable, one_tier
from letrade.margin.case_inputs import Case, CasePosition
from letrade.margin.collaterals import PEGGED
from letrade.margin.modes import known_venue, rules_of
from letrade.margin.symbols import multiplier_of, parts_of, taker_fee, unified
from letrade.margin.tier_choice import Chosen, TierChoice, fitted

FEES_IN_WALLET = frozenset({"bybit"})
"""Venues whose isolated wallet is told with the fee of closing."""


class Built(NamedTuple):
    """What is assessed; the case's own position is the first."""

    rules: MarginRules
    account: MarginAccount
    tiers: Chosen
    date: str
    notes: tuple[str, ...]


def venue_of_case(case: Case) -> str:
    """The exchange; where that is none (a bot's own words), the venue that it or its formula names."""
    formula = case.fields.text("formula") or ""
    named = [word for word in re.findall(r"[a-z]+", case.exchange.lower()) if known_venue(word)]
    for words in (case.exchange, formula.split("_")[0], *named):
        venue = known_venue(words)
        if venue is not None:
            return venue
    raise DataError(f"{case.fields.place}: exchange: {case.exchange!r} is not modelled; known: {', '.join(venues())}")


def build(case: Case, tiers: TierChoice, date: str) -> Built:
    """By the rules of the case's date, or of `date`. DataError where it leaves out what its rules need."""
    return _Building(case, tiers, date).built()


class _Building:
    """One case while it is put together."""

    def __init__(self, case: Case, tiers: TierChoice, date: str) -> None:
        self.case = case
        self.place = case.fields.place
        self.venue = venue_of_case(case)
        self.contract = self._contract()
        self.settle, self.underlying = self._currencies()
        self.told_date = told = self._date()
        self.date = told or date
        self.notes: list[str] = []
        if not case.position.symbol:
            raise DataError(f"{self.place}: symbol is missing")
        self.mode = case.mode or self._assumed_mode()
        self.fee = case.fields.number("fee_rate")
        self.rules = self._rules()
        self.tiers = tiers.elsewhere(
            self.venue, None if told is None else parse_instant(told), parse_instant(self.date)
        )
        self.others = self._others()
        if known_venue(case.exchange) is None:
            self.notes.append(f"{case.exchange} is no venue: by {self.venue}'s rules{self._named_by()}")

    def built(self) -> Built:
        case = self.case
        own = self._tiers(case.position)
        self.rules, changed = fitted(self.rules, (own,), self.place)
        self.notes.extend(changed)
        instruments = {case.position.symbol: self._instrument(case.position, own)}
        for other in self.others:
            self._check_leg(other)
            if other.symbol not in instruments:
                instruments[other.symbol] = self._instrument(other, self._tiers(other))
        everyone = (case.position, *self.others)
        wallet = self._wallet(everyone, instruments)
        isolated = self.rules.margin_mode == "isolated"
        positions = [self._position(each, wallet if isolated and each is case.position else None) for each in everyone]
        collaterals = () if isolated else (self._collateral(wallet),)
        account = MarginAccount(
            instruments=tuple(instruments.values()), positions=tuple(positions), collaterals=collaterals
        )
        return Built(self.rules, account, own, self.date, tuple(self.notes))

    def _assumed_mode(self) -> str:
        self.notes.append("margin_mode is not said: it is taken to be isolated")
        return "isolated"

    def _check_leg(self, other: CasePosition) -> None:
        """Two legs of one symbol have one mark and one table; each finds its own tier in it."""
        own = self.case.position
        if other.symbol != own.symbol:
            return
        rates = (other.rate, other.amount or 0) != (own.rate, own.amount or 0)
        if other.tiers != own.tiers or (rates and not own.tiers):
            raise DataError(
                f"{self.place}: two legs of {own.symbol} at different rates: leave them out and give --tiers"
            )
        if own.mark is not None and other.mark != own.mark:
            raise DataError(f"{self.place}: two legs of {own.symbol} with different marks")

    def _named_by(self) -> str:
        """A venue that stands in no exchange, and is taken from the words of the bot's formula."""
        formula = self.case.fields.text("formula") or ""
        return f", as its formula, {formula}, names it" if known_venue(formula.split("_")[0]) is not None else ""

    def _others(self) -> tuple[CasePosition, ...]:
        """Those of the same wallet. DataError where the case's one balance does not say what stands behind them all."""
        if self.rules.margin_mode == "isolated":
            return self.case.others
        found = []
        for other in self.case.others:
            settle = self._settle_of(other)
            if settle == self.settle:
                found.append(other)
            elif self.rules.unit == "account":
                raise DataError(
                    f"{self.place}: {other.symbol} settles in {settle}, and the case tells the balance of "
                    f"{self.settle} alone: assess it with --positions and --collateral"
                )
            else:
                self.notes.append(f"{other.symbol} settles in {settle}, which is another wallet: it is left out")
        return tuple(found)

    def _settle_of(self, other: CasePosition) -> str:
        """As the case's own position, where its symbol is in a bot's own words."""
        try:
            return parts_of(unified(other.symbol, self.contract), self.place).settle
        except DataError:
            return self.settle

    def _rules(self) -> MarginRules:
        """In force on the case's date; a recorded position without one is older than the venues' last changes."""
        try:
            rules = self._rules_of(self.date)
        except MarginError:
            if self.told_date is not None:
                raise
            # The mode is younger than the day that undated cases are of.
            rules = self._rules_of(None)
            self.date = rules.since
        asked = self.case.fields.values.get("formula_args")
        if self.fee is None and isinstance(asked, dict) and rules.closing_fees == "none":
            self.fee = Record(f"{self.place}: formula_args", asked).number("fee_rate")
            if self.fee is not None:
                self.notes.append(
                    f"with a closing fee of {float(self.fee):.4%}, which {self.venue} does not count and the case's "
                    "formula_args.fee_rate asks for"
                )
                return msgspec.structs.replace(rules, closing_fees="maintenance")
        return rules

    def _rules_of(self, date: str | None) -> MarginRules:
        try:
            return rules_of(self.venue, self.mode, self.contract, self.settle, date)
        except UsageError as error:
            raise DataError(f"{self.place}: {error}") from error

    def _date(self) -> str | None:
        told = self.case.fields.values.get("date")
        if told is None:
            return None
        try:
            return show_instant(parse_instant(told))[:10]
        except ValueError:
            raise DataError(f"{self.place}: date: expected a date such as 2024-01-31, found {told!r}") from None

    def _contract(self) -> Contract:
        word = self.case.contract or parts_of(self.case.position.symbol, self.place).contract
        if word not in ("linear", "inverse"):
            raise DataError(f"{self.place}: contract: expected linear or inverse, found {word!r}")
        return "inverse" if word == "inverse" else "linear"

    def _currencies(self) -> tuple[str, str]:
        """(settle, underlying); a symbol in a bot's own words says neither."""
        symbol = unified(self.case.position.symbol, self.contract)
        try:
            parts = parts_of(symbol, self.place)
        except DataError:
            return (symbol, symbol) if self.contract == "inverse" else ("USDT", symbol)
        return parts.settle, parts.base

    def _tiers(self, position: CasePosition) -> Chosen:
        """The rate that stands in the case, else the table of its symbol; Hyperliquid's rate follows from its highest
        leverage."""
        if position.tiers:
            table = TierTable(position.symbol, position.tiers, self.told_date or "")
            return Chosen(table, "the case's own tiers", "case")
        rate, name = position.rate, "the case's own rate"
        factor = self.case.fields.number("adjust_factor")
        if position is self.case.position and self.rules.rate_is == "adjustment":
            if factor is None and rate is not None:
                self.rules = msgspec.structs.replace(self.rules, rate_is="maintenance")
            rate = rate if factor is None else factor
        highest = self.case.fields.at_least("max_leverage", 1)
        if rate is None and highest and self.venue == "hyperliquid" and position is self.case.position:
            rate, name = 1 / (2 * highest), "half the initial margin at the highest leverage"
        if rate is None:
            return self._table(unified(position.symbol, self.contract))
        return Chosen(one_tier(position.symbol, rate, position.amount or Fraction(0)), name, "case")

    def _table(self, symbol: str) -> Chosen:
        found = self.tiers.of_symbol(symbol, self.place)
        if self.told_date is None and found.table.dated > self.date:
            self.notes.append(
                f"the case says no date: its rules are of {self.date}, and the oldest tiers of {symbol} that are known "
                f"are of {found.table.dated}"
            )
        return found

    def _fee_rate(self) -> Fraction:
        """A new account's, where the venue counts one and none is told."""
        if self.fee is not None or self.rules.closing_fees == "none":
            return self.fee or Fraction(0)
        assumed = taker_fee(self.venue)
        note = f"the closing fee counts, and the case tells none: {float(assumed):.4%} is a new account's"
        if note not in self.notes:
            self.notes.append(note)
        return assumed

    def _instrument(self, position: CasePosition, chosen: Chosen) -> InstrumentState:
        marks = [each.mark for each in (position, *self.others) if each.symbol == position.symbol and each.mark]
        return InstrumentState(
            name=position.symbol,
            contract=self.contract,
            mark=marks[0] if marks else position.entry,
            settle=self.settle,
            tiers=chosen.table,
            underlying=self.underlying if position is self.case.position else "",
            multiplier=self._multiplier(position),
            fee_rate=self._fee_rate(),
        )

    def _multiplier(self, position: CasePosition) -> Fraction:
        """Amounts of linear contracts are told in base units."""
        if self.contract == "linear":
            return Fraction(1)
        told = self.case.fields.number("contract_size")
        if told is not None:
            return told
        parts = parts_of(unified(position.symbol, self.contract), self.place)
        return multiplier_of(self.venue, parts, None, counted=True, place=self.place)

    def _wallet(self, positions: tuple[CasePosition, ...], instruments: dict[str, InstrumentState]) -> Fraction | None:
        """Without unrealised gains, however it is told."""
        own, raw = self.case.position, self.case.fields.number("raw_usd")
        if raw is not None:
            return raw + own.side * own.size * own.entry
        wallet = self.case.wallet
        if wallet is None:
            if self.rules.margin_mode == "isolated" and own.leverage:
                self.notes.append("wallet_balance is not said: the margin is entry value / leverage")
            return None
        if not self.case.holds_gains:
            return wallet
        for each in positions:
            wallet -= _unrealised(each, instruments[each.symbol])
        return wallet

    def _position(self, position: CasePosition, wallet: Fraction | None) -> PositionState:
        own = position is self.case.position
        if own and self.fee is None and position.leverage and self.venue in FEES_IN_WALLET:
            # The wallet holds a fee that the case does not tell: entry value / leverage is what stands behind.
            wallet = None
        maintenance = self.case.fields.number("position_maintenance") if own else None
        return PositionState(
            instrument=position.symbol,
            side=position.side,
            size=position.size,
            entry=position.entry,
            leverage=position.leverage,
            margin=wallet,
            added=(self.case.fields.number("added_margin") or Fraction(0)) if own else Fraction(0),
            maintenance=maintenance if self.rules.maintenance_price == "entry" else None,
        )

    def _collateral(self, wallet: Fraction | None) -> CollateralState:
        if wallet is None:
            raise DataError(f"{self.place}: wallet_balance is missing: a cross account stands on it")
        if self.rules.unit == "account" and self.settle not in PEGGED:
            raise DataError(
                f"{self.place}: {self.venue} values the account in {self.rules.numeraire}, and the index and haircut "
                f"of {self.settle} are not in the case: assess it with --positions and --collateral"
            )
        return CollateralState(currency=self.settle, balance=wallet, pegged=self.contract == "linear")


def _unrealised(position: CasePosition, instrument: InstrumentState) -> Fraction:
    face = position.side * position.size * instrument.multiplier
    if instrument.contract == "linear":
        return face * (instrument.mark - position.entry)
    return face * (1 / position.entry - 1 / instrument.mark)
