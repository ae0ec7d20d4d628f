"""A wire and an outbox on a stage: routes of each kind, whose handlers note all and act by a script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

DEEDS = ("", "raise", "remove", "add", "stop", "publish", "parse", "leave")
FIRST_SIDS = 9
PASSES_MAX = 100_000


class HandlerFailed(Exception):
    """What a handler on the stage raises on purpose."""


class Scene:
    """Plays the same piece with the compiled wire or with its twin; `events` tells what happened, in order.

    The first routes have the sids 1 to 9: plain, plain with a limit of 3, decoded, conflated, batch, stream, service,
    replies, batch. Each thing that happens does the next deed of the script, if there is one.
    """

    NAMES: ClassVar = ("plain", "limited", "decoded", "conflated", "batch", "stream", "service", "reply", "batch2")

    def __init__(
        self, new_wire: Callable[..., Any], new_outbox: Callable[..., Any], script: Sequence[str] = ()
    ) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.wire = new_wire(self)
        self.outbox = new_outbox(HandlerFailed, lambda now: None, 1 << 20)
        self.outbox.open = True
        self._script = iter(script)
        self._depth = 0
        wire = self.wire
        self.routes = [
            wire.add("a.>", self._noting("plain")),
            wire.add("b.*", self._noting("limited"), limit=3),
            wire.add_decoded("c", self._decode, self._noting("decoded"), self._noting("refused")),
            wire.add_decoded("d.>", self._decode, self._noting("conflated"), self._noting("refused"), True),
            wire.add_batch("e.>", self._noting("batch"), "q"),
            wire.add_stream("_INBOX.s", self._noting("stream")),
            wire.add_service("f.\N{SNOWMAN}", self._noting("service"), "q"),
            wire.add_replies("_INBOX.r.*", self._noting("reply")),
            wire.add_batch("g", self._noting("batch2")),
        ]

    # What the wire tells

    def on_info(self, info: bytes) -> None:
        self._note("INFO", info)

    def on_ping(self) -> None:
        self.outbox.command(b"PONG\r\n")
        self._note("PING")

    def on_pong(self) -> None:
        self._note("PONG")

    def on_server_error(self, text: str) -> None:
        self._note("-ERR", text)
        if "stop" in text:
            self.wire.stop()

    def on_handler_error(self, error: Exception) -> None:
        self.events.append(("failed", str(error) if isinstance(error, HandlerFailed) else ""))

    def _noting(self, name: str) -> Callable[..., None]:
        def note(*said: object) -> None:
            self._note(name, *(str(each) if isinstance(each, Exception) else each for each in said))
            self._act(next(self._script, ""))

        return note

    def _note(self, *event: object) -> None:
        self.events.append(event)

    @staticmethod
    def _decode(payload: bytes) -> int:
        if payload.startswith(b"!"):
            raise HandlerFailed("not decoded")
        return len(payload)

    def _act(self, deed: str) -> None:
        count = len(self.events)
        if deed == "raise":
            raise HandlerFailed(f"event {count}")
        if deed == "remove":
            self.wire.remove(self.routes[count % len(self.routes)])
        elif deed == "add":
            self.routes.append(self.wire.add(f"n.{count}", self._noting(f"new {count}"), limit=count % 3))
        elif deed == "stop":
            self.wire.stop()
        elif deed == "publish":
            self.outbox.publish(f"p.{count}", b"\r\nPUB x 1\r\n", f"r.{count}" if count % 2 else "")
        elif deed == "parse" and self._depth < 3:
            self._depth += 1
            self.events.append(("inner", self.wire.parse(2)))
            self._depth -= 1
        elif deed == "leave":
            self.wire.restart()

    # Playing

    def play(self, chunks: Iterable[bytes], budgets: Sequence[int] = (1024,)) -> list[tuple[Any, ...]]:
        """All that happened, and what is left; ends at the first thing that is refused."""
        passes = 0
        for chunk in chunks:
            self.wire.feed(chunk)
            try:
                while self.wire.parse(budgets[passes % len(budgets)]):
                    self.events.append(("more",))
                    passes += 1
                    assert passes < PASSES_MAX, "each pass takes something"
            except HandlerFailed as error:
                self.events.append(("escaped", str(error)))
            except ValueError:
                self.events.append(("broken",))
                break
            passes += 1
        return [*self.events, self.left()]

    def left(self) -> tuple[Any, ...]:
        wire, outbox = self.wire, self.outbox
        routes = [(each.sid, each.subject, each.queue, each.limit, each.received) for each in wire.routes()]
        counters = (wire.received, wire.received_bytes, wire.conflated, wire.forged, wire.unread)
        return ("left", counters, routes, outbox.sent, bytes(outbox.take()))


def one_by_one(events: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The messages of batches each for itself, and no passes: what does not depend on how the bytes were split."""
    return [each for event in events for each in _unpacked(event)]


def _unpacked(event: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if event[0] in ("batch", "batch2"):
        yield from ((event[0], *pair) for pair in zip(event[1], event[2], strict=True))
    elif event[0] != "more":
        yield event
