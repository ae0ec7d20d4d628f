"""What `letrade tap` shows of the traffic: each message, each subject once, or rates."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.codec import decode
from letrade.core.errors import DataError
from letrade.decoding import named, named_otherwise, to_json
from letrade.traffic import Row, Traffic

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

ROWS_MAX = 30


def line_of(subject: str, payload: bytes) -> bytes:
    """A message with its subject as a line of JSON; what is no message as JSON or text."""
    try:
        return to_json({"subject": subject, **named(decode(payload))})
    except DataError:
        try:
            return to_json({"subject": subject, "payload": named_otherwise(payload)})
        except (DataError, TypeError, ValueError):
            return to_json({"subject": subject, "payload": payload.decode(errors="backslashreplace")})


class Lines:
    """Prints each message that is wanted, `limit` at most; nothing of it waits for more."""

    def __init__(self, traffic: Traffic, limit: int | None) -> None:
        self.traffic = traffic
        self.left = limit

    def take(self, subjects: list[str], payloads: list[bytes]) -> bool:
        choose = self.traffic.choose
        lines = [
            line_of(subject, payload)
            for subject, payload in zip(subjects, payloads, strict=True)
            if choose(subject, payload)
        ]
        return self._say(lines)

    def start(self) -> None:
        """Lines come with the messages."""

    def tick(self) -> None:
        """Lines come with the messages."""

    def _say(self, lines: list[bytes]) -> bool:
        if self.left is not None:
            lines = lines[: self.left]
            self.left -= len(lines)
        if lines:
            sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
            sys.stdout.buffer.flush()
        return self.left == 0


class Subjects(Lines):
    """Prints each subject when something wanted is first heard on it."""

    def __init__(self, traffic: Traffic, limit: int | None, as_json: bool) -> None:
        super().__init__(traffic, limit)
        self._as_json = as_json
        self._seen: set[str] = set()

    def take(self, subjects: list[str], payloads: list[bytes]) -> bool:
        lines = []
        for subject, payload in zip(subjects, payloads, strict=True):
            if subject not in self._seen and self.traffic.choose(subject, payload):
                if subject in self.traffic.cells:  # beyond that many, subjects are not remembered one by one
                    self._seen.add(subject)
                lines.append(to_json({"subject": subject}) if self._as_json else subject.encode())
        return self._say(lines)


class Rates:
    """Messages and bytes a second: a live table in a terminal, else some lines, or one object, at each tick."""

    def __init__(
        self, traffic: Traffic, by: str, limit: int | None, as_json: bool, lost: Callable[[], dict[str, int]]
    ) -> None:
        self.traffic = traffic
        self.by = by
        self.limit = limit
        self.as_json = as_json
        self.lost = lost
        self.began_ns = self._shown_ns = monotonic_ns()
        self._seen = 0
        self._live: Live | None = None

    def take(self, subjects: list[str], payloads: list[bytes]) -> bool:
        sieve = self.traffic.sieve
        if sieve.reads_messages:
            self.traffic.count_chosen(subjects, payloads)
        if self.limit is None:
            return False
        if sieve.is_open:
            self._seen += len(subjects)
        else:
            self._seen = sum(messages for messages, _ in self.traffic.totals("kind").values())
        return self._seen >= self.limit

    def start(self) -> None:
        """A terminal gets a table that is drawn anew."""
        self.began_ns = self._shown_ns = monotonic_ns()
        if not self.as_json and sys.stdout.isatty():
            from rich.live import Live

            self._live = Live(self._table([], 0.0), auto_refresh=False)
            self._live.start()

    def tick(self) -> None:
        now = monotonic_ns()
        seconds = (now - self._shown_ns) / SECOND
        self._shown_ns = now
        self._show(self.traffic.rows(self.by, max(seconds, 1e-6)), (now - self.began_ns) / SECOND)

    def close(self) -> None:
        """The whole time, in one; a terminal keeps that table."""
        seconds = (monotonic_ns() - self.began_ns) / SECOND
        rows = [
            Row(name, round(messages / seconds, 1), round(size / seconds, 1), messages, size)
            for name, (messages, size) in self.traffic.totals(self.by).items()
        ]
        self._show(sorted(rows, key=lambda row: (-row.messages, row.name)), seconds, last=True)
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _show(self, rows: list[Row], seconds: float, last: bool = False) -> None:
        if self.as_json:
            told = {"seconds": round(seconds, 3), "by": self.by, "rates": rows, "lost": self.lost(), "last": last}
            sys.stdout.write(to_json(told).decode() + "\n")
        elif self._live is not None:
            self._live.update(self._table(rows, seconds), refresh=True)
        else:
            moving = [row for row in rows if last or row.messages_per_second]
            shown = [_total(rows), *moving[:ROWS_MAX]]
            what = "in all" if last else "      "
            sys.stdout.writelines(f"{seconds:8.1f} s {what} {_in_words(row)}\n" for row in shown)
        sys.stdout.flush()

    def _table(self, rows: list[Row], seconds: float) -> Table:
        from rich.table import Table

        lost = ", ".join(f"{count:,} {kind}" for kind, count in self.lost().items())
        caption = f"{seconds:,.0f} s" + (f"; lost at least {lost}" if lost else "")
        table = Table(self.by, caption=caption)
        for heading in ("messages/s", "bytes/s", "messages", "bytes"):
            table.add_column(heading, justify="right")
        for row in (_total(rows), *rows[:ROWS_MAX]):
            rates = (f"{row.messages_per_second:,.0f}", f"{row.bytes_per_second:,.0f}")
            table.add_row(row.name, *rates, f"{row.messages:,}", f"{row.bytes:,}")
        return table


def _total(rows: list[Row]) -> Row:
    return Row(
        "all", sum(row.messages_per_second for row in rows), sum(row.bytes_per_second for row in rows),
        sum(row.messages for row in rows), sum(row.bytes for row in rows),
    )  # fmt: skip


def _in_words(row: Row) -> str:
    return (
        f"{row.name:32} {row.messages_per_second:12,.1f} msg/s {row.bytes_per_second:14,.0f} B/s "
        f"{row.messages:14,} messages"
    )
