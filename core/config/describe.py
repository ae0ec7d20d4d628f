"""Words for the errors of a configuration: what was expected, what was found, what was probably meant."""

from __future__ import annotations

import datetime
import difflib
import functools
import types
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
import msgspec.structs

from letrade.core.config.problems import Place
from letrade.core.config.secrets import Secret, is_sensitive, without_user_info
from letrade.core.config.values import Bounds, TextForm

FOUND_LENGTH_MAX = 60

_PLAIN: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a string",
    bool: "true or false",
    Decimal: 'a decimal number such as "0.001"',
    Secret: 'a secret by reference, "env:NAME" or "file:/path"',
}
_LIMIT_WORDS = (
    ("gt", "above"),
    ("ge", "of at least"),
    ("lt", "below"),
    ("le", "at most"),
    ("multiple_of", "a multiple of"),
    ("min_length", "of length at least"),
    ("max_length", "of length at most"),
    ("pattern", "matching"),
)

Mark = TypeVar("Mark")


def unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type inside an Annotated, and its marks."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return inner, tuple(marks)
    return annotation, ()


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the type alone."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def find_mark(marks: tuple[Any, ...], kind: type[Mark]) -> Mark | None:
    """The mark of this kind, if there is one."""
    return next((mark for mark in marks if isinstance(mark, kind)), None)


def mark_of(annotation: Any, kind: type[Mark]) -> Mark | None:
    """The mark of this kind of an annotation, or of a member of its union."""
    members = [annotation, *alternatives(unwrap(annotation)[0])]
    return next((mark for member in members if (mark := find_mark(unwrap(member)[1], kind)) is not None), None)


def describe(annotation: Any) -> str:
    """What a value of this type is called: `a whole number of at least 1`, `one of "book", "bars"`."""
    inner, marks = unwrap(annotation)
    members = [member for member in alternatives(inner) if member is not type(None)]
    if len(members) > 1:
        return " or ".join(dict.fromkeys(describe(member) for member in members))
    return f"{_describe_plain(members[0], marks)}{_describe_limits(marks)}"


def _describe_plain(inner: Any, marks: tuple[Any, ...]) -> str:
    form, meta = find_mark(marks, TextForm), find_mark(marks, msgspec.Meta)
    if form is not None:
        return form.meaning
    if meta is not None and meta.description:
        return meta.description
    if unwrap(inner)[1]:
        return describe(inner)
    origin, arguments = get_origin(inner), get_args(inner)
    if origin is Literal:
        shown = ", ".join(_quote(choice) for choice in arguments)
        return f"one of {shown}" if len(arguments) > 1 else shown
    container = origin or inner
    if is_struct(container) or container in (dict, Mapping):
        return "a table"
    if container in (list, tuple, set, frozenset) or (isinstance(container, type) and issubclass(container, Iterable)):
        if inner in _PLAIN:
            return _PLAIN[inner]
        return f"a list, each {describe(arguments[0])}" if arguments else "a list"
    return _PLAIN.get(inner, f"a {getattr(inner, '__name__', inner)}")


def _describe_limits(marks: tuple[Any, ...]) -> str:
    form, bounds, meta = find_mark(marks, TextForm), find_mark(marks, Bounds), find_mark(marks, msgspec.Meta)
    words = []
    if bounds is not None:
        words.append(bounds.describe(form.show if form is not None else str))
    if meta is not None and not meta.description:
        words += [f"{word} {getattr(meta, key)}" for key, word in _LIMIT_WORDS if getattr(meta, key) is not None]
    return f" {' and '.join(words)}" if words else ""


@functools.cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a Struct; resolving its annotations is slow, and a desk has many actors of one class."""
    return msgspec.structs.fields(kind)


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def found(value: object, place: Place) -> str:
    """What stands there, cut to a line; nothing of it when the key is a secret's."""
    if any(is_sensitive(key) for key in place[-2:]):
        return f"{_kind_of(value)} that is not shown"
    if isinstance(value, (dict, list)):
        return _kind_of(value)
    if isinstance(value, Decimal):
        return f"the number {value}"
    return f"{_kind_of(value)} {_cut(_quote(value))}"


def _kind_of(value: object) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (bool, "the truth value"),
        (int, "the whole number"),
        (float, "the number"),
        (str, "the string"),
        (dict, "a table"),
        (list, "a list"),
        (datetime.date, "the date"),
        (datetime.time, "the time"),
        (Secret, "a secret"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), f"a {type(value).__name__}")


def _quote(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{without_user_info(value)}"' if isinstance(value, str) else str(value)


def _cut(text: str) -> str:
    line = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return line if len(line) <= FOUND_LENGTH_MAX else f"{line[: FOUND_LENGTH_MAX - 1]}…"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`, did you mean "fast"?` for the nearest known word; the known ones when none is near and they are few."""
    by_fold = {fold(choice): choice for choice in known}
    near = difflib.get_close_matches(fold(word), by_fold, n=1, cutoff=0.6)
    if near:
        return f', did you mean "{by_fold[near[0]]}"?'
    if not by_fold:
        return ""
    choices = list(by_fold.values())
    return f"; known: {', '.join(choices[:20])}{' …' if len(choices) > 20 else ''}"


def fold(word: str) -> str:
    """A word as a shell can write it: case and punctuation do not count."""
    return "".join(letter.lower() if letter.isalnum() else "_" for letter in word)
