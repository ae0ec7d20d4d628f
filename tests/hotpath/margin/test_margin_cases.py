"""What a margin book says of accounts worked out by hand, and that it says no to what it cannot compute."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.margin.margin_book import MarginBook

NAN, INFINITE = float("nan"), float("inf")


def one(
    side: int = BUY, size: float = 1.0, entry: float = 60_000.0, balance: float = 5_000.0, *, mark: float = 60_000.0,
    **rules: Any,
) -> tuple[MarginBook, int]:  # fmt: skip
    """One position at 0.4 % maintenance, in one account of one coin."""
    book = MarginBook(instruments=1, coins=2)
    book.set_coin(0, 1.0, fixed=True)
    book.set_coin(1, 60_000.0)
    tiers = book.add_tiers([0.0], [0.004])
    book.set_instrument(0, **{"tiers": tiers, "settle": 0, **rules})
    book.set_mark(0, mark)
    account = book.add_account()
    if balance:
        book.set_collateral(account, 0, balance)
    return book, book.add_position(account, 0, side, size, entry)


def price_of(answer: tuple[str, float | None, float]) -> float:
    word, price, spread = answer
    assert word == "price"
    assert price is not None
    assert spread <= 1e-12 * abs(price)
    return price


def test_a_long_of_one_tier_is_liquidated_where_the_closed_form_says() -> None:
    book, position = one()
    assert price_of(book.liquidation(position)) == pytest.approx((5_000 - 60_000) / (0.004 - 1), rel=1e-14)
    assert price_of(book.bankruptcy(position)) == pytest.approx(55_000, rel=1e-14)
    assert book.margins(0)[:3] == (5_000.0, 240.0, 4_760.0)
    assert book.ratio(0) == 240 / 5_000


def test_both_legs_of_a_mark_move_together() -> None:
    book, position = one()
    other = book.add_position(0, 0, SELL, 1.0, 60_000.0)
    assert price_of(book.liquidation(position)) == pytest.approx(625_000, rel=1e-14)
    assert book.liquidation(other) == book.liquidation(position)
    assert book.bankruptcy(position) == ("none", None, 0.0)


def covered_short(*, coins: float, cap: float | None) -> tuple[MarginBook, int]:
    """Short 1 at 50,000, 0.5 % maintenance; so many coins that count 80 %, up to a cap, and a debt of 100,000."""
    book = MarginBook(instruments=1, coins=2)
    book.set_coin(0, 1.0, fixed=True)
    book.set_coin(1, 50_000.0)
    book.set_instrument(0, tiers=book.add_tiers([0.0], [0.005]), settle=0, base=1)
    book.set_mark(0, 50_000.0)
    account = book.add_account()
    floors, shares = ([0.0], [0.8]) if cap is None else ([0.0, cap], [0.8, 0.0])
    book.set_collateral(account, 1, coins, haircut=book.add_haircut(floors, shares))
    book.set_collateral(account, 0, -100_000.0, liability=1.0, joins=True)
    return book, book.add_position(account, 0, SELL, 1.0, 50_000.0)


def test_where_the_side_on_which_the_legs_lose_has_no_price_the_other_side_has() -> None:
    """2.4 p - 100,000 + (50,000 - p) - 0.005 p = 0: the coins lose more than the short gains as the mark falls."""
    book, position = covered_short(coins=3.0, cap=None)
    assert price_of(book.liquidation(position)) == pytest.approx(50_000 / (2.4 - 1.005), rel=1e-14)
    assert price_of(book.bankruptcy(position)) == pytest.approx(50_000 / 1.4, rel=1e-14)


def test_where_both_sides_have_a_price_it_is_the_one_where_the_legs_lose() -> None:
    """From 60,000 up the coins count 144,000 and no more: 144,000 - 50,000 - 1.005 p = 0."""
    book, position = covered_short(coins=3.0, cap=180_000.0)
    assert price_of(book.liquidation(position)) == pytest.approx(94_000 / 1.005, rel=1e-14)


def test_where_the_legs_neither_gain_nor_lose_it_is_the_nearer_side() -> None:
    book, position = covered_short(coins=3.0, cap=None)
    book.add_position(0, 0, BUY, 1.0, 50_000.0)
    assert price_of(book.bankruptcy(position)) == pytest.approx(100_000 / 2.4, rel=1e-14)


def test_a_hedge_of_which_the_net_is_maintained_has_no_price() -> None:
    book, position = one(hedge_legs="net")
    book.add_position(0, 0, SELL, 1.0, 60_000.0)
    assert book.liquidation(position) == ("none", None, 0.0)


def test_a_long_without_leverage_has_no_price() -> None:
    book, position = one(balance=60_000.0)
    assert book.liquidation(position) == ("none", None, 0.0)


def test_a_coin_as_collateral_covers_a_short_of_its_own_worth_at_every_price() -> None:
    book = MarginBook(instruments=1, coins=2)
    book.set_coin(0, 1.0, fixed=True)
    book.set_coin(1, 60_000.0)
    tiers = book.add_tiers([0.0], [0.0])
    book.set_instrument(0, tiers=tiers, settle=1, inverse=True, base=1)
    book.set_mark(0, 60_000.0)
    account = book.add_account()
    book.set_collateral(account, 1, 1.0, joins=True)
    position = book.add_position(account, 0, SELL, 60_000.0, 60_000.0)
    assert book.margins(account)[0] == 60_000.0
    assert book.liquidation(position) == ("none", None, 0.0)
    slacks, _, _ = book.assess_scenarios([[30_000.0], [240_000.0]], [[1.0, 30_000.0], [1.0, 240_000.0]])
    assert slacks[:, 0] == pytest.approx([60_000.0, 60_000.0], rel=1e-14)


def test_a_flat_table_liquidates_at_the_floor_itself() -> None:
    """Slack is 5,000 − (p − 60,000) − rate × p: 0.4 % leaves 735 at 64,000, and 10 % from there on takes 6,400."""
    book, position = one(SELL)
    book.change_tiers(0, book.add_tiers([0.0, 64_000.0], [0.004, 0.1], form="flat"))
    assert price_of(book.liquidation(position)) == pytest.approx(64_000, rel=1e-15)


@pytest.mark.parametrize(("edge", "rate"), [("lower", 0.004), ("upper", 0.1)])
def test_a_size_at_a_floor_is_of_the_tier_that_the_rules_say(edge: str, rate: float) -> None:
    book, _ = one(tier_basis="contracts", size=2.0)
    book.change_tiers(0, book.add_tiers([0.0, 2.0], [0.004, 0.1], form="flat", edge=edge))  # type: ignore[arg-type]
    assert book.margins(0)[1] == pytest.approx(rate * 120_000, rel=1e-15)


def test_an_account_that_is_liquidated_at_its_marks_has_the_mark_as_its_price() -> None:
    book, position = one(mark=54_000.0)
    assert book.liquidation(position) == ("liquidated", 54_000.0, 0.0)
    assert book.ratio(0) == math.inf


def test_a_jump_that_lies_in_the_rounding_of_the_numbers_is_uncertain_unless_they_are_exact() -> None:
    """0.3 × 200,000 may be a bit above or below the floor of 60,000: 0.1 % or 90 % of it are kept."""
    for exact, answer in ((False, "uncertain"), (True, "price")):
        book = MarginBook(instruments=1, coins=1, exact_inputs=exact)
        book.set_coin(0, 1.0)
        tiers = book.add_tiers([0.0, 60_000.0], [0.001, 0.9], form="flat")
        book.set_instrument(0, tiers=tiers, settle=0, tier_basis="entry_notional", maintenance_price="entry")
        book.set_mark(0, 200_000.0)
        book.set_collateral(book.add_account(), 0, 10_000.0)
        position = book.add_position(0, 0, BUY, 0.3, 200_000.0)
        slack, bound = book.slack(0)
        assert (abs(slack) > bound) is exact
        assert book.liquidation(position)[0] == answer


def test_a_closed_position_leaves_no_trace() -> None:
    book, position = one()
    book.change_position(position, 0.0, 60_000.0)
    assert book.slack(0)[0] == 5_000.0
    with pytest.raises(ValueError, match="position 0 is closed"):
        book.liquidation(position)
    book.change_position(position, 2.0, 50_000.0)
    assert book.slack(0)[0] == pytest.approx(5_000 + 2 * 10_000 - 480, rel=1e-15)


def many(count: int = 9, accounts: int = 3) -> MarginBook:
    book = MarginBook(instruments=count, coins=2)
    book.set_coin(0, 1.0, fixed=True)
    book.set_coin(1, 50_000.0)
    tables = [
        book.add_tiers([0.0, 1e4, 1e5, 1e6], [0.004, 0.01, 0.025, 0.1]),
        book.add_tiers([0.0, 1e4, 1e5, 1e6], [0.004, 0.01, 0.025, 0.1], form="flat"),
    ]
    haircut = book.add_haircut([0.0, 1e5, 1e6], [0.95, 0.8, 0.0])
    for instrument in range(count):
        book.set_instrument(instrument, tiers=tables[instrument % 2], settle=0, fee=0.0005)
        book.set_mark(instrument, 100.0 * (instrument + 1))
    for account in range(accounts):
        book.add_account()
        book.set_collateral(account, 0, 20_000.0, joins=True)
        book.set_collateral(account, 1, 1.5, haircut=haircut)
    for place in range(count):
        size = 30_000.0 / (place + 1) / (1 + place % 4)
        book.add_position(place % accounts, place, SELL if place % 2 else BUY, size, 101.0 * (place + 1))
    return book


def test_scenarios_of_several_blocks_equal_single_computations() -> None:
    book, rows = many(), 700
    places = np.arange(rows)[:, None] * 9 + np.arange(9)
    prices = 100.0 * (np.arange(9) + 1) * (1.0 + 0.9 * np.sin(places))
    indexes = np.stack([np.ones(rows), 50_000.0 * (1.0 + 0.5 * np.cos(np.arange(rows)))], axis=1)
    slacks, bounds, uncertain = book.assess_scenarios(prices, indexes)
    assert uncertain == 0
    for row in (0, 1, 255, 256, 300, 511, 512, 699):
        for instrument in range(9):
            book.set_mark(instrument, prices[row, instrument])
        book.set_coin(1, indexes[row, 1])
        for account in range(3):
            found, bound = book.slack(account)
            assert abs(found - slacks[row, account]) <= bound + bounds[row, account]


def test_scenarios_of_nothing_are_nothing() -> None:
    slacks, bounds, uncertain = many().assess_scenarios(np.empty((0, 9)))
    assert slacks.shape == bounds.shape == (0, 3)
    assert uncertain == 0


Act = Callable[[MarginBook], object]
REFUSED: list[tuple[Act, type[Exception], str]] = [
    (lambda book: book.set_mark(0, NAN), ValueError, "a mark price from 1e-25 to 1e\\+25, found nan"),
    (lambda book: book.set_mark(0, -1.0), ValueError, "a mark price"),
    (lambda book: book.set_mark(0, INFINITE), ValueError, "a mark price"),
    (lambda book: book.set_mark(0, 1e300), ValueError, "a mark price"),
    (lambda book: book.set_mark(1, 1.0), IndexError, "an instrument from 0 to 0, found 1"),
    (lambda book: book.set_mark(-1, 1.0), IndexError, "an instrument from 0 to 0, found -1"),
    (lambda book: book.set_coin(0, 0.0), ValueError, "an index price"),
    (lambda book: book.add_tiers([], []), ValueError, "from 1 to 1000 tiers"),
    (lambda book: book.add_tiers([0.0, 5.0, 4.0], [0.1, 0.1, 0.1]), ValueError, "rise, found 4 after 5 in tier 3"),
    (lambda book: book.add_tiers([1.0], [0.1]), ValueError, "begin at 0, found 1"),
    (lambda book: book.add_tiers([0.0, NAN], [0.1, 0.2]), ValueError, "found nan"),
    (lambda book: book.add_tiers([0.0, 5.0], [0.2, 0.1]), ValueError, "do not fall"),
    (lambda book: book.add_tiers([0.0, 5.0], [0.1]), ValueError, "for each of 2 tiers"),
    (lambda book: book.add_tiers([0.0], [1.5]), ValueError, "from 0 to 1"),
    (lambda book: book.add_tiers([0.0, 100.0], [0.1, 0.2], [0.0, 7.0]), ValueError, "the amount 10 in tier 2"),
    (lambda book: book.add_tiers([0.0, 5.0], [0.1, 0.2], cap=5.0), ValueError, "a cap above the floor 5"),
    (lambda book: book.add_tiers([0.0], [0.1], form="round"), ValueError, "cumulative, flat, found 'round'"),  # type: ignore[arg-type]
    (lambda book: book.add_haircut([0.0], [1.1]), ValueError, "the share that counts from 0 to 1"),
    (lambda book: book.add_position(0, 0, BUY, 1.0, 1.0), ValueError, "change position 0"),
    (lambda book: book.add_position(0, 0, 0, 1.0, 1.0), ValueError, "a side of 1 \\(long\\) or -1"),
    (lambda book: book.add_position(0, 0, SELL, 0.0, 1.0), ValueError, "a size"),
    (lambda book: book.add_position(0, 0, SELL, 1.0, NAN), ValueError, "an entry price"),
    (lambda book: book.add_position(1, 0, SELL, 1.0, 1.0), IndexError, "an account from 0 to 0"),
    (lambda book: book.liquidation(7), IndexError, "a position from 0 to 0"),
    (lambda book: book.set_collateral(0, 0, -1.0), ValueError, "a debt needs its `liability`"),
    (lambda book: book.set_collateral(0, 5, 1.0), IndexError, "a coin from 0 to 1"),
    (lambda book: book.set_collateral(0, 0, 1.0, liability=0.5), ValueError, "count for 1 or more"),
    (lambda book: book.set_collateral(0, 0, 1.0, haircut=3), IndexError, "a haircut, found 3: there is none yet"),
    (lambda book: book.set_instrument(0, tiers=0, settle=0), ValueError, "has its rules already"),
    (lambda book: book.assess_scenarios([[1.0, 2.0]]), ValueError, "prices of shape \\(scenarios, 1\\)"),
    (lambda book: book.assess_scenarios([[NAN]]), ValueError, "that of scenario 0 in column 0 is not"),
    (lambda book: book.assess_scenarios([[1.0], [-1.0]]), ValueError, "each price .* scenario 1 in column 0"),
    (lambda book: book.assess_scenarios([[1.0]], [[1.0, INFINITE]]), ValueError, "each index price"),
    (lambda book: book.assess_scenarios([[1.0]], rate_scales=[-1.0]), ValueError, "each maintenance scale from 0"),
    (lambda book: book.assess_scenarios([["1"]]), TypeError, "an array of real numbers"),
]


@pytest.mark.parametrize(("act", "error", "text"), REFUSED)
def test_what_margin_cannot_be_computed_from_is_refused(act: Act, error: type[Exception], text: str) -> None:
    book, _ = one()
    before = book.margins(0)
    with pytest.raises(error, match=text):
        act(book)
    assert book.margins(0) == before


@pytest.mark.parametrize(
    "rules",
    [
        {"hedge_legs": "net", "maintenance_price": "entry"},
        {"hedge_legs": "larger", "tier_basis": "entry_notional"},
        {"hedge_legs": "larger", "tier_basis": "contracts"},
        {"hedge_legs": "both"},
        {"tier_basis": "value"},
        {"multiplier": 0.0},
        {"fee": -0.1},
    ],
)
def test_rules_that_do_not_go_together_are_refused(rules: dict[str, Any]) -> None:
    book = MarginBook(instruments=1, coins=1)
    book.set_coin(0, 1.0)
    tiers = book.add_tiers([0.0, 5.0], [0.01, 0.02])
    with pytest.raises(ValueError, match=r"."):
        book.set_instrument(0, tiers=tiers, settle=0, **rules)


def test_what_is_not_known_yet_is_named() -> None:
    book = MarginBook(instruments=2, coins=1)
    tiers = book.add_tiers([0.0], [0.01], cap=1_000.0)
    with pytest.raises(ValueError, match="coin 0 has no index price yet"):
        book.set_instrument(0, tiers=tiers, settle=0)
    book.set_coin(0, 1.0)
    book.set_instrument(0, tiers=tiers, settle=0)
    account = book.add_account()
    with pytest.raises(ValueError, match="instrument 1 has no rules yet"):
        book.add_position(account, 1, BUY, 1.0, 1.0)
    position = book.add_position(account, 0, BUY, 1.0, 1.0)
    with pytest.raises(ValueError, match="instrument 0 has no mark price yet"):
        book.slack(account)
    book.set_mark(0, 1_001.0)
    with pytest.raises(ValueError, match="above the last tier, which ends at 1000"):
        book.liquidation(position)


class Meddling:
    """A number that changes the book while it is read."""

    def __init__(self, book: MarginBook) -> None:
        self.book = book

    def __float__(self) -> float:
        for _ in range(50):
            self.book.add_account()
        return 2.0


def test_a_number_that_changes_the_book_while_it_is_read_does_no_harm() -> None:
    book, position = one()
    number: Any = Meddling(book)
    book.change_position(position, number, 60_000.0)
    assert book.margins(0)[1] == 480.0
    assert book.add_account() == 51


def test_a_book_does_not_change_while_another_thread_computes_from_it() -> None:
    book, rows = many(), 60_000
    prices = np.full((rows, 9), 100.0) * (np.arange(9) + 1)
    expected, _, _ = book.assess_scenarios(prices[:1])
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(book.assess_scenarios(prices)[0]))
    thread.start()
    added = 0
    while thread.is_alive():
        try:
            book.set_collateral(0, 0, 20_000.0, joins=True)
            book.add_tiers([0.0, 1.0], [0.1, 0.2])
            added += 1
        except RuntimeError:
            continue
    thread.join()
    assert np.array_equal(found[0], np.repeat(expected, rows, axis=0))
    assert book.add_tiers([0.0], [0.1]) == 2 + added
