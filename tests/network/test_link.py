"""The link: order over all subscriptions, nothing late, requests, reconnects and what the server refuses."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from letrade.core.errors import NatsError, TimeoutExpired
from letrade.core.network.link import Link, LinkConfig, ServerInfo, check_server
from letrade.core.network.links import new_link
from tests.network.running import connected_link, eventually, running_server


def test_messages_keep_their_order_over_all_subscriptions(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as sender, connected_link(server) as link:
            seen: list[tuple[str, bytes]] = []
            for kind in "abc":
                link.subscribe(f"t.{kind}", lambda subject, payload, reply: seen.append((subject, payload)))
            await link.flush()
            sent = [(f"t.{'abc'[n % 3]}", b"%d" % n) for n in range(3000)]
            for subject, payload in sent:
                sender.publish(subject, payload)
            await sender.flush()
            await eventually(lambda: len(seen) == len(sent), "all messages")
            assert seen == sent
            assert (link.counters.received, sender.counters.sent) == (3000, 3000)

    asyncio.run(body())


def test_after_a_reconnect_subscriptions_hold_and_nothing_is_sent_late(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            seen: list[bytes] = []
            states: list[str] = []
            link.subscribe("t.x", lambda subject, payload, reply: seen.append(payload))
            link.on_disconnected.append(lambda: states.append("down"))
            link.on_reconnected.append(lambda: states.append("up"))
            await link.flush()
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await eventually(lambda: not link.connected, "the loss")
            with pytest.raises(NatsError, match="will not be sent late"):
                link.publish("t.x", b"order")
            link.publish("t.x", b"news", late_ok=True)
            link.subscribe("t.y", lambda subject, payload, reply: seen.append(payload))
            await eventually(lambda: link.connected, "the return")
            link.publish("t.x", b"after")
            link.publish("t.y", b"new")
            await link.flush()
            await eventually(lambda: len(seen) == 3, "three messages")
            assert seen == [b"news", b"after", b"new"]
            assert states == ["down", "up"]
            assert link.counters.reconnects == 1

    asyncio.run(body())


def test_what_was_published_but_not_sent_when_the_connection_broke_is_dropped_and_counted(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            lost: list[int] = []
            link.on_disconnected.append(lambda: lost.append(link.counters.dropped))
            seen: list[bytes] = []
            link.subscribe("t.x", lambda subject, payload, reply: seen.append(payload))
            await link.flush()
            link.publish("t.x", b"order")
            link._client._status = link._client.RECONNECTING  # type: ignore[attr-defined]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            link._client._status = link._client.CONNECTED  # type: ignore[attr-defined]
            await link.flush()
            assert seen == []
            assert link.counters.dropped == 1

    asyncio.run(body())


def test_requests_get_their_replies_and_say_why_when_they_get_none(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link, connected_link(server) as other:
            other.subscribe("t.twice", lambda subject, payload, reply: other.publish(reply, payload * 2))
            other.subscribe("t.silent", lambda subject, payload, reply: None)
            await other.flush()
            answers = await asyncio.gather(*(link.request("t.twice", b"%d" % n, 5.0) for n in range(50)))
            assert answers == [b"%d" % n * 2 for n in range(50)]
            with pytest.raises(NatsError, match="nobody listens"):
                await link.request("t.nobody", b"", 5.0)
            with pytest.raises(TimeoutExpired, match=r"t\.silent"):
                await link.request("t.silent", b"", 0.05)

    asyncio.run(body())


def test_a_handler_that_raises_does_not_stop_the_messages_behind_it(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            seen: list[int] = []
            errors: list[Exception] = []
            link.on_error.append(errors.append)
            link.subscribe("t.x", lambda subject, payload, reply: seen.append(int(payload)))
            for payload in (b"1", b"not a number", b"3"):
                link.publish("t.x", payload)
            await link.flush()
            assert seen == [1, 3]
            assert link.counters.handler_errors == 1
            assert isinstance(errors[0], ValueError)

    asyncio.run(body())


def test_a_link_without_echo_does_not_hear_itself(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            running_server(tmp_path) as server,
            connected_link(server, no_echo=True) as link,
            connected_link(server) as other,
        ):
            seen: list[bytes] = []
            link.subscribe("t.x", lambda subject, payload, reply: seen.append(payload))
            await link.flush()
            link.publish("t.x", b"own")
            await link.flush()
            other.publish("t.x", b"other")
            await other.flush()
            await eventually(lambda: bool(seen), "the other's message")
            assert seen == [b"other"]

    asyncio.run(body())


async def refusals(link: Link, subjects: list[str]) -> list[str]:
    """Which of these subjects the server does not let this link publish to."""
    errors: list[str] = []
    link.on_error.append(lambda error: errors.append(str(error)))
    for subject in subjects:
        link.publish(subject, b"{}")
    await link.flush()
    await link.flush()
    assert link.connected
    return [subject for subject in subjects if any(f'"{subject}"' in error for error in errors)]


def test_a_viewer_reads_all_and_changes_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            running_server(tmp_path) as server,
            connected_link(server) as desk,
            connected_link(server, "viewer") as viewer,
            connected_link(server, "operator") as operator,
        ):
            seen: list[str] = []
            viewer.subscribe("letrade.>", lambda subject, payload, reply: seen.append(subject))
            await viewer.flush()
            desk.publish("letrade.main.md.trade.binance.btc-usdt", b"")
            await desk.flush()
            await eventually(lambda: bool(seen), "market data")
            never = [f"letrade.main.{area}.x" for area in ("md", "do", "ev", "journal")] + ["$js.api.stream.delete.x"]
            verbs = [f"letrade.main.req.{verb}" for verb in ("pause", "flatten", "stop", "resume")]
            asks = ["letrade.main.req.status", "$SRV.INFO", "$JS.API.STREAM.LIST"]
            assert await refusals(viewer, never + verbs + asks) == never + verbs
            assert await refusals(operator, never + verbs + asks) == never

    asyncio.run(body())


def test_a_wrong_password_and_an_absent_server_end_in_a_clear_error_without_the_password(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server:
            wrong = LinkConfig(servers=(server.address.url,), name="t", user="letrade", password="wrong")
            with pytest.raises(NatsError, match="refuses this user") as refused:
                await new_link(wrong).connect()
            assert "wrong" not in str(refused.value)
        absent = LinkConfig(servers=("nats://u:secret@127.0.0.1:1",), name="t", connect_timeout_seconds=0.3)
        with pytest.raises(NatsError, match=r"127\.0\.0\.1:1") as missing:
            await new_link(absent).connect()
        assert "secret" not in str(missing.value)

    asyncio.run(body())


def test_drain_handles_what_has_come_and_sends_what_its_handlers_answer(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link, connected_link(server) as other:
            answered: list[bytes] = []
            other.subscribe("t.answer", lambda subject, payload, reply: answered.append(payload))
            link.subscribe("t.ask", lambda subject, payload, reply: link.publish("t.answer", payload))
            await link.flush()
            for number in range(500):
                other.publish("t.ask", b"%d" % number)
            await other.flush()
            await link.drain()
            await eventually(lambda: len(answered) == 500, "all answers")
            assert not link.connected

    asyncio.run(body())


def test_an_old_server_or_one_without_jetstream_is_refused() -> None:
    check_server(ServerInfo(name="s", version="2.11.0", jetstream=True, max_payload_bytes=1))
    with pytest.raises(NatsError, match=r"2\.10\.29"):
        check_server(ServerInfo(name="s", version="2.10.29", jetstream=True, max_payload_bytes=1))
    with pytest.raises(NatsError, match="JetStream"):
        check_server(ServerInfo(name="s", version="2.15.1-beta", jetstream=False, max_payload_bytes=1))
