"""A margin account in the compiled book: many marks a second, and exact again where the compiled sign is open."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, InstrumentState, MarginAccount
from letrade.core.margin.book import Book, Unit, open_book, turn
from letrade.core.margin.numbers import ONE, ZERO, MarginError, number, positive
from letrade.core.margin.rules import MarginRules
from letrade.core.margin.slack import STILL, closing_fee, requirement_share, tier_curve, unit_curves
from letrade.core.margin.solving import is_used_up
from letrade.core.margin.tiers import ReadyTiers
from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.margin.margin_book import MarginBook


class CompiledMargin:
    """The units of an account under one mode's rules; marks and indexes may move, nothing else.

    MarginError for a size above the last tier, and for what the compiled book does not know: a tier that two legs
    share, and an amount without its table.
    """

    def __init__(self, rules: MarginRules, account: MarginAccount) -> None:
        self._exact = open_book(rules, account)
        self._marks = {instrument.name: instrument.mark for instrument in account.instruments}
        self._indexes = {held.currency: held.index for held in account.collaterals}
        currencies = [held.currency for unit in self._exact.units for held in unit.collaterals]
        self.coins: Mapping[str, int] = {name: place for place, name in enumerate(dict.fromkeys(currencies))}
        self.book = MarginBook(instruments=max(1, len(account.positions)), coins=max(1, len(self.coins)))
        self.instruments: dict[str, list[int]] = {instrument.name: [] for instrument in account.instruments}
        """The compiled numbers of an instrument."""
        self.positions: list[int] = [-1] * len(account.positions)
        """The compiled number of each position."""
        self.units: list[int] = []
        """The compiled number of each unit, in the order of Margins.units."""
        for unit in self._exact.units:
            self._check_sizes(unit)
            self._add_unit(unit)

    def set_mark(self, instrument: str, mark: float) -> None:
        """A new mark of an instrument of the account."""
        price = positive(number(mark, f"{instrument}: mark"), f"{instrument}: mark")
        for place in self.instruments[instrument]:
            self.book.set_mark(place, mark)
        self._marks[instrument] = price

    def set_index(self, currency: str, index: float) -> None:
        """A new index price of a collateral of an account that is valued as a whole."""
        held = next(each for unit in self._exact.units for each in unit.collaterals if each.currency == currency)
        what = f"collaterals[{currency}].index"
        price = positive(number(index, what), what)
        self.book.set_coin(self.coins[currency], index, fixed=self._stays(held))
        self._indexes[currency] = price

    def is_liquidated(self, unit: int) -> bool:
        """Whether a unit is liquidated at the present marks; decided exactly where the compiled sign is open."""
        slack, bound = self.book.slack(self.units[unit])
        if abs(slack) > bound:
            return slack < 0
        book = self.exact()
        equity, maintenance = (curve.at(ONE) for curve in unit_curves(book, book.units[unit], STILL, ONE))
        return is_used_up(book, equity - maintenance)

    def exact(self) -> Book:
        """The account at the present marks and indexes, in fractions."""
        account = self._exact.account
        instruments = tuple(msgspec.structs.replace(each, mark=self._marks[each.name]) for each in account.instruments)
        held = tuple(msgspec.structs.replace(each, index=self._indexes[each.currency]) for each in account.collaterals)
        return open_book(self._exact.rules, msgspec.structs.replace(account, instruments=instruments, collaterals=held))

    def _check_sizes(self, unit: Unit) -> None:
        for place in unit.positions:
            table = self._exact.tables[self._exact.account.positions[place].instrument]
            table.held(tier_curve(self._exact, unit, STILL, place).at(ONE))

    def _stays(self, held: CollateralState) -> bool:
        return held.pegged or self._exact.rules.unit != "account" or held.currency == self._exact.rules.numeraire

    def _add_unit(self, unit: Unit) -> None:
        place = self.book.add_account()
        self.units.append(place)
        for held in unit.collaterals:
            coin = self.coins[held.currency]
            self.book.set_coin(coin, float(held.index), fixed=self._stays(held))
            haircut = self._haircut(held)
            self.book.set_collateral(
                place, coin, float(held.balance), haircut=haircut, liability=float(1 + held.debt_buffer), joins=True
            )
        for position in unit.positions:
            self._add_position(unit, place, position)

    def _haircut(self, held: CollateralState) -> int | None:
        rows = [(row.floor, row.ratio) for row in held.ratios] or [(ZERO, ONE)]
        ends = [held.cap, held.ratios[-1].cap if held.ratios else None]
        end = min((each for each in ends if each is not None), default=None)
        if end is not None:
            rows = [row for row in rows if row[0] < end] + [(end, ZERO)]
        if rows == [(ZERO, ONE)]:
            return None
        floors, shares = [float(row[0]) for row in rows], [float(row[1]) for row in rows]
        return self.book.add_haircut(floors, shares, by=self._exact.rules.haircut_by)

    def _add_position(self, unit: Unit, account: int, place: int) -> None:
        """Legs of one instrument and unit share its compiled number, as they share its mark."""
        held, instrument = self._exact.account.positions[place], self._exact.instrument(place)
        first = self._exact.legs(unit, place)[0]
        if first == place:
            self._add_instrument(unit, place, instrument)
        elif self._exact.rules.tier_size == "legs":
            raise MarginError(f"{instrument.name}: a tier that two legs share is not compiled; use MarginCalculator")
        fixed = held.maintenance or ZERO
        if self._exact.rules.closing_fees in ("bankruptcy", "leveraged_entry") and held.maintenance is None:
            fixed = closing_fee(self._exact, STILL, place).at(ONE)
        self.positions[place] = self.book.add_position(
            account,
            first,
            BUY if held.side > 0 else SELL,
            float(held.size),
            float(held.entry),
            fixed=float(fixed),
        )

    def _add_instrument(self, unit: Unit, place: int, instrument: InstrumentState) -> None:
        rules, held = self._exact.rules, self._exact.account.positions[place]
        scale = requirement_share(self._exact, unit, place)
        divisor = self._exact.leverage(place) if rules.rate_is == "adjustment" else ONE
        table = self._exact.tables[instrument.name]
        tiers = self._tiers(table, ZERO if held.maintenance is not None else scale / divisor)
        self.instruments[instrument.name].append(place)
        self.book.set_instrument(
            place,
            tiers=tiers,
            settle=self.coins[instrument.settle],
            inverse=instrument.contract == "inverse",
            multiplier=float(instrument.multiplier),
            base=self.coins.get(instrument.underlying) if rules.collateral_moves else None,
            tier_basis=rules.tier_basis,
            maintenance_price=rules.maintenance_price,
            fee=float(self._fee_share(place, instrument) * scale),
        )
        self.book.set_mark(place, float(instrument.mark))

    def _fee_share(self, place: int, instrument: InstrumentState) -> Fraction:
        """The closing fee as a share of the value at the maintenance price."""
        kind, held = self._exact.rules.closing_fees, self._exact.account.positions[place]
        if kind == "maintenance":
            return instrument.fee_rate
        if kind != "leveraged" or instrument.fee_rate == 0:
            return ZERO
        return instrument.fee_rate * (ONE + turn(instrument, held) / self._exact.leverage(place))

    def _tiers(self, table: ReadyTiers, scale: Fraction) -> int:
        if table.tiers[0].amount:
            raise MarginError(f"{table.name}: an amount without its table is not compiled; use MarginCalculator")
        return self.book.add_tiers(
            [float(row.floor) for row in table.tiers],
            [float(row.rate * scale) for row in table.tiers],
            [float((row.amount or ZERO) * scale) for row in table.tiers] if table.form == "cumulative" else None,
            form=table.form,
            edge=table.edge,
        )
