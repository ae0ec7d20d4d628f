"""The lease and the bucket under it: one holder, growing epochs, values that everybody can read."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from letrade.core.errors import LetradeError, NatsError, ResourceError
from letrade.core.network.key_value import Entry, KeyMoved, KeyValue
from letrade.core.network.lease import Lease
from letrade.core.network.link import Link
from tests.network.running import connected_link, eventually, running_server


def ignore(error: LetradeError) -> None:
    """For leases that no test expects to lose."""


def lease(link: Link, owner: str, on_lost: Callable[[LetradeError], None] = ignore) -> Lease:
    store = KeyValue(link, "main")
    return Lease(store, "main", owner, renew_seconds=0.02, lapse_seconds=0.5, on_lost=on_lost)


def test_values_are_json_with_revisions_and_writes_can_be_conditional(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            store = KeyValue(link, "main")
            await store.ensure()
            assert await store.get_json("snapshot.desk") is None
            first = await store.put_json("snapshot.desk", {"step": 1}, expected_revision=0)
            second = await store.put_json("snapshot.desk", {"step": 2}, expected_revision=first)
            assert await store.get_json("snapshot.desk") == Entry({"step": 2}, second)
            with pytest.raises(KeyMoved, match=f"not at revision {first} any more"):
                await store.put_json("snapshot.desk", {"step": 3}, expected_revision=first)
            with pytest.raises(NatsError, match="expected a key"):
                await store.put_json("a b", 1)

    asyncio.run(body())


def test_a_viewer_reads_the_bucket_as_the_nats_command_does_and_cannot_write_it(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            running_server(tmp_path) as server,
            connected_link(server) as desk,
            connected_link(server, "viewer") as viewer,
        ):
            await KeyValue(desk, "main").ensure()
            await KeyValue(desk, "main").put_json("status", {"ok": True})
            # `nats kv get` reads directly; `nats kv ls` lists the streams.
            direct = "$JS.API.DIRECT.GET.KV_LETRADE_main_STATE.$KV.LETRADE_main_STATE.status"
            assert await viewer.request(direct, b"", 5.0) == b'{"ok":true}'
            assert b"KV_LETRADE_main_STATE" in await viewer.request("$JS.API.STREAM.LIST", b"", 5.0)
            viewer.publish("$KV.LETRADE_main_STATE.status", b"{}")
            await viewer.flush()
            assert viewer.counters.server_errors == 1

    asyncio.run(body())


def test_a_live_holder_keeps_others_out_and_a_released_lease_is_free_at_once(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            first = lease(link, "host-a:/data")
            epoch = await first.acquire()
            renewing = asyncio.create_task(first.renew())
            with pytest.raises(ResourceError, match=r"run by host-a:/data since 20"):
                await lease(link, "host-b:/data").acquire()
            await first.release()
            await renewing
            assert await lease(link, "host-b:/data").acquire() > epoch

    asyncio.run(body())


def test_a_dead_holder_is_succeeded_and_one_that_wakes_up_learns_that_it_lost(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            lost: list[LetradeError] = []
            asleep = lease(link, "host-a:/data", lost.append)
            first = await asleep.acquire()
            successor = lease(link, "host-b:/data")
            assert await successor.acquire() > first
            await asleep.renew()
            assert not asleep.held
            assert "host-b:/data" in str(lost[0])

    asyncio.run(body())


def test_the_same_data_directory_takes_its_lease_back_without_waiting(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            store = KeyValue(link, "main")
            first = await Lease(store, "main", "host:/data", lapse_seconds=3600).acquire()
            assert await Lease(store, "main", "host:/data", lapse_seconds=3600).acquire() > first

    asyncio.run(body())


def test_the_holder_keeps_its_lease_over_the_death_of_the_server_and_is_told_when_it_is_overdue(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            overdue: list[LetradeError] = []
            held = Lease(
                KeyValue(link, "main"), "main", "a", renew_seconds=0.02, lapse_seconds=0.02, on_overdue=overdue.append
            )
            await held.acquire()
            renewing = asyncio.create_task(held.renew())
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await eventually(lambda: not link.connected, "the loss")
            await eventually(lambda: bool(overdue), "the warning")
            await eventually(lambda: link.connected, "the return")
            revision = held._revision
            await eventually(lambda: held._revision > revision, "a renewal")
            assert held.held
            await held.release()
            await renewing

    asyncio.run(body())
