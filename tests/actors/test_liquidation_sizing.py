"""Sizes of steps are enough and hardly more; levels and prices of what is watched, by themselves."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from letrade.actors.liquidation.levels import level_of
from letrade.actors.liquidation.marks import BOOK, INDEX, MARK, Marks
from letrade.actors.liquidation.sizing import HALVINGS, least_margin, least_share, reduced, with_margin
from letrade.actors.liquidation.watched import nearest_of
from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, InstrumentState, MarginAccount, PositionState, Side
from letrade.core.margin.registry import rules_for
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.messages.market import IndexPrice, MarkPrice, Quote, Trade

COST, TARGET = Fraction(2, 1000), 0.1
STEP = Fraction(1, 1 << HALVINGS)
TABLE = TierTable(
    "x",
    (
        Tier(Fraction(0), Fraction(50_000), Fraction(4, 1000)),
        Tier(Fraction(50_000), Fraction(250_000), Fraction(1, 100)),
        Tier(Fraction(250_000), None, Fraction(25, 1000)),
    ),
)
SIDES: st.SearchStrategy[Side] = st.sampled_from((1, -1))
SIZES = st.fractions(Fraction(1, 10), 10, max_denominator=1000)


def instrument(name: str, mark: Fraction) -> InstrumentState:
    return InstrumentState(name=name, contract="linear", mark=mark, settle="USDT", tiers=TABLE, underlying=name)


@st.composite
def accounts(draw: st.DrawFn, *, isolated: bool = False) -> MarginAccount:
    marks = [Fraction(60_000), Fraction(3_000), Fraction(100)][: 1 if isolated else draw(st.integers(1, 3))]
    instruments = tuple(instrument(f"c{place}", mark) for place, mark in enumerate(marks))
    positions = tuple(
        PositionState(
            instrument=each.name, side=draw(SIDES), size=draw(SIZES) * 6_000 / each.mark,
            entry=each.mark * draw(st.fractions(Fraction(9, 10), Fraction(11, 10), max_denominator=100)),
        )
        for each in instruments
    )  # fmt: skip
    marked = {each.name: each.mark for each in instruments}
    value = sum((held.size * marked[held.instrument] for held in positions), Fraction(0))
    gain = sum((held.side * held.size * (marked[held.instrument] - held.entry) for held in positions), Fraction(0))
    funds = max(
        Fraction(0), value * draw(st.fractions(Fraction(3, 100), Fraction(11, 100), max_denominator=500)) - gain
    )
    if isolated:
        (held,) = positions
        return MarginAccount(instruments=instruments, positions=(with_margin_of(held, funds),))
    return MarginAccount(
        instruments=instruments, positions=positions, collaterals=(CollateralState(currency="USDT", balance=funds),)
    )


def with_margin_of(held: PositionState, margin: Fraction) -> PositionState:
    return PositionState(instrument=held.instrument, side=held.side, size=held.size, entry=held.entry, margin=margin)


CROSS = rules_for("binance", contract="linear", margin_mode="cross", settle="USDT")
ISOLATED = rules_for("binance", contract="linear", margin_mode="isolated", settle="USDT")


@given(accounts())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_the_share_of_a_cross_unit_is_enough_and_hardly_more(book: MarginAccount) -> None:
    assume(0 < nearest_of(CROSS, book) < TARGET)
    share = least_share(CROSS, book, TARGET, COST)
    if share is not None:
        assert nearest_of(CROSS, reduced(book, share, COST)) >= TARGET
        assert nearest_of(CROSS, reduced(book, share - STEP, COST)) < TARGET


@given(accounts(isolated=True))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_the_margin_and_the_share_of_an_isolated_position_are_enough_and_hardly_more(book: MarginAccount) -> None:
    assume(0 < nearest_of(ISOLATED, book) < TARGET)
    most = Fraction(100_000)
    more = least_margin(ISOLATED, book, TARGET, most)
    assert more is not None
    assert nearest_of(ISOLATED, with_margin(book, more)) >= TARGET
    assert nearest_of(ISOLATED, with_margin(book, max(Fraction(0), more - 2 * most * STEP))) < TARGET
    share = least_share(ISOLATED, book, TARGET, COST)
    if share is not None:
        assert nearest_of(ISOLATED, reduced(book, share, COST)) >= TARGET


def test_margin_that_is_not_enough_is_not_added() -> None:
    held = PositionState(instrument="c0", side=1, size=Fraction(1), entry=Fraction(60_000), margin=Fraction(3_000))
    book = MarginAccount(instruments=(instrument("c0", Fraction(59_000)),), positions=(held,))
    assert least_margin(ISOLATED, book, TARGET, Fraction(100)) is None
    assert least_margin(ISOLATED, book, TARGET, Fraction(0)) is None


def cross_book(balance: int, *held: tuple[Side, int, int, int]) -> MarginAccount:
    """Of (side, size, entry, mark) each."""
    return MarginAccount(
        instruments=tuple(instrument(f"c{place}", Fraction(mark)) for place, (*_, mark) in enumerate(held)),
        positions=tuple(
            PositionState(instrument=f"c{place}", side=side, size=Fraction(size), entry=Fraction(entry))
            for place, (side, size, entry, _) in enumerate(held)
        ),
        collaterals=(CollateralState(currency="USDT", balance=Fraction(balance)),),
    )


def test_no_share_is_enough_where_closing_costs_more_than_there_is() -> None:
    assert least_share(CROSS, cross_book(1_000, (1, 1, 60_000, 59_010)), TARGET, COST) is None
    assert least_share(CROSS, cross_book(500, (1, 1, 60_000, 59_010)), TARGET, COST) is None


@given(st.floats(0, 1), st.integers(0, 3))
def test_levels_rise_at_once_and_fall_with_hysteresis(distance: float, before: int) -> None:
    thresholds = (0.2, 0.1, 0.05)
    level = level_of(distance, thresholds, before, 0.1)
    assert level >= sum(distance <= each for each in thresholds)
    assert level_of(distance, thresholds, level, 0.1) == level
    if level < before:
        assert distance > thresholds[before - 1] * 1.1


def test_the_worst_of_what_is_known_counts_once_the_mark_is_old() -> None:
    marks = Marks(5, 10)
    marks.take(Trade(instrument="x", price=90.0, size=1.0, time=1))
    assert marks.price("x", 1, 1) == (90.0, BOOK)
    marks.take(IndexPrice(instrument="x", price=99.0, time=1))
    marks.take(MarkPrice(instrument="x", price=100.0, time=2))
    marks.take(IndexPrice(instrument="x", price=95.0, time=3))
    marks.take(Quote(instrument="x", bid=94.0, bid_size=1.0, ask=97.0, ask_size=1.0, time=4))
    assert marks.price("x", 1, 7) == (100.0, MARK)
    assert marks.price("x", 1, 8) == (94.0, BOOK)
    assert marks.price("x", -1, 8) == (100.0, MARK)
    marks.take(IndexPrice(instrument="x", price=105.0, time=9))
    assert marks.price("x", -1, 9) == (106.0, INDEX)
    assert marks.price("y", 1, 9) is None
