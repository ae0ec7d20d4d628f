"""Follows a message back over the causes of causes: in the journals of a data directory, or among messages heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from letrade.assembly import assemble
from letrade.core import codec
from letrade.core.engine.blueprint import Blueprint
from letrade.core.engine.data_dir import DeskRecord, read_record
from letrade.core.errors import DataError, LetradeError, NotRunningError
from letrade.core.journal.files import Journal, read_segment, segment_paths
from letrade.core.journal.records import Turn
from letrade.core.journal.snapshots import Snapshot, SnapshotStore
from letrade.core.messages.base import Message
from letrade.core.messages.market import Instrument
from letrade.core.messages.orders import Fill, OrderRefused
from letrade.core.process import Process

HOPS_MAX = 100
JOURNAL_BYTES_MAX = 1 << 30
"""So much of each process's journal, the newest, is read."""


def chain(last: Message, find: Callable[[str], Message | None]) -> list[Message]:
    """The message, what caused it, what caused that, and so on, as far as it can be found."""
    hops = [last]
    while hops[-1].cause and len(hops) < HOPS_MAX:
        cause = find(hops[-1].cause)
        if cause is None or cause.id in {hop.id for hop in hops}:
            break
        hops.append(cause)
    return hops


def is_meant(message: Message, name: str) -> bool:
    """Whether a fill or a refusal is the one of this trade id, order id, client order id or message id."""
    if isinstance(message, Fill):
        return name in (message.trade_id, message.order_id, message.client_order_id, message.id)
    return isinstance(message, OrderRefused) and name in (message.order_id, message.id)


class Journals:
    """All messages in the journals below a data directory, read while the desk may be writing them."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.messages: dict[str, Message] = {}
        self.processes = [file.parent.name for file in sorted(data_dir.glob("*/journal"))]
        self.unreadable: list[str] = []
        if not self.processes:
            raise NotRunningError(f"{data_dir} holds no journal: name the --data-dir of a desk that has run")
        for process in self.processes:
            for turn in self._turns(process):
                self._take(turn)

    def find_fill(self, name: str | None) -> Message:
        """The fill or refusal of this id, or the last fill. DataError when there is none."""
        found: Message | None = None
        for message in self.messages.values():
            if name is None and isinstance(message, Fill):
                found = message
            elif name is not None and is_meant(message, name):
                return message
        if found is None:
            what = "fill" if name is None else f"fill, order or refusal {name!r}"
            raise DataError(f"found no {what} in the journals of {self.data_dir}")
        return found

    def trace(self, last: Message) -> list[Message]:
        """The hops back to the market data. What a process told itself is not in its journal: it is replayed."""
        hops = chain(last, self.messages.get)
        if hops[-1].cause:
            self._replay_missing(hops[-1])
            hops = chain(last, self.messages.get)
        return hops

    def everything(self) -> list[Message]:
        """All messages, those too that processes told themselves: the journals are replayed. DataError when they cannot
        be."""
        last = max(self.messages.values(), key=lambda message: message.time, default=None)
        if last is not None:
            self._replay_missing(last)
        if self.unreadable:
            raise DataError(f"{self.data_dir}: {'; '.join(self.unreadable[:3])}")
        return list(self.messages.values())

    def _turns(self, process: str) -> Iterator[Turn]:
        paths, total = [], 0
        for path in reversed(segment_paths(self.data_dir / process / "journal")):
            total += path.stat().st_size
            paths.append(path)
            if total > JOURNAL_BYTES_MAX:
                break
        for path in reversed(paths):
            yield from read_segment(path)[0]

    def _take(self, turn: Turn) -> None:
        for payload in (*turn.inputs, *turn.outputs):
            try:
                message = codec.decode(payload)
            except DataError as error:
                self.unreadable.append(str(error))
            else:
                self.messages.setdefault(message.id, message)

    def _replay_missing(self, hop: Message) -> None:
        """Run the journals through the desk's actors again; what they say to each other is then known too."""
        record = read_record(self.data_dir)
        if record is None or not record.arguments:
            self.unreadable.append("the desk's configuration is not known here, so nothing could be replayed")
            return
        try:
            config = assemble(**record.arguments)
            known = [message for message in self.messages.values() if isinstance(message, Instrument)]
            blueprint = Blueprint(config, record.uid, known)
            for process in self.processes:
                self._replay(blueprint, process, hop.time)
        except LetradeError as error:
            self.unreadable.append(f"the journal could not be replayed: {error}")

    def _replay(self, blueprint: Blueprint, name: str, until: int) -> None:
        node = blueprint.node(name)
        node.observers.append(self._remember)
        folder = self.data_dir / name
        Process(name, node, _ReadJournal(folder / "journal", until), _ReadSnapshots(folder)).recover()

    def _remember(self, message: Message) -> None:
        self.messages.setdefault(message.id, message)


class _ReadJournal(Journal):
    """A journal that is only read, up to the turn in which a time has passed."""

    def __init__(self, folder: Path, until: int) -> None:
        self.folder = folder
        self.until = until

    def turns(self, after: int = 0) -> Iterator[Turn]:
        for turn in super().turns(after):
            yield turn
            if turn.floor > self.until:
                return


class _ReadSnapshots(SnapshotStore):
    """None, where the journal still has its first turn; else the oldest, so that most is replayed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "snapshots"
        segments = segment_paths(folder / "journal")
        self.whole = bool(segments) and int(segments[0].stem) == 1

    def newest(self) -> Snapshot | None:
        return None if self.whole else super().newest()


def record_of(data_dir: Path) -> DeskRecord:
    """NotRunningError when the folder is no data directory."""
    record = read_record(data_dir)
    if record is None:
        raise NotRunningError(f"{data_dir} is not the data directory of a desk: name it with --data-dir")
    return record


class Heard:
    """The last messages that were heard on NATS, by id."""

    def __init__(self, kept_max: int = 200_000) -> None:
        self.kept_max = kept_max
        self.messages: dict[str, Message] = {}

    def add(self, message: Message) -> None:
        self.messages[message.id] = message
        if len(self.messages) > self.kept_max:
            del self.messages[next(iter(self.messages))]

    def trace(self, last: Message) -> list[Message]:
        return chain(last, self.messages.get)


def in_words(hops: list[Message], named: Callable[[Message], Mapping[str, Any]]) -> str:
    """One line a hop, the newest first."""
    lines = []
    for depth, hop in enumerate(hops):
        fields = dict(named(hop))
        shown = ", ".join(f"{key} {fields[key]}" for key in SHOWN if fields.get(key) not in (None, "", [], "-"))
        lines.append(f"{'  because of ' if depth else ''}{fields['kind']} {hop.id} at {hop.time}: {shown}")
    return "\n".join(lines)


SHOWN = (
    "strategy", "account", "instrument", "order_id", "trade_id", "state", "status", "rule", "limit", "value", "side",
    "position", "price", "size", "fee", "names", "values", "open", "close", "bid", "ask", "reason",
)  # fmt: skip
"""The fields that a line of words shows, where a message has them."""
