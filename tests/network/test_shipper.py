"""The journal's copy in JetStream: gapless and without doubles through kills, refusals and rivals."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from letrade.core.errors import LetradeError, NatsError
from letrade.core.network.jetstream import MESSAGE_ID, JetStream, parse_headers
from letrade.core.network.journal_stream import JournalStream
from letrade.core.network.link import Link
from letrade.core.network.shipper import Record, Shipper, ShipperState
from letrade.core.network.stream_reader import StreamReader
from tests.network.running import connected_link, eventually, running_server
from tests.network.streams import read_all


class ListJournal:
    """A journal in memory."""

    def __init__(self, count: int = 0, epoch: int = 1) -> None:
        self.records: list[Record] = []
        self.grow(count, epoch)

    def grow(self, count: int, epoch: int = 1) -> int:
        for sequence in range(len(self.records) + 1, len(self.records) + 1 + count):
            self.records.append(Record(epoch, sequence, b"record %d" % sequence))
        return len(self.records)

    def read_after(self, sequence: int, limit: int) -> list[Record]:
        return self.records[max(sequence, 0) : max(sequence, 0) + limit]


async def stored_ids(link: Link, process: str = "desk") -> list[str]:
    """What the stream holds of a process, in the stream's order."""
    batches = await read_all(StreamReader(link, "LETRADE_main_JOURNAL", [f"letrade.main.journal.{process}"]))
    return [parse_headers(block)[MESSAGE_ID] for batch in batches for block in batch.headers]


async def ship_all(link: Link, journal: ListJournal, process: str = "desk") -> Shipper:
    shipper = Shipper(link, JournalStream(link, "main"), process, journal)
    running = asyncio.create_task(shipper.run())
    await shipper.stop(patience_seconds=20)
    await running
    return shipper


async def ship_to_end(link: Link, journal: ListJournal) -> Shipper:
    shipper = Shipper(link, JournalStream(link, "main"), "desk", journal)
    running = asyncio.create_task(shipper.run())
    await eventually(lambda: shipper.stored_sequence == len(journal.records), "all records")
    await shipper.stop()
    await running
    return shipper


def test_two_processes_ship_at_once_and_each_copy_is_whole_and_in_order(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as one, connected_link(server) as two:
            await asyncio.gather(ship_all(one, ListJournal(600), "a"), ship_all(two, ListJournal(600), "b"))
            for process in ("a", "b"):
                assert await stored_ids(one, process) == [f"{process}:1:{n}" for n in range(1, 601)]

    asyncio.run(body())


def _has_asked(shipper: Shipper, times: int) -> bool:
    return shipper.resynchronisations >= times


@pytest.mark.parametrize("batch_from", [16, 10**9], ids=["batches", "singles"])
def test_a_server_killed_under_load_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_from: int
) -> None:
    monkeypatch.setattr("letrade.core.network.shipper.BATCH_RECORDS_MIN", batch_from)

    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            journal = ListJournal()
            shipper = Shipper(link, JournalStream(link, "main"), "desk", journal)
            running = asyncio.create_task(shipper.run())
            for kill in range(4):
                for _ in range(40):
                    shipper.wake(journal.grow(10))
                    await asyncio.sleep(0.005)
                if kill < 3:
                    assert server.pid is not None
                    os.kill(server.pid, signal.SIGKILL)
                    await eventually(lambda: not link.connected, "the loss")
                    shipper.wake(journal.grow(50))
                    assert shipper.lag >= 50
                    await eventually(lambda: link.connected, "the return")
                    await eventually(partial(_has_asked, shipper, kill + 2), "what is stored asked again")
            await eventually(lambda: shipper.lag == 0, "the last record")
            await shipper.stop()
            await running
            assert await stored_ids(link) == [f"desk:1:{n}" for n in range(1, len(journal.records) + 1)]

    asyncio.run(body())


