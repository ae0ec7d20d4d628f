"""What a running desk can be asked over NATS: letrade.<desk>.req.<verb>, in JSON or msgpack."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.config.show import show
from letrade.core.engine.host import Host
from letrade.core.engine.verb_schemas import schema_of
from letrade.core.errors import DataError, NotRunningError
from letrade.core.messages.base import Message
from letrade.core.messages.events import Flatten, Halt, Resume
from letrade.core.network.service import Verb

FLATTEN_PATIENCE_SECONDS = 20.0
POLL_SECONDS = 0.05
ALL_ACCOUNTS = "*"


class Requests:
    """Answers for one engine."""

    def __init__(self, engine: Host) -> None:
        self.engine = engine

    async def status(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.engine.status()

    async def show(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        return dict(show(self.engine.config))

    async def schema(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        """Of a kind of message, of a verb, of all kinds; or the names of all."""
        _only(request, "kind", "verb")
        return schema_of(request.get("kind"), request.get("verb"))

    async def pause(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        account, reason = self._scope(request)
        return self._say(Halt(account=account, reason=reason or "paused by an operator", pause=True))

    async def halt(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        account, reason = self._scope(request)
        return self._say(Halt(account=account, reason=reason or "halted by an operator"))

    async def resume(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        account, reason = self._scope(request)
        return self._say(Resume(account=account, reason=reason))

    async def flatten(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answers when all is flat, or after twenty seconds with what is left."""
        account, reason = self._scope(request)
        self._say(Flatten(account=account, reason=reason or "asked by an operator"))
        deadline = monotonic_ns() + int(FLATTEN_PATIENCE_SECONDS * SECOND)
        while (left := self._held(account)) and monotonic_ns() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        return {"ok": not left, "account": account, "left": left}

    async def stop(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        _only(request)
        self.engine.stop()
        return {"ok": True, "on_stop": self.engine.config.desk.on_stop}

    def _scope(self, request: dict[str, Any]) -> tuple[str, str]:
        _only(request, "account", "reason")
        account, reason = request.get("account", ALL_ACCOUNTS), request.get("reason", "")
        names = {each.name for each in self.engine.config.accounts} | {ALL_ACCOUNTS}
        if not isinstance(account, str) or account not in names:
            raise DataError(f"expected one of the accounts {', '.join(sorted(names))}, found {account!r}")
        if not isinstance(reason, str):
            raise DataError(f"expected a text as reason, found {reason!r}")
        return account, reason

    def _say(self, message: Message) -> dict[str, Any]:
        if self.engine.driver is None:
            raise NotRunningError("the desk has not started yet: ask again")
        self.engine.driver.command(message)
        return {"ok": True}

    def _held(self, account: str) -> list[dict[str, Any]]:
        return open_positions(self.engine.status().get("positions", []), account)


def open_positions(positions: Sequence[dict[str, Any]], account: str) -> list[dict[str, Any]]:
    """Those of instruments in which the account itself holds something. Shares of strategies that cancel each other out
    are left alone: at the venue there is nothing to close."""
    nets: dict[tuple[str, str], Decimal] = {}
    for held in positions:
        key = held["account"], held["instrument"]
        nets[key] = nets.get(key, Decimal(0)) + Decimal(held["quantity"])
    return [
        held for held in positions
        if account in (ALL_ACCOUNTS, held["account"]) and nets[held["account"], held["instrument"]]
    ]  # fmt: skip


def _only(request: dict[str, Any], *known: str) -> None:
    """DataError for a key that the verb does not know: with its account misspelt a request would mean all of them."""
    unknown = sorted(set(request) - set(known))
    if unknown:
        expected = " and ".join(known) or "no keys"
        raise DataError(f"expected {expected} in the request, found {', '.join(map(repr, unknown))}")


def verbs_of(engine: Host) -> dict[str, Verb]:
    """The endpoints of the desk's micro service."""
    requests = Requests(engine)
    return {
        "status": Verb("prices, strategies, orders, positions, profit, rates, latency and alerts", requests.status),
        "show": Verb("the desk's effective configuration, secrets redacted", requests.show),
        "schema": Verb('JSON Schema: {"kind": "fill"}, {"kind": "*"}, {"verb": "status"}; {} names', requests.schema),
        "pause": Verb('nothing new opens until resume: {"account": "*", "reason": "..."}', requests.pause),
        "halt": Verb("as pause, and it survives a restart", requests.halt),
        "resume": Verb("lifts a pause or a halt", requests.resume),
        "flatten": Verb("pause, cancel all, close all reduce-only; answers with what is left", requests.flatten),
        "stop": Verb("drain as the desk file says, and end", requests.stop),
    }
