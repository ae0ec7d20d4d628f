"""Dotted class names to classes, and the tables of actors and feeds decoded by the Config of their class."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import msgspec

from letrade.core.config.decode import INVALID, Decoder, Special
from letrade.core.config.describe import did_you_mean, fields_of, found, is_struct
from letrade.core.config.desk import ActorEntry, FeedEntry, NoSettings
from letrade.core.config.problems import Place
from letrade.core.errors import ConfigurationError

FEED_KINDS: Mapping[str, str] = {}
"""The short names of feeds when the caller gives none; the assembly of a desk knows them."""


def load_class(path: str) -> type:
    """The class of a dotted name. ConfigurationError when there is no such module or class, or its import fails."""
    module_name, _, class_name = path.rpartition(".")
    if not module_name or not all(word.isidentifier() for word in path.split(".")):
        raise ConfigurationError(f'expected a dotted class name such as "package.module.Class", found "{path}"')
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        if module_name == missing or module_name.startswith(f"{missing}."):
            raise ConfigurationError(f'there is no module "{missing}" (of class "{path}")') from None
        raise ConfigurationError(f'"{module_name}" needs the module "{missing}", which is not installed') from error
    except Exception as error:
        raise ConfigurationError(f'importing "{module_name}" failed: {type(error).__name__}: {error}') from error
    loaded = getattr(module, class_name, None)
    if not isinstance(loaded, type):
        classes = [name for name, value in vars(module).items() if isinstance(value, type)]
        own = [name for name in classes if vars(module)[name].__module__ == module_name]
        raise ConfigurationError(f'"{module_name}" has no class "{class_name}"{did_you_mean(class_name, own)}')
    return loaded


def load_actor_class(path: str) -> type:
    """The Actor of a dotted name. ConfigurationError when it is none."""
    from letrade.core.actor import Actor  # late, so that reading a desk file does not load the runtime

    loaded = load_class(path)
    if not issubclass(loaded, Actor):
        raise ConfigurationError(f'"{path}" is not a subclass of letrade.core.actor.Actor')
    return loaded


def load_feed_class(path: str) -> type:
    """The Feed of a dotted name. ConfigurationError when it is none."""
    from letrade.core.feed import Feed  # late, as above

    loaded = load_class(path)
    if not issubclass(loaded, Feed):
        raise ConfigurationError(f'"{path}" is not a subclass of letrade.core.feed.Feed')
    return loaded


def settings_of(loaded: type, path: str) -> type[msgspec.Struct]:
    """The Struct that a class decodes its keys into. ConfigurationError when it declares another thing."""
    config = getattr(loaded, "Config", NoSettings)
    if not is_struct(config):
        raise ConfigurationError(f'"{path}" declares a Config that is not a msgspec.Struct')
    kind: type[msgspec.Struct] = config
    try:
        fields_of(kind)
    except NameError as error:
        raise ConfigurationError(f'the Config of "{path}" has an annotation that is not resolved: {error}') from error
    return kind


def decode_actor(decoder: Decoder, table: dict[str, Any], place: Place) -> Any:
    """`name`, `class`, and the keys of the class's Config."""
    path = table.get("class")
    if not isinstance(path, str):
        told = f"expected a dotted class name, found {found(path, place)}" if "class" in table else "is missing"
        decoder.problems.add((*place, "class"), f'{told}, such as class = "letrade.actors.strategies.ma_cross.MACross"')
        return INVALID
    try:
        actor_class = load_actor_class(path)
        settings = settings_of(actor_class, path)
    except ConfigurationError as error:
        decoder.problems.add((*place, "class"), str(error))
        return INVALID
    own = {"path": path, "actor_class": actor_class}
    return _decode_entry(decoder, table, place, ActorEntry, settings, {"name"}, {"class"}, own)


def decode_feed(decoder: Decoder, table: dict[str, Any], place: Place, kinds: Mapping[str, str]) -> Any:
    """`name`, `kind` or `class`, `speed`, `files`, and the keys of the class's Config."""
    kind, path = table.get("kind"), table.get("class")
    if isinstance(kind, str) and path in (None, kinds.get(kind)):
        path = kinds.get(kind)
        table = {key: value for key, value in table.items() if key != "kind"}  # it is no word for the class's own
        if path is None:
            decoder.problems.add((*place, "kind"), f'there is no kind of feed "{kind}"{did_you_mean(kind, kinds)}')
            return INVALID
    if not isinstance(path, str):
        decoder.problems.add(place, "expected kind, the name of a kind of feed, or class, a dotted class name")
        return INVALID
    try:
        feed_class = load_feed_class(path)
        settings = settings_of(feed_class, path)
    except ConfigurationError as error:
        decoder.problems.add((*place, "class" if "class" in table else "kind"), str(error))
        return INVALID
    own = {"path": path, "feed_class": feed_class, "kind": kind}
    return _decode_entry(decoder, table, place, FeedEntry, settings, {"name", "kind", "speed", "files"}, {"class"}, own)


def _decode_entry(
    decoder: Decoder,
    table: dict[str, Any],
    place: Place,
    entry: type[msgspec.Struct],
    settings: type[msgspec.Struct],
    shared: set[str],
    hidden: set[str],
    own: dict[str, Any],
) -> Any:
    """The entry's own keys and its class's; a key that both declare goes to both."""
    declared = {field.encode_name: field for field in fields_of(settings)}
    keys = {field.encode_name: field for field in fields_of(entry) if field.encode_name in shared}
    decoder.report_unknown(table, sorted({*declared, *shared, *hidden}), place)
    values = dict(own)
    for key, field in keys.items():
        if key in table:
            values[field.name] = decoder.decode(table[key], field.type, (*place, key))
        elif field.required:
            decoder.problems.add((*place, key), "is missing")
            values[field.name] = INVALID
    inner = {key: value for key, value in table.items() if key in declared}
    values["config"] = decoder.decode_fields(inner, settings, place)
    if any(value is INVALID for value in values.values()):
        return INVALID
    return decoder.build(entry, values, place)


def special_tables(feed_kinds: Mapping[str, str]) -> dict[type, Special]:
    """How the tables are decoded whose shape is their class's."""

    def feed(decoder: Decoder, table: dict[str, Any], place: Place) -> object:
        return decode_feed(decoder, table, place, feed_kinds)

    return {ActorEntry: decode_actor, FeedEntry: feed}
