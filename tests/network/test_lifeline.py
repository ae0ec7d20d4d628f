"""The engine's connection against servers that lie, stall, leave at the worst moment or talk nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from letrade.core.clock import SECOND
from letrade.core.errors import ConfigurationError, NatsError, TimeoutExpired
from letrade.core.network import lifeline, pool
from letrade.core.network.engine_link import EngineLink
from letrade.core.network.link import LinkConfig
from letrade.core.network.pool import ServerPool, address_of
from tests.network.certificates import Certificates
from tests.network.conformance.links import back_again, errors_of, turns
from tests.network.running import eventually
from tests.network.scripted import Line, Script, ScriptedServer, honest, info, server_context

Run = Callable[[Coroutine[Any, Any, None]], None]
SECRET = "open-sesame"
NO_ADDRESSES = ["[bad:4222", "", "nats://", "host:port", "http://host:1", "://", "a..b:4222", "x" * 300, "\x00:1"]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    factory = uvloop.new_event_loop if request.param == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner.run


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def new_link(*urls: str, **settings: Any) -> EngineLink:
    return EngineLink(LinkConfig(servers=urls, name="t", **{"reconnect_wait_seconds": 0.01} | settings))


@asynccontextmanager
async def linked(*urls: str, **settings: Any) -> AsyncIterator[EngineLink]:
    link = new_link(*urls, **settings)
    try:
        await link.connect()
        yield link
    finally:
        await link.close()


def raises_once(error: BaseException, calls: list[object]) -> Callable[..., None]:
    """A listener that raises the first time, and remembers each call."""

    def listen(*news: object) -> None:
        calls.append(news)
        if len(calls) == 1:
            raise error

    return listen


async def visit(line: Line) -> None:
    """Let the client in, and leave as soon as it has asked to go on."""
    await line.let_in()
    while await line.hear() != b"PUB go 0 ":
        continue


async def lose(link: EngineLink) -> None:
    """Has a `visit` end."""
    link.publish("go", b"")
    await eventually(lambda: not link.connected, "the loss")


async def works(link: EngineLink, line: Callable[[], Line]) -> None:
    """What is published now arrives there."""
    link.publish("order", b"BUY")
    await link.flush()
    assert line().heard[-2:] == [b"PUB order 3 BUY", b"PING"]


# Before TLS


def secured(certificates: Certificates, first: bytes = b"", **changes: Any) -> Script:
    """A server with TLS that says something in clear behind its greeting, and then does as if nothing were."""
    context = server_context(certificates)

    async def script(line: Line) -> None:
        line.say(info(tls_required=True, **changes), first)
        await line.encrypt(context)
        await line.take_login()
        await line.stay()

    return script


def overheard(first: bytes) -> Script:
    """One that says so in clear, and hears what the client says in clear."""

    async def script(line: Line) -> None:
        line.say(info(tls_required=True), first)
        line.heard.append(await line.hear_bytes())

    return script


FORGED = {
    "a message": b"MSG order 2 6\r\nFORGED\r\n",
    "a pong": b"PONG\r\n",
    "a pong and a ping": b"PONG\r\nPING\r\n",
    "other servers": info(connect_urls=["evil.example:4222"]),
    "a refusal": b"-ERR 'Permissions Violation for Subscription to \"order\"'\r\n",
    "half a line": b"MS",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_comes_in_clear_before_tls_ends_the_attempt_and_does_nothing_else(
    forged: bytes, certificates: Certificates, run: Run
) -> None:
    async def body() -> None:
        context = server_context(certificates)

        async def first(line: Line) -> None:
            line.say(info(tls_required=True))
            await line.encrypt(context)
            await line.take_login()
            while await line.hear() != b"PUB go 0 ":
                continue

        async with ScriptedServer(first, overheard(forged), secured(certificates)) as server:
            place = f"tls://127.0.0.1:{server.port}"
            tls = certificates.tls()
            async with linked(place, tls=tls, user="desk", password=SECRET) as link:
                seen, errors = list[object](), errors_of(link)
                subscription = link.subscribe("order", lambda *message: seen.append(message))
                await lose(link)
                assert not subscription.refused
                await back_again(link)
                assert (seen, link.counters.received, link.counters.server_errors) == ([], 0, 0)
                assert str(link._pool) == f"127.0.0.1:{server.port}"
                assert any("somebody is in between" in str(error) for error in errors)
                assert SECRET.encode() not in server.lines[1].heard[0]
                assert b"CONNECT" not in server.lines[1].heard[0]
                await works(link, lambda: server.lines[2])
                assert len(server.lines) == 3

    run(body())


def test_servers_that_are_told_of_in_clear_are_no_servers_and_those_told_of_inside_are(
    certificates: Certificates, run: Run
) -> None:
    async def body() -> None:
        async with ScriptedServer(secured(certificates, connect_urls=["evil.example:4222"])) as server:
            place = f"tls://127.0.0.1:{server.port}"
            async with linked(place, tls=certificates.tls()) as link:
                assert str(link._pool) == f"127.0.0.1:{server.port}"
                server.lines[0].say(info(connect_urls=["friend.example:4222"]))
                await link.flush()
                assert str(link._pool).endswith(", friend.example:4222")

    run(body())


# Attempts that end at the worst moment


@pytest.mark.parametrize("end", [b"", b"GARBAGE\r\n", b"-ERR 'Stale Connection'\r\n"], ids=["end", "garbage", "error"])
def test_a_server_that_lets_us_in_and_is_gone_is_not_taken_for_a_connection(end: bytes, run: Run) -> None:
    async def let_in_and_end(line: Line) -> None:
        line.say(info())
        await line.hear()
        await line.hear()
        line.say(b"PONG\r\n", end)
        if end:
            await line.stay()  # it is for the client to go

    async def body() -> None:
        async with ScriptedServer(visit, let_in_and_end, honest) as server, linked(server.url) as link:
            states, in_vain = list[str](), 0
            link.on_disconnected.append(lambda: states.append("down"))
            link.on_reconnected.append(lambda: states.append("up"))
            await lose(link)
            while len(server.lines) < 3 or not link.connected:
                in_vain += link.connected and link._connection is None
                if not link.connected:
                    with pytest.raises(NatsError):
                        link.publish("order", b"late")
                await asyncio.sleep(0)
            await works(link, lambda: server.lines[2])
            assert not in_vain
            assert states == ["down", "up"] * (len(states) // 2)
            assert not any(b"late" in command for line in server.lines for command in line.heard)

    run(body())


def test_a_first_connection_that_ends_with_its_pong_is_followed_by_another(run: Run) -> None:
    async def let_in_and_end(line: Line) -> None:
        await line.let_in()

    async def body() -> None:
        async with ScriptedServer(let_in_and_end, honest) as server, linked(server.url) as link:
            await eventually(lambda: len(server.lines) == 2 and link.connected, "the second connection")
            await works(link, lambda: server.lines[1])

    run(body())


# Nonsense, and listeners that raise


def test_servers_told_of_that_are_no_addresses_change_nothing(run: Run) -> None:
    async def leave_with_nonsense(line: Line) -> None:
        await line.let_in(connect_urls=NO_ADDRESSES)
        line.say(info(connect_urls=NO_ADDRESSES))
        while await line.hear() != b"PUB go 0 ":
            continue

    async def body() -> None:
        async with ScriptedServer(visit, leave_with_nonsense, honest) as server, linked(server.url) as link:
            await lose(link)
            await back_again(link)
            await lose(link)
            await back_again(link, 2)
            await works(link, lambda: server.lines[2])
            assert [line.heard[0].split()[0] for line in server.lines] == [b"CONNECT"] * 3
            assert not any("\x00" in place for place in str(link._pool).split(", "))

    run(body())


@pytest.mark.parametrize("place", ["a..b:4222", "x" * 64 + ".com:1", "nats://a\x00b:1"])
def test_a_host_that_can_never_be_found_is_no_server(place: str) -> None:
    with pytest.raises(ConfigurationError, match="expected a server such as"):
        address_of(place)


def test_a_greeting_with_an_impossible_limit_is_an_attempt_that_failed(run: Run) -> None:
    async def boast(line: Line) -> None:
        await line.let_in(max_payload=2**70)
        await line.stay()

    async def body() -> None:
        async with ScriptedServer(visit, boast, honest) as server, linked(server.url) as link:
            await lose(link)
            await back_again(link)
            await works(link, lambda: server.lines[2])

    run(body())


ERRORS = [NatsError("a listener"), ValueError("a listener"), asyncio.CancelledError("a listener")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("moment", ["on_disconnected", "on_reconnected", "on_error"])
def test_a_listener_that_raises_stops_neither_the_others_nor_the_link(
    moment: str, error: BaseException, run: Run
) -> None:
    async def close_the_door(line: Line) -> None:
        line.say(b"-ERR 'maximum connections exceeded'\r\n")  # an attempt that fails is told, too

    async def body() -> None:
        told = list[dict[str, Any]]()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
        async with ScriptedServer(visit, close_the_door, honest) as server, linked(server.url) as link:
            calls, others = list[object](), list[object]()
            getattr(link, moment).append(raises_once(error, calls))
            getattr(link, moment).append(lambda *news: others.append(news))
            await lose(link)
            await back_again(link)
            await works(link, lambda: server.lines[2])
            assert calls == others != []
            assert [context["exception"] for context in told] == [error]
            assert link.counters.handler_errors == 1
            assert len(server.lines) == 3
            assert server.lines[2].heard[0].startswith(b"CONNECT")

    run(body())


def test_a_listener_of_errors_that_always_raises_does_not_keep_the_link_away(run: Run) -> None:
    async def close_the_door(line: Line) -> None:
        line.say(b"-ERR 'maximum connections exceeded'\r\n")

    def refuse(error: Exception) -> None:
        raise asyncio.CancelledError

    async def body() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        scripts = (visit, close_the_door, close_the_door, honest)
        async with ScriptedServer(*scripts) as server, linked(server.url) as link:
            link.on_error.append(refuse)
            await lose(link)
            await back_again(link)
            await works(link, lambda: server.lines[3])

    run(body())


# The end


@pytest.mark.parametrize("end", ["close", "drain"])
def test_what_a_stalled_server_had_not_taken_when_the_link_closed_never_reaches_it(
    end: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifeline, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(lifeline.Lifeline.flush, "__defaults__", (0.1,))
    heard: list[bytes] = []

    async def stall(line: Line) -> None:
        await line.let_in()
        line.stop_reading()
        heard.append(await line.hear_bytes())

    async def body() -> None:
        async with ScriptedServer(stall) as server, linked(server.url) as link:
            filler, written = b"x" * 100_000, 0
            await asyncio.sleep(0.05)
            while not (link._connection and link._connection.unwritten):
                link.publish("f", filler)
                link.flush_now()
                written += len(b"PUB f 100000\r\n") + len(filler) + 2
                await asyncio.sleep(0)
            link.publish("order.last", b"BUY")
            if end == "close":
                await link.close()
            else:
                with pytest.raises(TimeoutExpired):
                    await link.drain()
            assert not link.connected
            server.lines[0].read_on()
            await eventually(lambda: bool(heard), "the end of the connection")
            await turns()
            assert b"order.last" not in heard[0]
            assert len(heard[0]) <= written
            assert len(heard[0]) + link.counters.unwritten_bytes >= written + len(b"PUB order.last 3\r\nBUY\r\n")

    run(body())


# The pool


def test_a_server_that_was_leaving_is_tried_again_when_the_other_one_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [SECOND]
    monkeypatch.setattr(pool, "monotonic_ns", lambda: now[0])
    servers = ServerPool(("a:1", "b:1"))
    left, _ = servers.next()
    servers.mark(left, leaving=True)
    assert not servers.has_other(address_of("b:1"))
    tried = []
    for _ in range(20):
        now[0] += SECOND
        tried.append(str(servers.next()[0]))
    assert tried[:9] == ["b:1"] * 9
    assert tried[10:] == ["a:1", "b:1"] * 5 or tried[10:] == ["b:1", "a:1"] * 5


# The receive buffer


def test_errors_that_somebody_keeps_do_not_hold_the_receive_buffer(run: Run) -> None:
    count, size = 75, 10_000

    async def speak(line: Line) -> None:
        await line.let_in()
        while not (await line.hear()).startswith(b"SUB a"):
            continue
        sid = line.heard[-1].split()[-1]
        for _ in range(count):
            line.say(b"MSG a %s %d\r\n" % (sid, size), b"x" * size, b"\r\n")
            await asyncio.sleep(0.001)
        await line.stay()

    async def body() -> None:
        async with ScriptedServer(speak) as server, linked(server.url) as link:
            kept, seen = errors_of(link), list[int]()

            def handle(subject: str, payload: bytes, reply: str) -> None:
                seen.append(len(payload))
                if len(seen) % 10 == 1:
                    raise ZeroDivisionError

            link.subscribe("a", handle)
            await eventually(lambda: len(seen) == count or len(server.lines) > 1, "all messages")
            assert seen == [size] * count
            assert [type(error) for error in kept] == [ZeroDivisionError] * 8
            assert (len(server.lines), link.counters.reconnects) == (1, 0)

    run(body())
