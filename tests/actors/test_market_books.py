"""Books that follow their venue: comparison with its own best prices, gaps, resync, refusals and restarts."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

import pytest

from letrade.actors.market.books import BookKeeper, BookKeeperConfig
from letrade.core.actor import Context
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert, BookCheck, Drain
from letrade.core.messages.market import BookDelta, BookGap, BookSnapshot, Middle, Quote
from tests.actors.captures import capture
from tests.actors.cuts import with_a_cut, without_a_cut
from tests.data import shared_data
from tests.stage import BTC, StageOf, context, of_kind

SECOND = 1_000_000_000
NAME = BTC.instrument
Levels = Sequence[tuple[float, float]]


def packed(levels: Levels) -> bytes:
    return b"".join(struct.pack("<dd", *level) for level in levels)


def snapshot(last: int, bids: Levels = ((99.0, 1.0),), asks: Levels = ((101.0, 1.0),)) -> BookSnapshot:
    return BookSnapshot(time=SECOND, instrument=NAME, last_update=last, bids=packed(bids), asks=packed(asks))


def delta(first: int, last: int, bids: Levels = (), asks: Levels = (), before: int = 0) -> BookDelta:
    return BookDelta(
        time=SECOND,
        instrument=NAME,
        first_update=first,
        last_update=last,
        previous_update=before,
        bids=packed(bids),
        asks=packed(asks),
    )


def quote(update: int, bid: float, ask: float, size: float = 1.0) -> Quote:
    return Quote(time=SECOND, instrument=NAME, bid=bid, bid_size=size, ask=ask, ask_size=size, update_id=update)


def keeper() -> BookKeeper:
    return BookKeeper("books", BookKeeperConfig(), context())


def told(*messages: Message) -> tuple[BookKeeper, list[Message]]:
    """What the keeper said besides the middles of its books."""
    actor = keeper()
    return actor, [said for said in StageOf(actor).tell(*messages) if not isinstance(said, Middle)]


def best(actor: BookKeeper) -> tuple[float, float]:
    return actor.books[NAME].best_prices()


def test_diffs_before_the_snapshot_wait_and_old_ones_are_dropped() -> None:
    diffs = (delta(1, 4, [(98.0, 5.0)]), delta(5, 7, [(99.5, 1.0)]), delta(8, 9, asks=[(100.5, 2.0)]))
    actor, said = told(*diffs, snapshot(6))
    assert best(actor) == (99.5, 100.5)
    assert actor.books[NAME].book.levels(1) == 2, "the diff that the snapshot already holds is not applied"
    assert said == []


def test_the_middle_of_a_book_is_told_after_each_change_unless_quotes_tell_it() -> None:
    changes = (snapshot(6), delta(7, 7, [(99.5, 1.0)]))
    said = of_kind(StageOf(keeper()).tell(*changes, quote(7, 99.5, 101.0), delta(8, 8, [(99.8, 1.0)])), Middle)
    assert [middle.price for middle in said] == [100.0, 100.25]


def test_a_size_of_0_removes_a_level() -> None:
    actor, _ = told(snapshot(6, bids=[(99.0, 1.0), (98.0, 1.0)]), delta(7, 7, [(99.0, 0.0)]))
    assert best(actor) == (98.0, 101.0)


def test_a_missing_update_makes_the_book_invalid_until_a_snapshot_that_fits() -> None:
    actor, said = told(snapshot(6), delta(7, 8), delta(10, 11, [(99.9, 1.0)]))
    (gap,) = of_kind(said, BookGap)
    assert (gap.expected_update, gap.found_update, gap.cause) == (9, 10, "test:0:3")
    assert [alert.code for alert in of_kind(said, Alert)] == ["book-gap"]
    assert not actor.books[NAME].sync.valid
    StageOf(actor).tell(delta(12, 13, [(99.95, 1.0)]), snapshot(10))
    assert actor.books[NAME].sync.valid
    assert best(actor) == (99.95, 101.0)


def test_a_snapshot_too_old_for_the_waiting_diffs_is_not_taken() -> None:
    actor, said = told(delta(10, 12), snapshot(5))
    assert not actor.books[NAME].sync.valid
    assert of_kind(said, BookGap) == []
    StageOf(actor).tell(snapshot(11))
    assert actor.books[NAME].sync.valid


def test_a_snapshot_that_nobody_needs_changes_nothing() -> None:
    actor, _ = told(snapshot(6), delta(7, 8), snapshot(8, bids=[(1.0, 1.0)]))
    assert best(actor) == (99.0, 101.0)


def test_the_first_futures_diff_straddles_the_snapshot_and_each_other_names_the_one_before() -> None:
    diffs = (delta(5, 8, before=4), delta(20, 25, before=8))
    actor, said = told(snapshot(6), *diffs)
    assert (of_kind(said, BookGap), actor.books[NAME].sync.last_update) == ([], 25)
    (gap,) = of_kind(StageOf(actor).tell(delta(30, 31, before=26)), BookGap)
    assert (gap.expected_update, gap.found_update) == (25, 26)


def test_a_repeated_diff_is_dropped() -> None:
    actor, said = told(snapshot(6), delta(7, 8, [(99.5, 1.0)]), delta(7, 8, [(99.5, 9.0)]))
    assert (actor.gaps, of_kind(said, BookGap)) == (0, [])
    assert actor.books[NAME].book.best_bid() == (9950, 100_000)


@pytest.mark.parametrize(
    "bad",
    [[(float("nan"), 1.0)], [(float("inf"), 1.0)], [(-5.0, 1.0)], [(0.0, 1.0)], [(99.001, 1.0)], [(99.0, -1.0)]],
)
def test_a_wrong_number_is_refused_told_and_makes_the_book_invalid(bad: Levels) -> None:
    actor, said = told(snapshot(6), delta(7, 8, bad))
    assert [alert.code for alert in of_kind(said, Alert)] == ["book-refused"]
    assert len(of_kind(said, BookGap)) == actor.refused == 1
    assert best(actor) == (99.0, 101.0)


def test_a_crossed_book_is_not_believed() -> None:
    actor, said = told(snapshot(6), delta(7, 8, [(101.0, 1.0)]))
    assert [alert.code for alert in of_kind(said, Alert)] == ["book-crossed"]
    assert (actor.crossed, actor.books[NAME].sync.valid) == (1, False)


def test_a_crossed_snapshot_leaves_the_book_as_it_was() -> None:
    actor, _ = told(snapshot(6, bids=[(102.0, 1.0)]))
    assert (actor.crossed, actor.books[NAME].sync.valid, best(actor)) == (1, False, (0.0, 0.0))


def test_the_best_prices_are_compared_with_the_ticker_of_the_same_update() -> None:
    actor, said = told(snapshot(6), quote(7, 99.0, 101.0), quote(8, 99.5, 101.0), delta(7, 8, [(99.5, 1.0)]))
    assert (actor.checks.compared, actor.checks.equal, said) == (1, 1, [])


def test_a_size_that_differs_is_no_equality_and_is_told() -> None:
    actor, said = told(snapshot(6), quote(8, 99.5, 101.0, size=2.0), delta(7, 8, [(99.5, 1.0)]))
    assert (actor.checks.compared, actor.checks.equal) == (1, 0)
    assert [alert.code for alert in of_kind(said, Alert)] == ["book-differs"]


def test_a_ticker_that_comes_after_its_diff_is_compared_late() -> None:
    actor, _ = told(snapshot(6), delta(7, 8, [(99.5, 1.0)]), delta(9, 9, [(99.6, 1.0)]), quote(8, 99.5, 101.0))
    assert (actor.checks.compared, actor.checks.late_compared, actor.checks.late_equal) == (0, 1, 1)


def test_counts_are_published_a_second_later_and_at_drain_when_they_have_changed() -> None:
    actor = keeper()
    stage = StageOf(actor)
    stage.tell(snapshot(6), quote(8, 99.0, 101.0), delta(7, 8))
    (check,) = of_kind(stage.settle(3 * SECOND), BookCheck)
    assert (check.time, check.compared, check.equal) == (2 * SECOND, 1, 1)
    assert of_kind(stage.tell(Drain(time=4 * SECOND, on_stop="cancel")), BookCheck) == []
    stage.tell(quote(9, 99.0, 101.0), delta(9, 9))
    (check,) = of_kind(stage.tell(Drain(time=4 * SECOND, on_stop="cancel")), BookCheck)
    assert check.compared == 2


def test_an_unknown_instrument_is_told_once_and_does_not_stop_the_keeper() -> None:
    foreign = [BookSnapshot(time=SECOND, instrument="x.A-B", last_update=k, bids=b"", asks=b"") for k in range(20)]
    actor, said = told(*foreign, snapshot(6))
    assert [alert.code for alert in of_kind(said, Alert)] == ["unknown-instrument"]
    assert best(actor) == (99.0, 101.0)


def random_venue(seed: int, count: int) -> list[Message]:
    """Diffs, tickers before and after them, snapshots, and now and then a lost diff."""
    draw = random.Random(seed)
    found: list[Message] = []
    last = 10
    for _ in range(count):
        choice = draw.random()
        bid, ask = float(draw.randrange(90, 100)), float(draw.randrange(101, 110))
        if choice < 0.15:
            found.append(snapshot(last - draw.randrange(3)))
        elif choice < 0.45:
            found.append(quote(last + draw.randrange(-2, 4), bid, ask))
        else:
            first = last + (2 if choice > 0.95 else 1)
            last = first + draw.randrange(3)
            found.append(delta(first, last, [(bid, float(draw.randrange(3)))], [(ask, float(draw.randrange(3)))]))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_restart_anywhere_changes_nothing(seed: int) -> None:
    messages = random_venue(seed, 150)
    cut = random.Random(seed).randrange(1, 150)
    whole = without_a_cut(keeper, messages, cut, 4 * SECOND)
    assert with_a_cut(keeper, messages, cut, 4 * SECOND) == whole
    assert of_kind(whole, BookCheck)


@pytest.mark.parametrize(
    ("files", "compared", "late"),
    [
        (("spot_btcusdt_20240808.gz",), 564, 0),
        (("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"), 1_072, 0),
        (("usdm_btcusdt_20240808.gz",), 503, 126),
    ],
)
def test_real_books_equal_the_venues_best_prices(files: tuple[str, ...], compared: int, late: int) -> None:
    feed = capture(*(str(shared_data(f"l2/binance/{file}")) for file in files))
    rules: Context = context(*feed.instruments())
    actor = BookKeeper("books", BookKeeperConfig(), rules)
    stage = StageOf(actor, step_ns=SECOND)
    said = stage.tell(
        *(message for message in feed.messages() if isinstance(message, BookDelta | BookSnapshot | Quote))
    )
    check = actor.check()
    assert (check.compared, check.equal) == (compared, compared)
    assert (check.late_compared, check.late_equal) == (late, late)
    assert (check.gaps, check.crossed, actor.refused) == (0, 0, 0)
    assert {type(message) for message in said} == {BookCheck}
