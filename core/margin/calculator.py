"""MarginCalculator: the margins, liquidation and bankruptcy prices of an account by one venue's rules, exactly."""

from __future__ import annotations

from letrade.core.fraction import Fraction
from letrade.core.margin.account import InstrumentState, MarginAccount, Side
from letrade.core.margin.book import Book, Unit, open_book
from letrade.core.margin.initial import leverage_notes, position_initial, unit_initial
from letrade.core.margin.largest import largest_size
from letrade.core.margin.numbers import ONE, ZERO
from letrade.core.margin.results import Margins, PositionMargin, UnitMargin
from letrade.core.margin.rules import MarginRules
from letrade.core.margin.slack import STILL, common_path, instrument_path, leg, unit_curves, value_curve
from letrade.core.margin.solving import Crossing, equity_crossing, is_used_up, nearest_crossing, slack_crossing


class MarginCalculator:
    """Exact margins under one mode's rules."""

    def __init__(self, rules: MarginRules) -> None:
        self.rules = rules

    def assess(self, account: MarginAccount) -> Margins:
        """Every unit and every position; MarginError names what is wrong with the account, and where."""
        book = open_book(self.rules, account)
        notes = leverage_notes(book)
        units = tuple(_unit_margin(book, unit) for unit in book.units)
        positions = {
            place: _position_margin(book, unit, place, notes.get(place, ""))
            for unit in book.units
            for place in unit.positions
        }
        moves = [unit.common_move for unit in units if unit.common_move is not None]
        return Margins(
            venue=self.rules.venue,
            mode=self.rules.mode,
            formula=self.rules.formula,
            source=self.rules.source,
            checked=self.rules.checked,
            note=self.rules.note,
            limits=self.rules.limits,
            units=units,
            positions=tuple(positions[place] for place in range(len(account.positions))),
            common_move=min(moves, key=abs, default=None),
        )

    def largest_size(
        self, instrument: InstrumentState, side: Side, price: Fraction, leverage: Fraction, funds: Fraction
    ) -> Fraction:
        """The size that `funds` open at a price and leverage, within the tier that allows the leverage."""
        return largest_size(self.rules, instrument, side, price, leverage, funds)


def _unit_margin(book: Book, unit: Unit) -> UnitMargin:
    equity, maintenance = (curve.at(ONE) for curve in unit_curves(book, unit, STILL, ONE))
    initial = unit_initial(book, unit)
    nearest = nearest_crossing(book, unit, common_path(book, unit))
    return UnitMargin(
        name=unit.name,
        currency=unit.currency,
        positions=unit.positions,
        equity=equity,
        initial=initial,
        maintenance=maintenance,
        ratio=_ratio(book, unit, equity, maintenance),
        ratio_name=book.rules.ratio_name,
        available=None if initial is None else max(ZERO, equity - initial),
        liquidated=bool(unit.positions) and is_used_up(book, equity - maintenance),
        common_move=None if nearest is None or not unit.positions else nearest - ONE,
    )


def _ratio(book: Book, unit: Unit, equity: Fraction, maintenance: Fraction) -> Fraction | None:
    if book.rules.ratio == "maintenance_over_equity":
        return maintenance / equity if equity > 0 else None
    if book.rules.ratio == "equity_over_maintenance":
        return equity / maintenance if maintenance > 0 else None
    shares = (value_curve(book, STILL, place).at(ONE) / book.leverage(place) for place in unit.positions)
    used = sum(shares, ZERO)
    return (equity - maintenance) / used if used > 0 else None


def _position_margin(book: Book, unit: Unit, place: int, note: str) -> PositionMargin:
    position, instrument = book.account.positions[place], book.instrument(place)
    its = leg(book, unit, STILL, place, ONE)
    path = instrument_path(book, unit, instrument.name)
    crossing, bankrupt = slack_crossing(book, unit, path), equity_crossing(book, unit, path)
    price = None if crossing.x is None else instrument.mark * crossing.x
    return PositionMargin(
        instrument=instrument.name,
        side=position.side,
        size=position.size,
        entry=position.entry,
        mark=instrument.mark,
        unit=unit.name,
        value=its.value.at(ONE),
        unrealised=its.unrealised.at(ONE),
        initial=position_initial(book, place),
        maintenance=its.maintenance.at(ONE),
        tier=its.tier + 1,
        rate=its.rate,
        amount=its.amount,
        liquidation_price=price,
        other_liquidation_price=None if crossing.other is None else instrument.mark * crossing.other,
        liquidation_note=_note(crossing, instrument.mark),
        bankruptcy_price=None if bankrupt.x is None else instrument.mark * bankrupt.x,
        distance=_distance(crossing),
        liquidated=crossing.at_once,
        note=note,
    )


def _distance(crossing: Crossing) -> Fraction | None:
    if crossing.at_once:
        return ZERO
    return None if crossing.x is None else abs(crossing.x - ONE)


def _note(crossing: Crossing, mark: Fraction) -> str:
    if crossing.at_once:
        alone = "" if crossing.x is not None else ", and at every other price of this instrument alone"
        return f"it is liquidated at the present mark{alone}"
    if crossing.x is None:
        return "no price of this instrument alone uses the margin up"
    if crossing.other is not None:
        return f"the margin is used up on the other side too, at {float(mark * crossing.other):.10g}"
    return "the margin is used up on the other side only" if crossing.against else ""
