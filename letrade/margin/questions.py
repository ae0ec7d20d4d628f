"""What is asked: positions, orders and collateral at one venue, made into the accounts that its rules look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from letrade.core.errors import DataError, UsageError
from letrade.core.fraction import Fraction
from letrade.core.margin.account import (
    CollateralState,
    InstrumentState,
    MarginAccount,
    OrderState,
    PositionState,
)
from letrade.core.margin.rules import MarginRules
from letrade.margin.collaterals import PEGGED, read_collaterals, wallet
from letrade.margin.modes import rules_of
from letrade.margin.specs import OrderSpec, PositionSpec
from letrade.margin.symbols import COUNTING, Parts, multiplier_of, parts_of, taker_fee
from letrade.margin.tier_choice import Chosen, TierChoice, fitted

OF_THE_SYMBOL = ("rate", "maintenance_amount", "max_leverage", "fee", "multiplier")
"""What rows of one symbol cannot say differently."""
GAINS_IN_COLLATERAL = frozenset({"binance"})
"""Venues whose isolated margin, as ccxt tells it, holds the unrealised gains."""


class Question(Struct, frozen=True, kw_only=True):
    """One account at one venue, as it was said."""

    venue: str
    mode: str
    """isolated, cross, or the venue's own word for a mode; a position may say its own."""
    positions: tuple[PositionSpec, ...]
    orders: tuple[OrderSpec, ...] = ()
    wallet: Fraction | None = None
    """Of a cross account; of one isolated position, the margin behind it."""
    collateral: Path | None = None
    fee: Fraction | None = None
    hedge: bool = False
    date: str | None = None
    """Of the rules, YYYY-MM-DD; None: the newest."""


class Group(NamedTuple):
    """Positions under the same rules: what core/margin assesses at once."""

    rules: MarginRules
    account: MarginAccount
    specs: tuple[PositionSpec, ...]
    tiers: tuple[Chosen, ...]
    """Of each position."""
    orders: tuple[OrderSpec, ...]
    notes: tuple[str, ...]
    """What was assumed where nothing was said."""


def groups_of(question: Question, tiers: TierChoice) -> list[Group]:
    """DataError or UsageError for what is missing or contradicts itself."""
    by_mode: dict[str, tuple[MarginRules, list[PositionSpec]]] = {}
    balances: dict[str, None] = {}
    for spec in question.positions:
        parts = parts_of(spec.symbol, spec.place)
        rules = rules_of(question.venue, spec.mode or question.mode, parts.contract, parts.settle, question.date)
        by_mode.setdefault(rules.mode, (rules, []))[1].append(_counted(spec, question.venue, parts))
        if rules.margin_mode == "cross":
            balances[parts.settle] = None
    _check_balances(question, list(balances))
    orders: dict[str, list[OrderSpec]] = {mode: [] for mode in by_mode}
    for order in question.orders:
        orders[_mode_of(order, by_mode)].append(order)
    return [_Building(question, rules, specs, tiers).group(orders[mode]) for mode, (rules, specs) in by_mode.items()]


def _counted(spec: PositionSpec, venue: str, parts: Parts) -> PositionSpec:
    """A linear position that was said in contracts, with what one of them is where that is no base unit."""
    if not spec.in_contracts or spec.multiplier is not None or parts.contract != "linear" or venue not in COUNTING:
        return spec
    return msgspec.structs.replace(spec, multiplier=multiplier_of(venue, parts, None, counted=True, place=spec.place))


def _check_balances(question: Question, settles: Sequence[str]) -> None:
    """UsageError for a balance that more than one account, or none, would stand on."""
    if question.wallet is not None and len(settles) > 1:
        raise UsageError(f"positions settle in {' and '.join(settles)}: give each balance with --collateral FILE")
    if settles:
        return
    if question.collateral is not None:
        raise UsageError("--collateral: would not be heard, as no position is in cross margin: give each its margin")
    if question.wallet is not None and len(question.positions) > 1:
        raise UsageError("--wallet: is the margin of one isolated position: give each its margin in --positions FILE")


