"""Recorded levels in the order in which a book takes them: from their snapshot on, without what is old."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from letrade.core.book_sync import BookSync, Verdict
from letrade.core.messages.base import Message
from letrade.core.messages.market import BookDelta, BookSnapshot


class Follower:
    """Diffs that came before their snapshot are told right after it; after a gap nothing is, until the next snapshot.

    The sequence is counted anew; all that is no book passes.
    """

    def __init__(self) -> None:
        self.gaps = 0
        self._books: dict[str, BookSync] = {}

    def messages(self, recorded: Iterator[Message]) -> Iterator[Message]:
        sequence = 0
        for message in recorded:
            for kept in self._kept(message):
                sequence += 1
                yield structs.replace(kept, sequence=sequence)

    def _kept(self, message: Message) -> Iterator[Message]:
        if isinstance(message, BookDelta):
            yield from self._followed(self._book(message.instrument), message)
        elif isinstance(message, BookSnapshot):
            book = self._book(message.instrument)
            if book.judge_snapshot(message) == Verdict.APPLY:
                yield message
                for delta in book.loaded():
                    yield from self._followed(book, structs.replace(delta, time=message.time))
        else:
            yield message

    def _followed(self, book: BookSync, delta: BookDelta) -> Iterator[Message]:
        verdict = book.judge(delta)
        if verdict == Verdict.APPLY:
            book.applied(delta)
            yield delta
        elif verdict == Verdict.GAP:
            self.gaps += 1

    def _book(self, instrument: str) -> BookSync:
        return self._books.setdefault(instrument, BookSync())
