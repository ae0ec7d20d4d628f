"""What each verb of a desk takes and answers, as types that become JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

import msgspec
from msgspec import Meta

from letrade.core import schemas
from letrade.core.errors import DataError
from letrade.core.messages.registry import BY_TAG

DecimalText = Annotated[str, Meta(description="a decimal as text, exact")]
Nanoseconds = Annotated[int, Meta(description="ns since 1970, UTC")]


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No keys: an empty body will do."""


class Anything(msgspec.Struct):
    """Keys are not looked at: an empty body will do."""


class Scope(msgspec.Struct, forbid_unknown_fields=True):
    """For one account or all, and why."""

    account: Annotated[str, Meta(description="the name of an account, or * for all")] = "*"
    reason: Annotated[str, Meta(description="for the record")] = ""


class Which(msgspec.Struct, forbid_unknown_fields=True):
    """Of what the schema is wanted: one kind of message (* for all in one schema), or one verb."""

    kind: str | None = None
    verb: str | None = None


class Done(msgspec.Struct):
    """It is done, or on its way."""

    ok: bool


class Stopping(msgspec.Struct):
    """The desk drains, and ends."""

    ok: bool
    on_stop: Annotated[str, Meta(description="cancel, keep or flatten")]


class Left(msgspec.Struct):
    """ok when all is flat; else what is still held."""

    ok: bool
    account: str
    left: list[dict[str, Any]]


class Journal(TypedDict):
    lag: Annotated[int, Meta(description="records that the stream does not hold yet")]
    records: int
    bytes: int
    state: Annotated[str, Meta(description="starting, shipping, away, refused or off")]
    full: bool


class WorkerLine(TypedDict):
    name: str
    pid: int | None
    restarts: int


class AlertLine(TypedDict):
    code: str
    text: str
    time: Nanoseconds


class _Status(TypedDict):
    desk: str
    uptime_seconds: float
    time: Nanoseconds
    messages_per_second: float
    tick_to_order_us: dict[str, int] | None
    alerts: list[AlertLine]
    alert_counts: dict[str, int]
    losses: Annotated[dict[str, int], Meta(description="messages that did not arrive, by what became of them")]
    journal: Journal
    workers: list[WorkerLine]
    nats: dict[str, Any]


class Status(_Status, total=False):
    """What follows `nats` comes from the actor that reports on trading, where the desk has one."""

    orders: int
    fills: int
    entries: int
    exits: int
    refused: Annotated[dict[str, int], Meta(description="orders refused, by rule")]
    prices: dict[str, DecimalText]
    strategies: list[dict[str, Any]]
    positions: list[dict[str, Any]]
    balances: dict[str, dict[str, DecimalText]]
    recent_orders: list[dict[str, Any]]
    pnl: DecimalText | None
    equity: DecimalText | None
    reporting_currency: str


class Problem(TypedDict):
    code: Annotated[str, Meta(description="data, timeout, busy, bug, ...: as the exit codes of letrade are called")]
    text: Annotated[str, Meta(description="what was expected, what was found, and what to do")]


class Refusal(msgspec.Struct):
    """Instead of the answer; with the header Nats-Service-Error."""

    error: Problem


Configuration = Annotated[dict[str, Any], Meta(description="as letrade show-config --json prints it")]
Schema = Annotated[dict[str, Any], Meta(description="a JSON Schema, or the names of all kinds and verbs")]

VERBS: dict[str, tuple[Any, Any]] = {
    "status": (Anything, Status),
    "show": (Anything, Configuration),
    "schema": (Which, Schema),
    "pause": (Scope, Done),
    "halt": (Scope, Done),
    "resume": (Scope, Done),
    "flatten": (Scope, Left),
    "stop": (Nothing, Stopping),
}
"""(request, answer) of each."""


def of_verb(verb: object) -> dict[str, Any]:
    """JSON Schema of an object with the verb's `request`, its `answer`, and the `refusal` that may come instead."""
    if not isinstance(verb, str) or verb not in VERBS:
        raise DataError(f"expected one of the verbs {', '.join(sorted(VERBS))}, found {verb!r}")
    request, answer = VERBS[verb]
    parts, definitions = schemas.of_types(request, answer, Refusal)
    names = ("request", "answer", "refusal")
    body = {"type": "object", "title": verb, "properties": dict(zip(names, parts, strict=True))}
    return {"$schema": schemas.DIALECT, **body, "$defs": definitions}


def schema_of(kind: object = None, verb: object = None) -> dict[str, Any]:
    """The schema of a verb, of a kind of message, of all kinds in one ('*'); with neither, the names of all."""
    if kind is not None and verb is not None:
        raise DataError("expected kind or verb, found both")
    if verb is not None:
        return of_verb(verb)
    if kind == "*":
        return schemas.of_all_messages()
    if kind is not None:
        return schemas.of_message(schemas.known_kind(kind))
    return {"kinds": sorted(BY_TAG), "verbs": sorted(VERBS)}
