"""The desk as a NATS micro service: `nats micro ls|info|stats`, and requests on letrade.<desk>.req.<verb>."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from letrade.core.clock import SECOND, monotonic_ns, wall_ns
from letrade.core.errors import ConfigurationError, LetradeError, TimeoutExpired
from letrade.core.ids import fresh_token
from letrade.core.network.formats import Format, decode_object, encode_answer, format_of_answer
from letrade.core.network.link import Link, StreamHandler, Subscription

VerbHandler = Callable[[str, dict[str, Any]], Awaitable[object]]
"""Takes (verb, the request's object) and answers with whatever msgspec can write as JSON."""
Telemetry = Callable[[], Mapping[str, object]]

SERVICE_NAME = "letrade"
QUEUE_GROUP = "q"
REQUESTS_MAX = 64
REQUEST_TIMEOUT_SECONDS = 60.0
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_SEMANTIC_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class Verb(msgspec.Struct, frozen=True):
    """What the desk can be asked: in words for a reader, and who answers."""

    description: str
    handler: VerbHandler


class EndpointStatistics(msgspec.Struct):
    """What one verb has done; durations in nanoseconds, as the service protocol wants them."""

    name: str
    subject: str
    queue_group: str = QUEUE_GROUP
    num_requests: int = 0
    num_errors: int = 0
    last_error: str = ""
    processing_time: int = 0
    average_processing_time: int = 0
    data: dict[str, object] = {}

    def count(self, duration_ns: int, error: str) -> None:
        self.num_requests += 1
        self.processing_time += duration_ns
        self.average_processing_time = self.processing_time // self.num_requests
        if error:
            self.num_errors += 1
            self.last_error = error


class DeskService:
    """Answers for one desk from `start` to `stop`; every request gets JSON, also a wrong one."""

    def __init__(
        self,
        link: Link,
        desk: str,
        version: str,
        verbs: Mapping[str, Verb],
        report: Callable[[Exception], None] = lambda error: None,
        telemetry: Telemetry = dict,
    ) -> None:
        """`telemetry` is what `nats micro stats --json` shows of the desk under data.desk; it must be cheap."""
        for name, verb in verbs.items():
            if _NAME.fullmatch(name) is None or not verb.description:
                raise ConfigurationError(
                    f"expected a verb of letters, digits, _ and - with a description, found {name!r}"
                )
        self._link = link
        self._verbs = dict(verbs)
        self._report = report
        self._telemetry = telemetry
        self._schema_subject = f"letrade.{desk}.req.schema"
        self._started = datetime.fromtimestamp(wall_ns() / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._subscriptions: list[Subscription] = []
        self._in_progress: dict[asyncio.Task[None], str] = {}
        self.statistics = {name: EndpointStatistics(name, f"letrade.{desk}.req.{name}") for name in verbs}
        self._identity = {
            "name": SERVICE_NAME,
            "id": fresh_token(),
            "version": _semantic(version),
            "metadata": {"desk": desk, "messages": f"letrade.{desk}.>", "schema": self._schema_subject},
        }
        self._description = f"The trading desk {desk}: ask it with nats req letrade.{desk}.req.<verb> '{{}}'"

    def start(self) -> None:
        """Listen on the verbs' subjects and on the service protocol's; `link.flush()` to know that it is in force."""
        name, instance = self._identity["name"], self._identity["id"]
        for question, answer in (("PING", self._ping), ("INFO", self._info), ("STATS", self._stats)):
            for tail in ("", f".{name}", f".{name}.{instance}"):
                self._subscriptions.append(self._link.subscribe(f"$SRV.{question}{tail}", self._discovery(answer)))
        for statistics in self.statistics.values():
            handler = self._endpoint(statistics)
            self._subscriptions.append(self._link.subscribe_service(statistics.subject, handler, QUEUE_GROUP))

    async def stop(self) -> None:
        """Take no more requests and give those in progress their answers."""
        for subscription in self._subscriptions:
            subscription.unsubscribe()
        self._subscriptions.clear()
        if self._in_progress:
            await asyncio.wait(self._in_progress, timeout=REQUEST_TIMEOUT_SECONDS)

    def _ping(self) -> dict[str, object]:
        return {"type": "io.nats.micro.v1.ping_response", **self._identity}

    def _info(self) -> dict[str, object]:
        endpoints = [
            {
                "name": name,
                "subject": statistics.subject,
                "queue_group": QUEUE_GROUP,
                "metadata": self._told(name),
            }
            for name, statistics in self.statistics.items()
        ]
        kind = "io.nats.micro.v1.info_response"
        return {"type": kind, **self._identity, "description": self._description, "endpoints": endpoints}

    def _told(self, name: str) -> dict[str, str]:
        """Where the JSON Schema of an endpoint's request and answer is: body and subject of the request for it."""
        formats = ", ".join(each.value for each in Format)
        schema = f"{self._schema_subject} {msgspec.json.encode({'verb': name}).decode()}"
        return {"description": self._verbs[name].description, "format": formats, "schema": schema}

    def _stats(self) -> dict[str, object]:
        kind = "io.nats.micro.v1.stats_response"
        endpoints, desk = list(self.statistics.values()), dict(self._telemetry())
        busy = Counter(self._in_progress.values())
        for endpoint in endpoints:
            endpoint.data = {"in_progress": busy[endpoint.name], "in_progress_max": REQUESTS_MAX, "desk": desk}
        return {"type": kind, **self._identity, "started": self._started, "endpoints": endpoints}

    def _discovery(self, answer: Callable[[], dict[str, object]]) -> Callable[[str, bytes, str], None]:
        def handle(subject: str, payload: bytes, reply: str) -> None:
            if reply:
                self._link.publish(reply, msgspec.json.encode(answer()))

        return handle

    def _endpoint(self, statistics: EndpointStatistics) -> StreamHandler:
        def handle(subject: str, payload: bytes, reply: str, headers: bytes) -> None:
            if not reply:
                statistics.count(0, "a request without an inbox for its answer was ignored")
                return
            written_in = format_of_answer(payload, headers)
            if len(self._in_progress) >= REQUESTS_MAX:
                refusal = _error("busy", f"{REQUESTS_MAX} requests are in progress: ask again later")
                statistics.count(0, refusal["error"]["text"])
                self._respond(reply, written_in, encode_answer(refusal, written_in), refusal)
                return
            task = asyncio.get_running_loop().create_task(self._serve(statistics, payload, reply, written_in))
            self._in_progress[task] = statistics.name
            task.add_done_callback(self._in_progress.pop)

        return handle

    async def _serve(self, statistics: EndpointStatistics, payload: bytes, reply: str, written_in: Format) -> None:
        began_ns = monotonic_ns()
        failure: dict[str, dict[str, str]] | None = None
        body = b""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                answer = await self._verbs[statistics.name].handler(statistics.name, decode_object(payload))
            body = encode_answer(answer, written_in)
        except LetradeError as error:
            failure = _error(error.exit_code.name.lower(), str(error))
        except TimeoutError:
            failure = _error(TimeoutExpired.exit_code.name.lower(), f"not done within {REQUEST_TIMEOUT_SECONDS:g} s")
        except Exception as error:  # noqa: BLE001 - whoever asks gets an answer, and the desk goes on
            failure = _error("bug", f"{type(error).__name__}: {error}")
            self._report(error)
        statistics.count(monotonic_ns() - began_ns, failure["error"]["text"] if failure else "")
        self._respond(reply, written_in, encode_answer(failure, written_in) if failure else body, failure)

    def _respond(self, reply: str, written_in: Format, body: bytes, failure: dict[str, dict[str, str]] | None) -> None:
        headers = {"Content-Type": written_in.value}
        if failure is not None:
            # What the nats command shows when a service says no.
            text = " ".join(failure["error"]["text"].split())
            headers |= {"Nats-Service-Error": text, "Nats-Service-Error-Code": "400"}
        try:
            self._link.publish(reply, body, headers=headers)
        except LetradeError as error:
            self._report(error)


def _error(code: str, text: str) -> dict[str, dict[str, str]]:
    return {"error": {"code": code, "text": text}}


def _semantic(version: str) -> str:
    """The part of a Python version that the service protocol accepts."""
    found = _SEMANTIC_VERSION.match(version)
    return ".".join(str(int(part)) for part in found.groups()) if found else "0.0.0"
