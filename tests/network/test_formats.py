"""Requests in JSON and in msgpack: the answer comes as the request did, or as its Accept header asks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core.errors import DataError
from letrade.core.network.formats import Format, decode_object, format_of, format_of_answer, header
from letrade.core.network.service import DeskService, Verb
from tests.network.running import connected_link, running_server

JSON, MSGPACK = Format.JSON.value, Format.MSGPACK.value
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner),
    max_leaves=5,
)


def accept(value: str) -> bytes:
    return b"NATS/1.0\r\nOther: x\r\naccept: " + value.encode() + b"\r\n\r\n"


@given(st.dictionaries(st.text(), VALUES))
def test_an_object_is_read_in_either_format_and_never_taken_for_the_other(found: dict[str, Any]) -> None:
    for encode, written_in in ((msgspec.json.encode, Format.JSON), (msgspec.msgpack.encode, Format.MSGPACK)):
        body = encode(found)
        assert format_of(body) is written_in
        assert decode_object(body) == found


@given(st.binary())
def test_any_bytes_are_an_object_or_are_refused(body: bytes) -> None:
    try:
        assert isinstance(decode_object(body), dict)
    except DataError:
        return


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("application/json", Format.JSON),
        ("Application/X-MsgPack", Format.MSGPACK),
        ("application/msgpack;q=0.1, application/json", Format.JSON),
        ("application/json;q=0.2, application/vnd.msgpack;q=0.9", Format.MSGPACK),
        ("application/json;q=0", Format.MSGPACK),
        ("application/json;q=wrong", Format.MSGPACK),
        ("*/*, application/json;q=0.1", Format.MSGPACK),
        ("text/html", Format.MSGPACK),
        ("", Format.MSGPACK),
    ],
)
def test_the_accept_header_chooses_among_what_can_be_written(value: str, found: Format) -> None:
    assert format_of_answer(b"\x80", accept(value)) is found


def test_a_header_is_found_whatever_its_case_and_an_absent_one_is_empty() -> None:
    assert header(accept("a: b"), "ACCEPT") == "a: b"
    assert header(accept("a"), "Content-Type") == header(b"", "Accept") == ""


async def echo(verb: str, request: dict[str, Any]) -> object:
    if request.get("fail"):
        raise DataError("as you wish")
    return {"asked": request}


def test_a_request_is_answered_in_its_own_format_unless_it_asks_for_another(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as desk:
            service = DeskService(desk, "main", "0.1.0", {"status": Verb("says what it heard", echo)})
            service.start()
            await desk.flush()
            client = await nats.connect(server.address.url)
            try:
                await _ask_in_every_way(client)
            finally:
                await client.close()
            await service.stop()

    asyncio.run(body())


async def _ask_in_every_way(client: Any) -> None:
    packed = msgspec.msgpack.encode({"a": 1})
    wish = msgspec.msgpack.encode({"fail": True})
    cases: list[tuple[bytes, dict[str, str] | None, str]] = [
        (b'{"a": 1}', None, JSON),
        (packed, None, MSGPACK),
        (b'{"a": 1}', {"Accept": MSGPACK}, MSGPACK),
        (packed, {"Accept": JSON}, JSON),
        (b"", None, JSON),
        (b"", {"Accept": MSGPACK}, MSGPACK),
        (wish, None, MSGPACK),
        (wish, {"Accept": JSON}, JSON),
    ]
    for payload, headers, expected in cases:
        reply = await client.request("letrade.main.req.status", payload, timeout=5, headers=headers)
        decode: Any = json.loads if expected == JSON else msgspec.msgpack.decode
        assert reply.headers["Content-Type"] == expected
        if payload == wish:
            assert decode(reply.data)["error"] == {"code": "data", "text": "as you wish"}
            assert reply.headers["Nats-Service-Error"] == "as you wish"
        else:
            assert decode(reply.data) == {"asked": {"a": 1} if payload else {}}
