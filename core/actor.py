"""An actor is a plain state machine: a message in, messages out; it never awaits, and owns no task, clock or socket."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import msgspec

from letrade.core import ids
from letrade.core.errors import ConfigurationError
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.stage import Stage
from letrade.hotpath.speaker import Speaker


class ActorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an actor's table in desk.toml may hold besides name and class; subclasses add fields."""


class Context(NamedTuple):
    """What an actor may know of its desk."""

    desk: str
    desk_uid: str
    seed: int
    instruments: Catalogue
    settings: Any
    """The desk's whole configuration (core/config/desk.py); read-only."""


class Actor(Speaker[Message]):
    """Subclasses set `stage` and `Config` and write handlers `on_<kind>(self, message: <MessageType>)`.

    `publish`, `set_timer`, `cancel_timer` and `now` are in hotpath/speaker.pyx.
    """

    stage: ClassVar[Stage]
    Config: ClassVar[type[ActorConfig]] = ActorConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        # CPython reads and writes the attributes of a compiled class's child half as fast unless the dict is its own.
        self.__dict__ = dict(self.__dict__)
        self.name = name
        self.config = config
        self.context = context

    def start(self) -> None:
        """Called once, before the first message of a desk that starts from nothing (not after a restore)."""

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        """Whether messages of this kind about this instrument and strategy come here; fixed for the actor's life."""
        return True

    def random(self, *names: str) -> ids.Random:
        """A generator of the desk's seed and this actor's name; keep its state in state() if you draw later."""
        return ids.generator(self.context.seed, self.name, *names)

    def state(self) -> Any:
        """All that the actor must not forget, as builtins and Structs that msgpack can carry; None when nothing."""
        return None

    def restore(self, state: Any) -> None:
        """Take back what state() gave (decoded to builtins: Structs as lists or dicts)."""


Handler = Callable[[Any], None]


def handlers_of(actor: Actor) -> dict[type[Message], Handler]:
    """The actor's handlers by the type that their parameter is annotated with.

    ConfigurationError when a public `on_…` method takes no message type.
    """
    found: dict[type[Message], Handler] = {}
    kind: Any = type(actor)
    for name, types in _handled_by(kind):
        found.update(dict.fromkeys(types, getattr(actor, name)))
    return found


@functools.lru_cache(maxsize=256)
def _handled_by(kind: Any) -> list[tuple[str, list[type[Message]]]]:
    """By the names of its handlers; remembered, as a desk has many actors of one class."""
    names = [name for name in sorted(dir(kind)) if name.startswith("on_")]
    return [(name, _message_types(getattr(kind, name), f"{kind.__name__}.{name}")) for name in names]


def _message_types(method: Any, where: str) -> list[type[Message]]:
    hints = {key: hint for key, hint in typing.get_type_hints(method).items() if key != "return"}
    if len(hints) != 1:
        raise ConfigurationError(f"{where}: a handler takes exactly one annotated message")
    (hint,) = hints.values()
    types = list(typing.get_args(hint)) or [hint]
    if not all(isinstance(kind, type) and issubclass(kind, Message) for kind in types):
        raise ConfigurationError(f"{where}: expected message types, found {hint}")
    return types
