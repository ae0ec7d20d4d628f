"""How much passes: messages and bytes by kind, subject or owner, and what of it got lost on the way here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from letrade.core.codec import decode
from letrade.core.errors import DataError
from letrade.core.messages.events import Heartbeat
from letrade.core.messages.registry import BY_TAG
from letrade.sieve import Place, Sieve, covers, place_of

SUBJECTS_MAX = 65_536
_TAILS = {"md": ".*.*", "do": ".*.*.*.*", "ev": ".*", "": ""}
MORE = "(more)"
"""Where messages are counted once there are too many subjects to count each."""


class Cell:
    """What came on one subject."""

    __slots__ = ("bytes", "messages", "place", "wanted")

    def __init__(self, place: Place, wanted: bool) -> None:
        self.place = place
        self.wanted = wanted
        self.messages = 0
        self.bytes = 0


class Row(msgspec.Struct, frozen=True):
    """One line of a table of rates."""

    name: str
    messages_per_second: float
    bytes_per_second: float
    messages: int
    bytes: int


class Traffic:
    """Counts all that comes, by subject; of a message no more is read than the sieve asks for."""

    def __init__(self, sieve: Sieve) -> None:
        self.sieve = sieve
        self.cells: dict[str, Cell] = {}
        self.chosen: dict[str, Cell] = {}
        """Those that the sieve let through, where it has to read messages for that; else unused."""
        self._before: dict[str, tuple[int, int]] = {}

    def count(self, subjects: list[str], payloads: list[bytes]) -> None:
        """All messages of one read."""
        cells = self.cells
        for subject, payload in zip(subjects, payloads, strict=True):
            cell = cells.get(subject)
            if cell is None:
                cell = self.cell(subject)
            cell.messages += 1
            cell.bytes += len(payload)

    def choose(self, subject: str, payload: bytes) -> bool:
        """Whether this message, counted already, is wanted."""
        cell = self.cell(subject)
        return cell.wanted and self.sieve.wants(cell.place, payload)

    def count_chosen(self, subjects: list[str], payloads: list[bytes]) -> None:
        """For rates of what is wanted, where that cannot be told from subjects."""
        for subject, payload in zip(subjects, payloads, strict=True):
            if self.choose(subject, payload):
                cell = self.chosen.setdefault(subject if subject in self.cells else MORE, Cell(place_of(subject), True))
                cell.messages += 1
                cell.bytes += len(payload)

    def cell(self, subject: str) -> Cell:
        """The count of a subject, new or not."""
        cell = self.cells.get(subject)
        if cell is None:
            if len(self.cells) >= SUBJECTS_MAX:
                subject, place = MORE, Place()
                cell = self.cells.get(MORE)
            else:
                place = place_of(subject)
            if cell is None:
                cell = self.cells[subject] = Cell(place, self.sieve.wants_place(place))
        return cell

    def totals(self, by: str) -> dict[str, tuple[int, int]]:
        """(messages, bytes) of what is wanted, by what it is grouped by."""
        found: dict[str, tuple[int, int]] = {}
        counted = self.chosen if self.sieve.reads_messages else self.cells
        for subject, cell in counted.items():
            if cell.wanted:
                name = _label(subject, cell.place, by)
                messages, size = found.get(name, (0, 0))
                found[name] = messages + cell.messages, size + cell.bytes
        return found

    def rows(self, by: str, seconds: float) -> list[Row]:
        """Rates since this was asked last, the busiest first."""
        totals, before = self.totals(by), self._before
        self._before = totals
        rows = []
        for name, (messages, size) in totals.items():
            messages_before, size_before = before.get(name, (0, 0))
            rates = (messages - messages_before) / seconds, (size - size_before) / seconds
            rows.append(Row(name, round(rates[0], 1), round(rates[1], 1), messages, size))
        return sorted(rows, key=lambda row: (-row.messages_per_second, -row.messages, row.name))


def _label(subject: str, place: Place, by: str) -> str:
    if by == "subject":
        return subject
    if by != "kind":
        return str(getattr(place, by)) or "-"
    if place.kind:
        return f"{place.family}.{place.kind}"
    return ".".join(subject.split(".")[2:4] if place.family else subject.split(".")[:2])


class Losses:
    """Compares what desks say that they sent, once a second, with what has come: the least that must have been lost.

    A beat counts what its process sent so far, by kind. Only kinds that are heard whole can be compared.
    """

    def __init__(self, traffic: Traffic, patterns: list[str]) -> None:
        self._traffic = traffic
        self._patterns = patterns
        self._first: dict[tuple[str, str], Mapping[str, int]] = {}
        self._last: dict[tuple[str, str], Heartbeat] = {}
        self._earlier: dict[str, Counter[str]] = {}
        """What processes sent that have been started again since."""
        self._start: dict[str, Counter[str]] = {}
        self._end: dict[str, Counter[str]] = {}

    def hear(self, subject: str, payload: bytes) -> str:
        """A beat, before anything of the same read is counted. The desk whose counts are to be closed with
        `close_at` when that read is done; '' where there is nothing to compare."""
        desk = place_of(subject).desk
        try:
            beat = decode(payload)
        except DataError:
            return ""
        if not isinstance(beat, Heartbeat) or not desk:
            return ""
        key = (desk, beat.process)
        if desk not in self._start:
            self._start[desk] = self._received(desk)
        last = self._last.get(key)
        if last is not None and last.epoch != beat.epoch:
            self._earlier.setdefault(desk, Counter()).update(_difference(last.sent, self._first[key]))
            self._first[key] = {}  # all that it has sent since its start was sent while we listened
        self._first.setdefault(key, beat.sent)
        self._last[key] = beat
        return desk

    def close_at(self, desk: str) -> None:
        """All that came before the last beat has been counted."""
        self._end[desk] = self._received(desk)

    def found(self) -> dict[str, int]:
        """The least number lost, by kind; kinds of which none is known to be lost are left out."""
        lost: Counter[str] = Counter()
        for desk, end in self._end.items():
            sent = Counter(self._earlier.get(desk, Counter()))
            for (of, process), last in self._last.items():
                if of == desk:
                    sent.update(_difference(last.sent, self._first[of, process]))
            start = self._start[desk]
            for kind, count in sent.items():
                if self._is_heard(desk, kind):
                    lost[kind] += max(0, count - (end[kind] - start[kind]))
        return {kind: count for kind, count in sorted(lost.items()) if count}

    def _received(self, desk: str) -> Counter[str]:
        received: Counter[str] = Counter()
        for cell in self._traffic.cells.values():
            if cell.place.desk == desk and cell.place.kind:
                received[cell.place.kind] += cell.messages
        return received

    def _is_heard(self, desk: str, kind: str) -> bool:
        if kind not in BY_TAG:
            return False
        subject = f"letrade.{desk}.{BY_TAG[kind].FAMILY}.{kind}{_TAILS[BY_TAG[kind].FAMILY]}"
        return any(covers(pattern, subject) for pattern in self._patterns) and MORE not in self._traffic.cells


def _difference(later: Mapping[str, int], earlier: Mapping[str, int]) -> dict[str, Any]:
    return {kind: count - earlier.get(kind, 0) for kind, count in later.items()}
