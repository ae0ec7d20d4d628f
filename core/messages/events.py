"""Step 8 of the flow, and the operator's words: events about the desk itself, JSON on the wire."""

from __future__ import annotations

from letrade.core.messages.base import EventMessage, Number


class Halt(EventMessage, frozen=True, kw_only=True):
    """Nothing new opens for `account` ('*' for all) until Resume; survives a restart."""

    account: str
    reason: str
    pause: bool = False
    """A pause is lifted by a restart too, a halt is not."""


class Resume(EventMessage, frozen=True, kw_only=True):
    """Lifts a halt or a pause of `account` ('*' for all)."""

    account: str
    reason: str = ""
    pauses_only: bool = False
    """What the desk says by itself lifts pauses, and no halt."""


class Flatten(EventMessage, frozen=True, kw_only=True):
    """Pause, cancel all working orders, close every position reduce-only, of `account` ('*' for all)."""

    account: str
    reason: str = ""


class Drain(EventMessage, frozen=True, kw_only=True):
    """The desk stops: cancel working orders (`cancel`), leave them (`keep`), or close all (`flatten`)."""

    on_stop: str


class Failure(EventMessage, frozen=True, kw_only=True):
    """A handler raised. Strategies skip the message and go on; owners of money stop, and opening halts."""

    actor: str
    kind: str
    message_id: str
    error: str
    stopped: bool


class Alert(EventMessage, frozen=True, kw_only=True):
    """Something that an operator should see; counted by code."""

    level: str
    """info, warning or error."""
    code: str
    text: str
    instrument: str = ""
    account: str = ""


class Heartbeat(EventMessage, frozen=True, kw_only=True):
    """A process lives; with what it sent so far, so that receivers can tell what they missed."""

    process: str
    sent: dict[str, int]
    """Messages so far by kind."""
    messages_per_second: Number = 0.0
    tick_to_order_us: dict[str, int] | None = None
    """Where a venue lives in the process: from the planned time of the tick to the receipt of its order."""
    journal: str = ""
    """Why the process's journal asks that nothing new opens: full or behind."""
    link: dict[str, int] = {}
    """What went wrong between the process and its NATS server, by what it was."""


class BookCheck(EventMessage, frozen=True, kw_only=True):
    """Our books compared with the venue's own best prices so far."""

    compared: int
    equal: int
    late_compared: int
    gaps: int
    crossed: int
    late_equal: int = 0


class Recovered(EventMessage, frozen=True, kw_only=True):
    """A live process has come back: whatever happened meanwhile must be asked for. The process "desk" tells all,
    and pauses are over; any other tells its own actors alone."""

    process: str
