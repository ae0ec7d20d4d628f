"""The sending side of a NATS connection without its socket: commands as bytes, until somebody takes them."""
from collections.abc import Callable, Mapping

SUBJECT_BYTES_MAX: int

def header_block(headers: Mapping[str, str]) -> bytes:
    """The block of a message with headers; ValueError for what would break it."""

class Outbox:
    """What waits to be written to one connection.

    `error` makes the exceptions for what is refused. `wake(False)` is called when there is something to write, once
    until it is taken; `wake(True)` when what waits must be taken at once, to make room.
    """

    open: bool  # False: only what may be late is accepted
    awake: bool
    unwritten: int  # bytes that were taken, but that the connection still holds
    waiting_max: int  # bytes, together with the unwritten
    payload_max: int  # bytes, headers included
    inbox: bytes  # what the tokens of `ask` are appended to

    def __new__(cls, error: Callable[[str], Exception], wake: Callable[[bool], object], waiting_max: int) -> Outbox: ...
    def __len__(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def sent_bytes(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    def publish(
        self,
        subject: str,
        payload: bytes,
        reply: str = "",
        headers: Mapping[str, str] | bytes | None = None,
        *,
        late_ok: bool = False,
    ) -> None:
        """PUB, or HPUB when there are headers; ready-made header blocks are taken as they are."""
    def ask(
        self, subject: str, payload: bytes, token: int, headers: Mapping[str, str] | bytes | None = None
    ) -> None:
        """As publish, with the inbox and this token as its reply subject."""
    def subscribe(self, subject: str, sid: int, queue: str = "", limit: int = 0) -> None:
        """SUB: `sid` names the subscription in what the server sends; with `limit` it ends after so many messages."""
    def check(self, subject: str, queue: str = "") -> None:
        """Refuses what could not be subscribed to."""
    def unsubscribe(self, sid: int, limit: int = 0) -> None:
        """UNSUB, at once or after so many messages."""
    def command(self, data: bytes) -> None:
        """Bytes of ours that depend on the connection: after it they mean nothing, and are not counted as dropped."""
    def take(self) -> bytes:
        """All that waits, which is then no more here."""
    def drop_early(self) -> None:
        """Forgets all that must not be sent late, and counts the messages."""
    def drop_all(self) -> None:
        """Forgets all that waits, for ever, and counts the messages."""
