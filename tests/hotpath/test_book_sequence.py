"""The sequence check of the compiled book against BookSync, which the actors use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core.book_sync import BookSync, Verdict
from letrade.core.messages.market import BookDelta
from letrade.hotpath.book import Book

IDS = st.integers(1, 9)
DELTAS = st.tuples(IDS, IDS, st.sampled_from([0, 0, *range(1, 9)]))
NEXT = st.tuples(st.just("next"), st.integers(1, 3), st.booleans())
COMMANDS = st.one_of(st.tuples(st.just("snapshot"), IDS), st.just(("lose",)), DELTAS, NEXT, NEXT)


def delta_of(first: int, last: int, previous: int) -> BookDelta:
    return BookDelta(
        instrument="v.A", first_update=first, last_update=last, previous_update=previous, bids=b"", asks=b""
    )


@given(st.lists(COMMANDS, max_size=30))
def test_any_messages_get_the_verdicts_that_book_sync_gives(commands: list[tuple[int | str, ...]]) -> None:
    book, sync = Book(), BookSync()
    for command in commands:
        match command:
            case ("snapshot", int(last)):
                book.restart(last)
                sync.last_update = last
                sync.loaded()
            case ("lose",):
                book.lose()
                sync.lose()
            case ("next", int(length), bool(names_previous)):
                before = sync.last_update
                judge(book, sync, delta_of(before + 1, before + length, before if names_previous else 0))
            case (int(first), int(last), int(previous)):
                judge(book, sync, delta_of(first, last, previous))
        assert book.valid == sync.valid
        assert book.last_update == sync.last_update


def judge(book: Book, sync: BookSync, delta: BookDelta) -> None:
    verdict = sync.judge(delta)
    assert book.follow(delta.first_update, delta.last_update, delta.previous_update) == verdict
    if verdict == Verdict.APPLY:
        sync.applied(delta)
    if verdict == Verdict.GAP:
        assert book.missing == sync.missing


def validity(book: Book) -> bool:
    return book.valid


def test_a_gap_makes_the_book_invalid_until_a_snapshot() -> None:
    book = Book()
    assert not validity(book)
    assert book.follow(1, 2) == Verdict.KEEP
    book.restart(10)
    assert book.follow(8, 10) == Verdict.DROP
    assert book.follow(9, 12) == Verdict.APPLY
    assert book.follow(13, 13) == Verdict.APPLY
    assert book.follow(15, 16) == Verdict.GAP
    assert book.missing == (14, 15)
    assert not validity(book)
    assert book.follow(14, 14) == Verdict.KEEP
    book.restart(16)
    assert validity(book)


@pytest.mark.parametrize("number", [-1, 2**63 - 1])
def test_ids_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="update id"):
        Book().follow(number, number)
    with pytest.raises(ValueError, match="update id"):
        Book().restart(number)
