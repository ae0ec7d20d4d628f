"""Which messages are wanted: by what their subjects say, and only where that is not enough by what they hold."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from letrade.core.codec import decode
from letrade.core.errors import DataError, UsageError
from letrade.core.messages.base import Message
from letrade.core.messages.registry import BY_TAG, tag
from letrade.where import Condition

ALL = "letrade.>"
_GLOB = frozenset("*?[")


class Place(msgspec.Struct, frozen=True):
    """What a subject says of the messages on it; '' for what it does not say."""

    desk: str = ""
    family: str = ""
    kind: str = ""
    instrument: str = ""
    strategy: str = ""
    account: str = ""
    source: str = ""


def place_of(subject: str) -> Place:
    """The parts of a desk's subject; Place() for those of others."""
    parts = subject.split(".")
    if len(parts) < 4 or parts[0] != "letrade":
        return Place()
    desk, family, kind, *rest = parts[1:]
    if family == "md" and len(rest) == 2:
        return Place(desk, family, kind, instrument=".".join(rest))
    if family == "do" and len(rest) == 4:
        return Place(desk, family, kind, ".".join(rest[2:]), rest[0], rest[1])
    if family == "ev" and len(rest) == 1:
        return Place(desk, family, kind, source=rest[0])
    return Place(desk, family)


class Sieve:
    """What a user wants to see. Names may hold * and ?; within one kind of name any will do, of all kinds one must."""

    def __init__(
        self,
        kinds: Sequence[str] = (),
        instruments: Sequence[str] = (),
        strategies: Sequence[str] = (),
        accounts: Sequence[str] = (),
        sources: Sequence[str] = (),
        conditions: Sequence[str] = (),
        *,
        journal: bool = False,
    ) -> None:
        """UsageError for a kind or a field that there is not. With `journal` messages are also looked for in journals,
        where they come a second time."""
        for kind in kinds:
            _check_kind(kind)
        self.kinds = tuple(kinds)
        self._named = [
            (name, tuple(wanted))
            for name, wanted in (("instrument", instruments), ("strategy", strategies), ("account", accounts))
            if wanted
        ]
        self._sources = tuple(sources)
        self._journal = journal
        self._conditions = [Condition(text, self.kinds) for text in conditions]

    @property
    def is_open(self) -> bool:
        """Whether all is wanted."""
        return not (self.kinds or self._named or self._sources or self._conditions)

    @property
    def reads_messages(self) -> bool:
        """Whether subjects alone do not tell; those of journals tell nothing."""
        return bool(self._sources or self._conditions or (self._journal and not self.is_open))

    def wants_place(self, place: Place) -> bool:
        """Whether messages there may be wanted."""
        if self.is_open or (self._journal and place.family == "journal"):
            return True
        if not place.kind or (self.kinds and place.kind not in self.kinds):
            return False
        return all(_is_one_of(getattr(place, name), wanted) for name, wanted in self._named)

    def wants(self, place: Place, payload: bytes) -> bool:
        """Of a message at a place that `wants_place`: decoded where that is needed."""
        if not self.reads_messages:
            return True
        try:
            message = decode(payload)
        except DataError:
            return False
        return self._wants_message(message)

    def _wants_message(self, message: Message) -> bool:
        if self.kinds and tag(type(message)) not in self.kinds:
            return False
        if self._sources and not _is_one_of(message.source, self._sources):
            return False
        if not all(_is_one_of(getattr(message, name, ""), wanted) for name, wanted in self._named):
            return False
        return all(condition.holds(message) for condition in self._conditions)

    def subjects(self, desk: str | None) -> list[str]:
        """The narrowest subjects that carry all that is wanted, none of them twice."""
        start = f"letrade.{desk or '*'}"
        if self.is_open:
            return [f"{start}.>" if desk else ALL]
        named = dict(self._named)
        venues, symbols = _tokens(named.get("instrument", ()))
        families = {BY_TAG[kind].FAMILY for kind in self.kinds} or {"md", "do", "ev"}
        found = []
        for family in sorted(families):
            for kind in [kind for kind in self.kinds if family == BY_TAG[kind].FAMILY] or ["*"]:
                tails = {
                    "md": f"{venues}.{symbols}",
                    "do": f"{_only(named.get('strategy', ()))}.{_only(named.get('account', ()))}.{venues}.{symbols}",
                    "ev": _only(self._sources),
                }
                carries = family != "ev" if "instrument" in named else True
                carries = carries and (family == "do" or not ("strategy" in named or "account" in named))
                if carries and family in tails:
                    found.append(f"{start}.{family}.{kind}.{tails[family]}")
        if not found:
            raise UsageError("no kind of message has all that was asked for: see letrade tap --help")
        return found


def covers(pattern: str, subject: str) -> bool:
    """Whether a subscription to `pattern` gets all that one to `subject` gets."""
    wide, narrow = pattern.split("."), subject.split(".")
    for place, token in enumerate(wide):
        if token == ">":
            return len(narrow) > place
        if place >= len(narrow) or narrow[place] == ">" or token not in ("*", narrow[place]):
            return False
    return len(wide) == len(narrow)


def _check_kind(kind: str) -> None:
    if kind not in BY_TAG:
        near = difflib.get_close_matches(kind, BY_TAG, 1)
        hint = f"did you mean {near[0]!r}?" if near else "letrade schema lists them"
        raise UsageError(f"--kind: there is no kind of message {kind!r}: {hint}")


@lru_cache(65_536)
def _is_one_of(name: str, wanted: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, each) for each in wanted)


def _only(names: Sequence[str]) -> str:
    """The one name, if it is one, as a token of a subject."""
    return names[0] if len(names) == 1 and not _GLOB & set(names[0]) else "*"


def _tokens(instruments: Sequence[str]) -> tuple[str, str]:
    if len(instruments) != 1 or instruments[0].count(".") != 1:
        return "*", "*"
    venue, symbol = instruments[0].split(".")
    return _only([venue]), _only([symbol])
