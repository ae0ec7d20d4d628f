"""Links to the desk's own server: who may do what there, and which servers will do; conformance/ tests the rest."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from letrade.core.errors import NatsError
from letrade.core.network.link import Link, LinkConfig, ServerInfo, check_server
from letrade.core.network.links import new_link
from tests.network.running import connected_link, eventually, running_server


def test_what_was_published_but_not_sent_when_the_connection_broke_is_dropped_and_counted(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server:
            password = server.address.passwords["desk"]
            place = (server.address.url,)
            config = LinkConfig(servers=place, name="t", user="letrade", password=password, client="nats-py")
            link: Any = new_link(config)
            await link.connect()
            seen: list[bytes] = []
            link.subscribe("t.x", lambda subject, payload, reply: seen.append(payload))
            await link.flush()
            link.publish("t.x", b"order")
            link._client._status = link._client.RECONNECTING
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            link._client._status = link._client.CONNECTED
            await link.flush()
            assert (seen, link.counters.dropped) == ([], 1)
            await link.close()

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


def test_an_old_server_or_one_without_jetstream_is_refused() -> None:
    check_server(ServerInfo(name="s", version="2.11.0", jetstream=True, max_payload_bytes=1))
    with pytest.raises(NatsError, match=r"2\.10\.29"):
        check_server(ServerInfo(name="s", version="2.10.29", jetstream=True, max_payload_bytes=1))
    with pytest.raises(NatsError, match="JetStream"):
        check_server(ServerInfo(name="s", version="2.15.1-beta", jetstream=False, max_payload_bytes=1))
