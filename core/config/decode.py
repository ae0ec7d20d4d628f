"""Tables into Structs; every unknown key, missing key and wrong value is told at once."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args, get_origin

import msgspec

from letrade.core.config.describe import (
    alternatives,
    describe,
    did_you_mean,
    fields_of,
    find_mark,
    found,
    is_struct,
    unwrap,
)
from letrade.core.config.merge import item_label
from letrade.core.config.overrides import parse_value
from letrade.core.config.problems import Place, Problems
from letrade.core.config.secrets import Secret
from letrade.core.config.values import Bounds, TextForm, parse_decimal
from letrade.core.errors import ConfigurationError


class Invalid:
    """Stands for a value whose problem has been told."""


INVALID = Invalid()

Special: TypeAlias = "Callable[[Decoder, dict[str, Any], Place], object]"
"""Decodes a table whose type depends on what is in it."""


class Decoder:
    """Walks annotations and values together; `special` decodes the tables whose shape is named by one of their keys."""

    def __init__(self, problems: Problems, special: Mapping[type, Special] | None = None) -> None:
        self.problems = problems
        self.special = special or {}

    def decode(self, value: object, annotation: Any, place: Place) -> Any:
        """The typed value, or INVALID once its problems are told."""
        inner, marks = unwrap(annotation)
        if inner in (Any, object):
            return value
        members = alternatives(inner)
        if len(members) > 1:
            return self._decode_union(value, members, annotation, place)
        if is_struct(inner):
            return self._decode_table(value, inner, place)
        container, arguments = get_origin(inner) or inner, get_args(inner)
        if container in (list, tuple) and container is not inner:
            return self._decode_list(value, container, arguments, annotation, place)
        if container in (dict, Mapping) and container is not inner:
            return self._decode_mapping(value, arguments, annotation, place)
        return self._decode_leaf(value, annotation, inner, marks, place)

    def _expected(self, value: object, annotation: Any, place: Place) -> Invalid:
        hint = ""
        choices = get_args(unwrap(annotation)[0]) if get_origin(unwrap(annotation)[0]) is Literal else ()
        if isinstance(value, str) and choices:
            near = did_you_mean(value, [choice for choice in choices if isinstance(choice, str)])
            hint = near if near.startswith(",") else ""
        self.problems.add(place, f"expected {describe(annotation)}, found {found(value, place)}{hint}")
        return INVALID

    def _decode_union(self, value: object, members: tuple[Any, ...], annotation: Any, place: Place) -> Any:
        if value is None and type(None) in members:
            return None
        members = tuple(member for member in members if member is not type(None))
        shaped = [member for member in members if _has_shape(value, unwrap(member)[0])]
        if len(members) == 1 or len(shaped) == 1:
            return self.decode(value, shaped[0] if shaped else members[0], place)
        if len(shaped) > 1:
            return self._convert(value, annotation, place)
        for member in members:
            attempt = Decoder(Problems(self.problems.origins), self.special)
            decoded = attempt.decode(value, member, place)
            if not attempt.problems.texts:
                return decoded
        return self._expected(value, annotation, place)

    def _decode_table(self, value: object, kind: type[msgspec.Struct], place: Place) -> Any:
        if not isinstance(value, dict):
            return value if isinstance(value, kind) else self._expected(value, kind, place)
        if kind in self.special:
            return self.special[kind](self, value, place)
        return self.decode_fields(value, kind, place)

    def decode_fields(self, table: dict[str, Any], kind: type[msgspec.Struct], place: Place) -> Any:
        """The Struct of a table's keys, or INVALID."""
        fields = fields_of(kind)
        self.report_unknown(table, [field.encode_name for field in fields], place)
        values: dict[str, Any] = {}
        complete = True
        for field in fields:
            here = (*place, field.encode_name)
            if field.encode_name in table:
                values[field.name] = self.decode(table[field.encode_name], field.type, here)
                complete = complete and values[field.name] is not INVALID
            elif field.required:
                self.problems.add(here, f"is missing, expected {describe(field.type)}")
                complete = False
        return self.build(kind, values, place) if complete else INVALID

    def build(self, kind: type[msgspec.Struct], values: dict[str, Any], place: Place) -> Any:
        """The Struct, with what its own __post_init__ has against it told as a problem."""
        try:
            return kind(**values)
        except (ValueError, TypeError, ConfigurationError) as error:
            self.problems.add(place, str(error))
            return INVALID

    def report_unknown(self, table: Mapping[str, Any], known: list[str], place: Place) -> None:
        for key in table:
            if key not in known:
                self.problems.add((*place, key), f"unknown key{did_you_mean(key, known)}")

    def _decode_list(self, value: object, kind: Any, arguments: tuple[Any, ...], annotation: Any, place: Place) -> Any:
        if not isinstance(value, (list, tuple)):
            if is_struct(arguments[0]):
                header = f"[[{'.'.join(place)}]]"
                self.problems.add(place, f"expected a list of tables, {header}, found {found(value, place)}")
                return INVALID
            return self._expected(value, annotation, place)
        if kind is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
            if len(value) != len(arguments):
                self.problems.add(place, f"expected a list of {len(arguments)}, found one of {len(value)}")
                return INVALID
            types = list(arguments)
        else:
            types = [arguments[0]] * len(value)
        items = [self.decode(item, types[i], (*place, item_label(item, i))) for i, item in enumerate(value)]
        return INVALID if any(item is INVALID for item in items) else self._limited(kind(items), annotation, place)

    def _decode_mapping(self, value: object, arguments: tuple[Any, ...], annotation: Any, place: Place) -> Any:
        if not isinstance(value, Mapping):
            return self._expected(value, annotation, place)
        pairs = [
            (self.decode(key, arguments[0], (*place, str(key))), self.decode(item, arguments[1], (*place, str(key))))
            for key, item in value.items()
        ]
        if any(part is INVALID for pair in pairs for part in pair):
            return INVALID
        return self._limited(dict(pairs), annotation, place)

    def _limited(self, value: Any, annotation: Any, place: Place) -> Any:
        meta = find_mark(unwrap(annotation)[1], msgspec.Meta)
        least = meta.min_length if meta is not None and meta.min_length is not None else 0
        most = meta.max_length if meta is not None and meta.max_length is not None else len(value)
        return value if least <= len(value) <= most else self._expected(value, annotation, place)

    def _decode_leaf(self, value: object, annotation: Any, inner: Any, marks: tuple[Any, ...], place: Place) -> Any:
        """One value; that of an environment variable may be meant as the text that stands there."""
        origin = self.problems.origins.by_place.get(place)
        given = origin.text if origin is not None else None
        if inner is Secret:
            return self._decode_secret(given if given is not None else value, place)
        attempts = [value] if given is None or parse_value(given) != value else [value, given]
        for attempt in attempts:
            try:
                return self._leaf(attempt, annotation, inner, marks)
            except (ValueError, TypeError):
                continue
        return self._expected(value, annotation, place)

    def _leaf(self, value: object, annotation: Any, inner: Any, marks: tuple[Any, ...]) -> Any:
        """The typed value. ValueError (msgspec's errors are such) when it is not one."""
        form, bounds = find_mark(marks, TextForm), find_mark(marks, Bounds)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("not finite")
        if form is not None:
            decoded: Any = form.parse(value)
        elif inner is Decimal:
            decoded = parse_decimal(value)
        else:
            decoded = msgspec.convert(value, annotation)
        if bounds is not None and not bounds.allows(decoded):
            raise ValueError("out of bounds")
        return decoded

    def _decode_secret(self, value: object, place: Place) -> Any:
        if isinstance(value, Secret):
            return value
        origin = self.problems.origins.by_place.get(place)
        if isinstance(value, str):
            try:
                return Secret(value)
            except ValueError:
                if origin is not None and origin.text is not None:
                    inherited = os.environ.get(origin.label) == origin.text
                    return Secret(f"env:{origin.label}") if inherited else Secret.of_value(value)
        self.problems.add(place, f"expected {describe(Secret)}; a value given as it is would be read by others")
        return INVALID

    def _convert(self, value: object, annotation: Any, place: Place) -> Any:
        """A union of tagged Structs is left to msgspec, which stops at its first problem."""
        try:
            return msgspec.convert(value, annotation)
        except (msgspec.ValidationError, TypeError) as error:
            self.problems.add(place, str(error))
            return INVALID


def _has_shape(value: object, member: Any) -> bool:
    """Whether a table or a list can only be meant for this member of a union."""
    if isinstance(value, dict):
        return is_struct(member)
    return isinstance(value, list) and (get_origin(member) or member) in (list, tuple)