def test_a_new_run_goes_on_after_the_last_stored_record(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            journal = ListJournal(30)
            await ship_all(link, journal)
            journal.grow(30, epoch=2)
            second = await ship_all(link, journal)
            assert second.stored_count == 30
            expected = [f"desk:1:{n}" for n in range(1, 31)] + [f"desk:2:{n}" for n in range(31, 61)]
            assert await stored_ids(link) == expected

    asyncio.run(body())


def test_a_full_stream_refuses_and_shipping_goes_on_when_there_is_room(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            journal, reports = ListJournal(200), list[LetradeError]()
            stream = JournalStream(link, "main", max_bytes=8000)
            shipper = Shipper(link, stream, "desk", journal, reports.append)
            running = asyncio.create_task(shipper.run())
            await eventually(lambda: shipper.state is ShipperState.REFUSED, "the refusal")
            assert "maximum bytes exceeded" in str(reports[0])
            jetstream = JetStream(link)
            settings = (await jetstream.ask(f"STREAM.INFO.{stream.name}"))["config"]
            await jetstream.ask(f"STREAM.UPDATE.{stream.name}", {**settings, "max_bytes": 10**7})
            await eventually(lambda: shipper.stored_sequence == 200, "all records")
            await shipper.stop()
            await running
            assert shipper.state is ShipperState.SHIPPING
            assert await stored_ids(link) == [f"desk:1:{n}" for n in range(1, 201)]

    asyncio.run(body())


def test_another_journal_under_the_same_name_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await ship_all(link, ListJournal(20))
            for other in (ListJournal(10), ListJournal(40, epoch=2)):
                reports: list[LetradeError] = []
                shipper = Shipper(link, JournalStream(link, "main"), "desk", other, reports.append)
                running = asyncio.create_task(shipper.run())
                await eventually(lambda: bool(reports), "the refusal")  # noqa: B023 - used within this turn
                assert shipper.state is ShipperState.REFUSED
                assert "another data directory" in str(reports[0])
                await shipper.stop()
                await running
            assert len(await stored_ids(link)) == 20

    asyncio.run(body())


def test_a_second_writer_of_the_same_process_cannot_double_a_record(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as one, connected_link(server) as two:
            journal = ListJournal(500)
            await asyncio.gather(ship_all(one, journal), ship_all(two, journal))
            await ship_all(one, journal)
            assert await stored_ids(one) == [f"desk:1:{n}" for n in range(1, 501)]

    asyncio.run(body())


def test_a_gap_is_fetched_from_between_the_records_of_others(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            stream, journals = JournalStream(link, "main"), {name: ListJournal() for name in ("a", "b")}
            for _ in range(5):
                for name, journal in journals.items():
                    journal.grow(7)
                    await ship_all(link, journal, name)
            assert await stream.fetch_gap("b", 6, 23) == [b"record %d" % n for n in range(6, 24)]
            assert await stream.fetch_gap("a", 1, 1) == [b"record 1"]
            with pytest.raises(NatsError, match="holds 5 of the records 31 to 40"):
                await stream.fetch_gap("a", 31, 40)
            with pytest.raises(NatsError, match="holds 0 of the records"):
                await stream.fetch_gap("nobody", 1, 2)

    asyncio.run(body())


@pytest.mark.parametrize(
    "answer",
    [
        b"{}",
        b"no",
        b"[1]",
        b"\xff",
        b'{"seq":"1"}',
        b'{"stream":"OTHER","seq":7}',
        b'{"stream":"LETRADE_main_JOURNAL"}',
    ],
)
@pytest.mark.parametrize("count", [3, 40], ids=["singles", "a batch"])
def test_an_answer_that_does_not_say_where_the_record_is_stores_nothing(
    tmp_path: Path, answer: bytes, count: int
) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            request, strange = link.request, [answer] * 2

            async def answered_strangely(subject: str, *arguments: Any) -> bytes:
                if subject == "letrade.main.journal.desk" and strange:
                    return strange.pop()
                return await request(subject, *arguments)

            link.request = answered_strangely  # type: ignore[method-assign,assignment]
            reports: list[LetradeError] = []
            shipper = Shipper(link, JournalStream(link, "main"), "desk", ListJournal(count), reports.append)
            running = asyncio.create_task(shipper.run())
            await eventually(lambda: bool(reports), "the strange answer")
            assert isinstance(reports[0], NatsError)
            assert (shipper.state, shipper.stored_sequence) == (ShipperState.AWAY, 0)
            await eventually(lambda: shipper.stored_sequence == count, "all records")
            await shipper.stop()
            await running
            assert await stored_ids(link) == [f"desk:1:{n}" for n in range(1, count + 1)]

    asyncio.run(body())


@pytest.mark.parametrize("answer", [b"{}", b"no", b"[]", b'{"error":1}', b'{"message":{"seq":1}}', b"\xff"])
def test_a_shipper_outlives_any_answer_to_what_it_asks_the_stream(tmp_path: Path, answer: bytes) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            request, strange = link.request, ["STREAM.INFO", "STREAM.MSG.GET"]

            async def answered_strangely(subject: str, *arguments: Any) -> bytes:
                if strange and strange[0] in subject:
                    strange.pop(0)
                    return answer
                return await request(subject, *arguments)

            link.request = answered_strangely  # type: ignore[method-assign,assignment]
            assert (await ship_to_end(link, ListJournal(3))).stored_sequence == 3
            assert strange == []

    asyncio.run(body())


def test_stopping_while_no_server_answers_does_not_wait(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await ship_all(link, ListJournal(5))
            await server.stop()
            await eventually(lambda: not link.connected, "the loss")
            shipper = await ship_all(link, ListJournal(10))
            assert shipper.state is ShipperState.AWAY

    asyncio.run(body())
