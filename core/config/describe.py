"""Words for the errors of a configuration: what was expected, what was found, what was probably meant."""

from __future__ import annotations

import datetime
import difflib
import types
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from letrade.core.config.problems import Place
from letrade.core.config.secrets import Secret, is_sensitive, without_user_info
from letrade.core.config.values import Bounds, TextForm

FOUND_LENGTH_MAX = 60

_PLAIN = {
    int: "a whole number",
    float: "a number",
    str: "a string",
    bool: "true or false",
    Decimal: 'a decimal number such as "0.001"',
    Secret: 'a secret by reference, "env:NAME" or "file:/path"',
    type(None): "nothing",
    dict: "a table",
    list: "a list",
    tuple: "a list",
}


def unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type inside an Annotated, and its marks."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return inner, tuple(marks)
    return annotation, ()


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the type alone."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def find_mark[Mark](marks: tuple[Any, ...], kind: type[Mark]) -> Mark | None:
    """The mark of this kind, if there is one."""
    return next((mark for mark in marks if isinstance(mark, kind)), None)
