"""The receiving side of a NATS connection without its socket: bytes in, messages handed to whoever subscribed."""
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from _typeshed import ReadableBuffer

BUFFER_BYTES: int
LINE_BYTES_MAX: int
MESSAGE_BYTES_MAX: int

class ProtocolError(ValueError):
    """What came is not the NATS protocol: the connection can only be given up."""

class _Listener(Protocol):
    """Hears of everything but messages."""

    def on_info(self, info: bytes) -> None: ...
    def on_ping(self) -> None: ...
    def on_pong(self) -> None: ...
    def on_server_error(self, text: str) -> None: ...
    def on_handler_error(self, error: BaseException) -> None: ...

class Route:
    """Where the messages of one subscription go."""

    refused: str

    def __init__(
        self,
        sid: int,
        subject: str,
        queue: str,
        kind: int,
        handler: Callable[..., object],
        decode: Callable[[bytes], Any] | None,
        refuse: Callable[[str, bytes, Exception], object] | None,
        limit: int,
    ) -> None: ...
    @property
    def sid(self) -> int: ...
    @property
    def subject(self) -> str: ...
    @property
    def queue(self) -> str: ...
    @property
    def received(self) -> int: ...
    @property
    def limit(self) -> int: ...

class Wire:
    """One connection's receive buffer, parser and routes.

    Write what comes into `room()`, say how much with `fed`, then `parse`.
    What handlers raise goes to the listener if it is `caught`, and ends the pass if not.
    Messages of one connection are handled in their order; batches and conflated ones at the end of a pass.
    """

    def __new__(cls, listener: _Listener, caught: Iterable[type[BaseException]] = (Exception,)) -> Wire: ...
    @property
    def received(self) -> int: ...
    @property
    def received_bytes(self) -> int: ...
    @property
    def conflated(self) -> int: ...
    @property
    def forged(self) -> int: ...
    @property
    def unread(self) -> int:
        """Bytes that have come and were not parsed."""
    def add(self, subject: str, handler: Callable[[str, bytes, str], object], queue: str = "", limit: int = 0) -> Route:
        """handler(subject, payload, reply or ""); the route ends after `limit` messages, if that is not 0."""
    def add_decoded(
        self,
        subject: str,
        decode: Callable[[bytes], Any],
        handler: Callable[[str, Any, bytes], object],
        refuse: Callable[[str, bytes, Exception], object],
        conflate: bool = False,
    ) -> Route:
        """handler(subject, message, payload), or refuse(subject, payload, what decode raised)."""
    def add_batch(self, subject: str, handler: Callable[[list[str], list[bytes]], object], queue: str = "") -> Route:
        """handler(subjects, payloads) once for each pass."""
    def add_stream(self, subject: str, handler: Callable[[str, bytes, str, bytes], object]) -> Route:
        """handler(subject, payload, reply or "", header block or b""); takes what JetStream delivers."""
    def add_service(self, subject: str, handler: Callable[[str, bytes, str, bytes], object], queue: str = "") -> Route:
        """As add_stream, for what anybody publishes; what JetStream delivers there is forged."""
    def add_replies(self, subject: str, handler: Callable[[int, bytes, bytes], object]) -> Route:
        """handler(last token of the subject as a number, -1 when it is none; payload; header block or b"")."""
    def remove(self, route: Route) -> None:
        """Hands over no more of this subscription."""
    def routes(self) -> list[Route]:
        """All subscriptions, oldest first."""
    def room(self) -> memoryview:
        """The free part of the receive buffer; to be written to before anything else is called."""
    def feed(self, data: ReadableBuffer) -> None:
        """Copies bytes in as a socket would."""
    def fed(self, count: int) -> None:
        """So many bytes were written into the buffer; ValueError when that cannot be."""
    def take_line(self) -> bytes | None:
        """Takes one line off, without its end and as it is; None when it has not come yet."""
    def parse(self, budget: int) -> bool:
        """Handles at most `budget` messages; True when more may be waiting.

        ProtocolError for what no server sends. What a handler raises goes to the listener, and the next one is handled.
        """
    def stop(self) -> None:
        """Handles nothing more, also not of what has come."""
    def restart(self) -> None:
        """Forgets what has come: the next bytes are those of a new connection."""
