"""Conditions on the fields of messages, as a user writes them: size>1, side=-1, fee.currency=BNB, order_id~^btc_."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from letrade.core.errors import UsageError
from letrade.core.messages.base import Message
from letrade.core.messages.registry import BY_TAG, tag
from letrade.core.money import Money
from letrade.decoding import readable

_FORM = re.compile(r"\s*([A-Za-z_]\w*(?:\.\w+)*)\s*(>=|<=|!=|==|=|>|<|~)\s*(.*?)\s*", re.DOTALL)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "none": None}
EXTRA_FIELDS = ("kind", "id")


class Condition:
    """One comparison; of several items of a list, one that holds is enough."""

    def __init__(self, text: str, kinds: Collection[str] = ()) -> None:
        """UsageError for what is no comparison, or names a field that no message (of these kinds) has."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise UsageError(f"--where: expected a comparison such as 'size>1' or 'side=-1', found {text!r}")
        path, self.sign, self.wanted = match.groups()
        self.path = path.split(".")
        _check_field(self.path[0], kinds)
        self._number = _number(self.wanted)
        self._plain = _plain(self.wanted) if self._number is not None else None
        """The same for the numbers of messages, which are compared without a Decimal for each."""
        self._pattern: re.Pattern[str] | None = None
        if self.sign == "~":
            try:
                self._pattern = re.compile(self.wanted)
            except re.error as error:
                raise UsageError(f"--where: {self.wanted!r} is no regular expression: {error}") from None

    def holds(self, message: Message) -> bool:
        """False where the message has no such field."""
        name, *rest = self.path
        if name == "kind":
            return self._compares(tag(type(message)))
        if name not in message.__struct_fields__ and name not in EXTRA_FIELDS:
            return False
        return any(self._compares(value) for value in _values(getattr(message, name), rest))

    def _compares(self, value: Any) -> bool:
        if self._pattern is not None:
            return self._pattern.search("" if value is None else str(value)) is not None
        if self.sign in _ORDERS:
            return self._is_ordered(value)
        return self._is_equal(value) == (self.sign != "!=")

    def _is_equal(self, value: Any) -> bool:
        if value is None or isinstance(value, bool):
            return _WORDS.get(self.wanted.lower(), self.wanted) is value
        if self._plain is not None and type(value) in (float, int):
            return bool(value == self._plain)
        if self._number is not None and (found := _number(value)) is not None:
            return found == self._number
        return str(value) == self.wanted

    def _is_ordered(self, value: Any) -> bool:
        if value is None or isinstance(value, bool):
            return False
        compare = _ORDERS[self.sign]
        if self._plain is not None and type(value) in (float, int):
            return compare(value, self._plain)
        if self._number is None:
            return isinstance(value, str) and compare(value, self.wanted)
        found = _number(value)
        return found is not None and compare(found, self._number)


def _check_field(name: str, kinds: Collection[str]) -> None:
    known = {field for kind in (kinds or BY_TAG) for field in BY_TAG[kind].__struct_fields__} | set(EXTRA_FIELDS)
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        of = f" of kind {' or '.join(kinds)}" if kinds else ""
        hint = f": did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"--where: no message{of} has a field {name!r}{hint}")


def _plain(text: str) -> int | float:
    """The whole number, exactly, or the double that a message would carry."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _number(value: Any) -> Decimal | None:
    """Exactly what is written: 0.1 is 0.1, whether it comes as text, as float or as money."""
    if isinstance(value, Money):
        return value.decimal
    if not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(value if isinstance(value, int) else str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    """What is found under the rest of the path; all items of a list, unless one is asked for by its place."""
    if isinstance(value, bytes):
        value = readable(value)
    if isinstance(value, list | tuple):
        if path and path[0].isdecimal():
            yield from _values(value[int(path[0])], path[1:]) if int(path[0]) < len(value) else ()
        else:
            for item in value:
                yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        yield from _values(value[path[0]], path[1:]) if path[0] in value else ()
    elif isinstance(value, msgspec.Struct) and path[0] in value.__struct_fields__:
        yield from _values(getattr(value, path[0]), path[1:])