def _mode_of(order: OrderSpec, by_mode: Mapping[str, tuple[MarginRules, Sequence[PositionSpec]]]) -> str:
    """Where the position of its symbol stands, else the cross account that its contract fits. DataError where there is
    none: the margin of such an order is of a balance that was not asked about."""
    held = [mode for mode, (_, specs) in by_mode.items() if any(spec.symbol == order.symbol for spec in specs)]
    if held:
        return held[0]
    parts = parts_of(order.symbol, order.place)
    for mode, (rules, _) in by_mode.items():
        settles = not rules.settles or parts.settle in rules.settles
        if rules.margin_mode == "cross" and parts.contract in rules.contracts and settles:
            return mode
    raise DataError(
        f"{order.place}: no position in {order.symbol}, and no cross account that the order's margin is of: "
        "leave it out"
    )


class _Building:
    """One group while it is put together."""

    def __init__(
        self, question: Question, rules: MarginRules, specs: Sequence[PositionSpec], tiers: TierChoice
    ) -> None:
        self.question = question
        self.rules = rules
        self.specs = specs
        self.tiers = tiers
        self.instruments: dict[str, InstrumentState] = {}
        self.contracted: set[str] = set()
        """Symbols whose sizes were said in base units, and are contracts in the account."""
        self.notes: list[str] = []

    def group(self, orders: Sequence[OrderSpec]) -> Group:
        self._check_hedge()
        chosen = tuple(map(self.tiers.of, self.specs))
        self.rules, changed = fitted(self.rules, chosen, self.specs[0].place)
        if any(spec.rate is not None for spec in self.specs) and self.rules.rate_is == "adjustment":
            self.rules = msgspec.structs.replace(self.rules, rate_is="maintenance")
        self.notes.extend(changed)
        for spec, tier in zip(self.specs, chosen, strict=True):
            self._add(spec, tier)
        positions = tuple(map(self._position, self.specs))
        working = tuple(map(self._order, orders))
        collaterals = self._collaterals()
        account = MarginAccount(
            instruments=tuple(self.instruments.values()), positions=positions, orders=working, collaterals=collaterals
        )
        return Group(self.rules, account, tuple(self.specs), chosen, tuple(orders), tuple(dict.fromkeys(self.notes)))

    def _check_hedge(self) -> None:
        sides: dict[str, int] = {}
        for spec in self.specs:
            if sides.setdefault(spec.symbol, spec.side) != spec.side and not self.question.hedge:
                raise UsageError(
                    f"{spec.place}: {spec.symbol} is held long and short: a one-way account holds only the difference; "
                    "in hedge mode say --hedge"
                )

    def _add(self, spec: PositionSpec, tier: Chosen) -> None:
        """The instrument of a position, once."""
        known = self.instruments.get(spec.symbol)
        if known is not None:
            self._check_same(spec, known)
            return
        mark = next((each.mark for each in self.specs if each.symbol == spec.symbol and each.mark is not None), None)
        if mark is None:
            mark = self._assumed_mark(spec)
        self._instrument(spec.symbol, spec.place, mark, tier, spec.multiplier, spec.fee)

    def _check_same(self, spec: PositionSpec, known: InstrumentState) -> None:
        """All positions of a symbol have one mark, one table, one fee and one contract size."""
        if spec.mark is not None and spec.mark != known.mark:
            raise DataError(f"{spec.place}: {spec.symbol} has one mark: {float(known.mark):g} was said before")
        first = next(each for each in self.specs if each.symbol == spec.symbol)
        for name in OF_THE_SYMBOL:
            before, here = getattr(first, name), getattr(spec, name)
            if before != here:
                raise DataError(
                    f"{spec.place}: {spec.symbol} has one {name}: {_said(before)} was said before, "
                    f"and {_said(here)} here"
                )

    def _assumed_mark(self, spec: PositionSpec) -> Fraction:
        if self.rules.margin_mode == "cross" and len({each.symbol for each in self.specs}) > 1:
            raise DataError(
                f"{spec.place}: mark is missing: in a cross account each position's profit stands behind all"
            )
        self.notes.append(f"no mark price was given for {spec.symbol}: the entry price stands for it")
        return spec.entry

    def _instrument(
        self, symbol: str, place: str, mark: Fraction, tier: Chosen, told: Fraction | None, fee: Fraction | None
    ) -> None:
        parts = parts_of(symbol, place)
        counted = self.rules.tier_basis == "contracts" and tier.table.whole
        multiplier = multiplier_of(self.question.venue, parts, told, counted=counted, place=place)
        if parts.contract == "linear" and told is None:
            self.contracted.add(symbol)
        self.instruments[symbol] = InstrumentState(
            name=symbol,
            contract=parts.contract,
            mark=mark,
            settle=parts.settle,
            tiers=tier.table,
            underlying=parts.base,
            multiplier=multiplier,
            fee_rate=self._fee(fee),
        )

    def _fee(self, told: Fraction | None) -> Fraction:
        fee = told if told is not None else self.question.fee
        if fee is not None or self.rules.closing_fees == "none":
            return fee or Fraction(0)
        assumed = taker_fee(self.question.venue)
        self.notes.append(f"the closing fee counts, and none was given: {float(assumed):.4%} is a new account's")
        return assumed

    def _sized(self, symbol: str, size: Fraction) -> Fraction:
        return size / self.instruments[symbol].multiplier if symbol in self.contracted else size

    def _position(self, spec: PositionSpec) -> PositionState:
        margin = spec.margin
        if self.rules.margin_mode == "cross" and (margin is not None or spec.added is not None):
            raise UsageError(f"{spec.place}: a cross position has no margin of its own: give the account's --wallet")
        if self.rules.margin_mode == "isolated" and margin is None and len(self.question.positions) == 1:
            margin = self.question.wallet
        if self.rules.margin_mode == "isolated" and margin is None and spec.collateral is not None:
            margin = self._told_by_ccxt(spec, spec.collateral)
        return PositionState(
            instrument=spec.symbol,
            side=spec.side,
            size=self._sized(spec.symbol, spec.size),
            entry=spec.entry,
            leverage=spec.leverage,
            margin=margin,
            added=spec.added or Fraction(0),
            maintenance=spec.maintenance,
        )

    def _told_by_ccxt(self, spec: PositionSpec, collateral: Fraction) -> Fraction | None:
        """Its wallet, or its collateral less gains, where the venue is known to count them in."""
        if self.question.venue in GAINS_IN_COLLATERAL:
            if spec.own_wallet is not None:
                return spec.own_wallet
            margin = collateral - spec.gains
            told = f"the margin of {spec.symbol} is ccxt's collateral without unrealised gains: {float(margin):,.8g}"
            self.notes.append(told)
            return margin
        self.notes.append(
            f"ccxt's collateral of {spec.symbol}, {float(collateral):,.8g}, is not used, as gains may be in it: the "
            "margin is entry value / leverage, or what `margin` says"
        )
        return None

    def _order(self, spec: OrderSpec) -> OrderState:
        if spec.symbol not in self.instruments:
            self.notes.append(f"no mark price is known of {spec.symbol}: the order's price stands for it")
            tier = self.tiers.of_symbol(spec.symbol, spec.place)
            self._instrument(spec.symbol, spec.place, spec.price, tier, None, None)
        leverage = next((each.leverage for each in self.specs if each.symbol == spec.symbol), None)
        return OrderState(
            instrument=spec.symbol,
            side=spec.side,
            size=self._sized(spec.symbol, spec.size),
            price=spec.price,
            leverage=spec.leverage or leverage,
            reduces=spec.reduces,
        )

    def _collaterals(self) -> tuple[CollateralState, ...]:
        if self.rules.margin_mode == "isolated":
            return ()
        settles = list(dict.fromkeys(each.settle for each in self.instruments.values()))
        valued_in = self.rules.numeraire or settles[0]
        if self.question.collateral is not None:
            if self.question.wallet is not None:
                raise UsageError("--wallet and --collateral exclude each other: the file says every balance")
            return read_collaterals(self.question.collateral, valued_in, self.rules.unit)
        if self.question.wallet is None:
            raise UsageError("a cross account needs its balance: --wallet AMOUNT, or --collateral FILE")
        if len(settles) > 1:
            raise UsageError(f"orders settle in {' and '.join(settles)}: give each balance with --collateral FILE")
        if self.rules.unit == "account" and settles[0] not in PEGGED:
            raise UsageError(
                f"{self.question.venue} values the account in {valued_in}: give the balance, index and haircut of "
                f"{settles[0]} with --collateral FILE"
            )
        if self.rules.unit == "account" and settles[0] != valued_in:
            self.notes.append(f"the wallet counts in full, a {settles[0]} as a {valued_in}: or give --collateral")
        return (wallet(settles[0], self.question.wallet),)


def _said(value: Fraction | None) -> str:
    return "nothing" if value is None else f"{float(value):g}"
