"""The desk as a micro service: valid replies to the raw protocol, JSON for every request, and the real nats command."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from letrade.core.errors import ConfigurationError, NatsError, ResourceError
from letrade.core.network.jetstream import JetStream
from letrade.core.network.link import Link
from letrade.core.network.server import PrivateServer
from letrade.core.network.service import DeskService, Verb
from tests.network.running import connected_link, eventually, running_server

NAME = {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$", "minLength": 1}
TEXT = {"type": "string", "minLength": 1}
VERSION = {"type": "string", "pattern": r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$"}
TEXT_MAP = {"type": "object", "additionalProperties": {"type": "string"}}
INTEGER = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}


def schema(properties: dict[str, Any]) -> dict[str, Any]:
    """An object with exactly these properties, all of them present."""
    return {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}


def response(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    identity = {"name": NAME, "id": TEXT, "version": VERSION, "metadata": TEXT_MAP}
    return schema({"type": {"const": f"io.nats.micro.v1.{kind}_response"}, **identity, **properties})


ENDPOINT = {"name": NAME, "subject": TEXT, "queue_group": TEXT}
SCHEMAS = {
    "PING": response("ping", {}),
    "INFO": response(
        "info",
        {"description": TEXT, "endpoints": {"type": "array", "items": schema({**ENDPOINT, "metadata": TEXT_MAP})}},
    ),
    "STATS": response(
        "stats",
        {
            "started": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
            "endpoints": {
                "type": "array",
                "items": schema(
                    {
                        **ENDPOINT,
                        **dict.fromkeys(("num_requests", "num_errors"), INTEGER),
                        "last_error": {"type": "string"},
                        **dict.fromkeys(("processing_time", "average_processing_time"), INTEGER),
                        "data": schema(
                            {"in_progress": INTEGER, "in_progress_max": INTEGER, "desk": {"type": "object"}}
                        ),
                    }
                ),
            },
        },
    ),
}


async def status(verb: str, payload: dict[str, Any]) -> object:
    return {"verb": verb, "asked": payload}


async def full(verb: str, payload: dict[str, Any]) -> object:
    raise ResourceError("the disk is full:\nmake room")


async def broken(verb: str, payload: dict[str, Any]) -> object:
    return 1 // 0


async def unwritable(verb: str, payload: dict[str, Any]) -> object:
    return object()


VERBS = {
    "status": Verb("how the desk is", status),
    "full": Verb("fails as told", full),
    "broken": Verb("fails by a bug", broken),
    "unwritable": Verb("answers what JSON cannot say", unwritable),
}


@asynccontextmanager
async def serving(directory: Path, errors: list[Exception]) -> AsyncIterator[tuple[PrivateServer, Link, DeskService]]:
    """A desk's service, and a viewer who asks it."""
    async with (
        running_server(directory) as server,
        connected_link(server) as desk,
        connected_link(server, "viewer") as viewer,
    ):
        service = DeskService(desk, "main", "0.1.0", VERBS, errors.append)
        service.start()
        await desk.flush()
        yield server, viewer, service
        await service.stop()


def test_discovery_answers_are_valid_for_the_nats_command(tmp_path: Path) -> None:
    async def body() -> None:
        async with serving(tmp_path, []) as (_, viewer, _service):
            await viewer.request("letrade.main.req.status", b"", 5.0)
            instance = json.loads(await viewer.request("$SRV.PING", b"", 5.0))["id"]
            for question, rules in SCHEMAS.items():
                for tail in ("", ".letrade", f".letrade.{instance}"):
                    answer = json.loads(await viewer.request(f"$SRV.{question}{tail}", b"", 5.0))
                    jsonschema.validate(answer, rules)
            statistics = json.loads(await viewer.request("$SRV.STATS", b"", 5.0))
            counted = {endpoint["name"]: endpoint["num_requests"] for endpoint in statistics["endpoints"]}
            assert counted == {"status": 1, "full": 0, "broken": 0, "unwritable": 0}

    asyncio.run(body())


def test_every_request_is_answered_in_json_also_a_wrong_one(tmp_path: Path) -> None:
    async def body() -> None:
        errors: list[Exception] = []
        async with (
            serving(tmp_path, errors) as (server, _, service),
            connected_link(server, "operator") as operator,
        ):

            async def ask(verb: str, payload: bytes) -> Any:
                return json.loads(await operator.request(f"letrade.main.req.{verb}", payload, 5.0))

            assert await ask("status", b'{"a": 1}') == {"verb": "status", "asked": {"a": 1}}
            assert await ask("status", b"") == {"verb": "status", "asked": {}}
            for wrong in (b"{", b"[]", b"1", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}'):
                assert (await ask("status", wrong))["error"]["code"] == "data"
            assert (await ask("full", b"{}"))["error"] == {"code": "resource", "text": "the disk is full:\nmake room"}
            assert (await ask("broken", b"{}"))["error"]["code"] == "bug"
            assert (await ask("unwritable", b"{}"))["error"]["code"] == "bug"
            assert [type(error) for error in errors] == [ZeroDivisionError, TypeError]
            assert service.statistics["status"].num_errors == 6
            with pytest.raises(NatsError, match="nobody listens"):
                await ask("unheard-of", b"{}")

    asyncio.run(body())


def test_a_message_that_a_stream_delivers_is_no_request(tmp_path: Path) -> None:
    async def body() -> None:
        async with serving(tmp_path, []) as (server, viewer, service), connected_link(server) as desk:
            await JetStream(desk).ensure_stream("S", {"subjects": ["s.>"], "storage": "memory"})
            await JetStream(desk).write("s.1", b"{}")
            # A viewer may make consumers, for `nats stream view`; one of them could aim at a verb.
            consumer = {"name": "c", "deliver_subject": "letrade.main.req.full", "deliver_group": "q"}
            await JetStream(viewer).ask("CONSUMER.CREATE.S.c", {"stream_name": "S", "config": consumer})
            await eventually(lambda: service._link.counters.forged == 1, "the delivery")
            assert service.statistics["full"].num_requests == 0

    asyncio.run(body())


def test_a_verb_without_description_or_with_a_bad_name_is_refused() -> None:
    link: Any = None
    for name, verb in (("a b", Verb("x", status)), ("a.b", Verb("x", status)), ("a", Verb("", status))):
        with pytest.raises(ConfigurationError, match="expected a verb"):
            DeskService(link, "main", "0.1.0", {name: verb})


def test_the_nats_command_finds_the_desk(tmp_path: Path) -> None:
    nats = shutil.which("nats")
    if nats is None:
        pytest.skip("no `nats` command on PATH")

    async def body() -> None:
        async with serving(tmp_path, []) as (server, _, _service):
            for arguments in (["micro", "ls"], ["micro", "info", "letrade"], ["req", "letrade.main.req.status", "{}"]):
                process = await asyncio.create_subprocess_exec(
                    nats, "--server", server.address.url, *arguments, stdout=asyncio.subprocess.PIPE
                )
                output, _ = await process.communicate()
                assert process.returncode == 0
                assert b"letrade" in output or b"status" in output

    asyncio.run(body())
