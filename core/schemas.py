"""JSON Schema of every message, as it is on the wire: an array whose first item names the kind."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from letrade.core.errors import DataError
from letrade.core.messages.base import Message
from letrade.core.messages.registry import BY_TAG, tag

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"
_SUBJECTS = {
    "md": "letrade.<desk>.md.{kind}.<venue>.<symbol>, msgpack",
    "do": "letrade.<desk>.do.{kind}.<strategy>.<account>.<venue>.<symbol>, msgpack",
    "ev": "letrade.<desk>.ev.{kind}.<source>, JSON",
    "": "inside its process alone",
}
_BYTES = "float64 pairs (price, size), little-endian, packed; bytes in msgpack, base64 in JSON"


def of_message(kind: str) -> dict[str, Any]:
    """The schema of one kind. DataError when there is no such kind."""
    return _document([BY_TAG[known_kind(kind)]])


def of_all_messages() -> dict[str, Any]:
    """One schema for every message that there is."""
    return _document(BY_TAG[kind] for kind in sorted(BY_TAG))


def known_kind(kind: object) -> str:
    """The kind, if there is such a kind of message; else DataError."""
    if not isinstance(kind, str) or kind not in BY_TAG:
        raise DataError(f"expected one of the kinds {', '.join(sorted(BY_TAG))}, found {kind!r}")
    return kind


def of_types(*kinds: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """(the schema of each type, what they refer to as $defs); items of arrays are named."""
    found, definitions = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    structs = {struct.__name__: struct for kind in kinds for struct in _structs(kind)}
    for name, definition in definitions.items():
        if "prefixItems" in definition:
            _name_items(definition, structs[name])
    return list(found), dict(definitions)


def _document(kinds: Iterable[type[Message]]) -> dict[str, Any]:
    messages = tuple(kinds)
    found, definitions = of_types(*messages)
    for kind, reference in zip(messages, found, strict=True):
        definition = definitions[reference["$ref"].rpartition("/")[2]]
        definition["$comment"] = f"on {_SUBJECTS[kind.FAMILY].format(kind=tag(kind))}; later versions append items"
    body = found[0] if len(found) == 1 else {"anyOf": found}
    return {"$schema": DIALECT, **body, "$defs": definitions}


def _name_items(definition: dict[str, Any], struct: type[msgspec.Struct]) -> None:
    """An item's title is the name of its field; the first item of a message is its kind."""
    names = list(struct.__struct_fields__)
    if struct.__struct_config__.tag is not None:
        names.insert(0, "kind")
    items = [{"title": name, **item} for name, item in zip(names, definition["prefixItems"], strict=True)]
    for item in items:
        if item.get("contentEncoding") == "base64":
            item["description"] = _BYTES
    definition["prefixItems"] = items


def _structs(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    """Every Struct that a value of this type may hold, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
        for hint in typing.get_type_hints(annotation, include_extras=True).values():
            yield from _structs(hint)
    elif isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is not None:
        for part in typing.get_args(annotation):
            yield from _structs(part)
