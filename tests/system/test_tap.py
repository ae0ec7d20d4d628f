"""`letrade tap` as a user runs it, against a server on which the test speaks as the desk."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from letrade.core.codec import encode
from letrade.core.messages.events import Heartbeat
from letrade.core.messages.registry import tag
from letrade.core.network.link import Link
from letrade.core.network.server import PrivateServer
from letrade.core.subjects import of_message
from tests.core.samples import SAMPLES
from tests.network.running import connected_link, running_server
from tests.system.programs import command

TRADE: Any = next(each for each in SAMPLES if tag(type(each)) == "trade")
SIZES = (0.5, 1.0, 2.0)


class Speaker:
    """Says the same again and again while a command listens; a beat now and then tells how much it said."""

    def __init__(self, link: Link, kept_back: int = 0) -> None:
        self.link = link
        self.kept_back = kept_back
        self.said = 0

    def round(self) -> None:
        for message in SAMPLES:
            self.say(of_message("main", tag(type(message)), message), encode(message))
        for size in SIZES:
            trade = msgspec.structs.replace(TRADE, size=size, instrument="y.C-D")
            self.say("letrade.main.md.trade.y.C-D", encode(trade))
            self.said += self.kept_back
        self.link.publish("letrade.main.journal.desk", encode(TRADE), late_ok=True)
        beat = Heartbeat(process="p", sent={"trade": self.said}, source="p", epoch=1, sequence=1)
        self.link.publish("letrade.main.ev.heartbeat.p", encode(beat), late_ok=True)

    def say(self, subject: str, payload: bytes) -> None:
        self.link.publish(subject, payload, late_ok=True)
        self.said += subject.startswith("letrade.main.md.trade.")

    async def talk(self) -> None:
        while True:
            self.round()
            await asyncio.sleep(0.02)


@asynccontextmanager
async def speaking(folder: Path, kept_back: int = 0) -> AsyncIterator[PrivateServer]:
    async with running_server(folder) as server, connected_link(server, no_echo=True) as link:
        talking = asyncio.create_task(Speaker(link, kept_back).talk())
        try:
            yield server
        finally:
            talking.cancel()


async def run(server: PrivateServer, *words: str) -> tuple[int, str, str]:
    """(exit code, output, errors) of a tap."""
    process = await asyncio.create_subprocess_exec(
        *command("tap", *words, "--nats", server.address.url, "--desk", "main"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


def lines(output: str) -> Iterator[dict[str, Any]]:
    return map(json.loads, output.splitlines())


def test_filters_and_conditions_let_through_what_is_asked_for(tmp_path: Path) -> None:
    async def body() -> None:
        async with speaking(tmp_path) as server:
            code, output, errors = await run(
                server,
                "--kind",
                "trade",
                "--instrument",
                "y.*",
                "--where",
                "size>=1",
                "--where",
                "size<2",
                "--count",
                "4",
            )
            assert (code, errors) == (0, "")
            assert [(each["instrument"], each["size"]) for each in lines(output)] == [("y.C-D", 1.0)] * 4
            _, output, _ = await run(server, "--strategy", "s", "--account", "a", "--kind", "fill", "--count", "1")
            assert next(lines(output))["kind"] == "fill"
            _, output, _ = await run(
                server, "letrade.main.>", "--source", "feed", "--where", "id=feed:1:1", "--count", "9"
            )
            assert {each["source"] for each in lines(output)} == {"feed"}
            _, output, _ = await run(server, "letrade.main.journal.>", "--kind", "trade", "--count", "1")
            assert next(lines(output))["subject"] == "letrade.main.journal.desk"

    asyncio.run(body())


def test_rates_are_told_in_lines_or_objects_where_there_is_no_terminal(tmp_path: Path) -> None:
    async def body() -> None:
        async with speaking(tmp_path) as server:
            code, output, errors = await run(server, "--rates", "--kind", "trade", "--every", "200ms", "--for", "1s")
            assert (code, errors) == (0, "")
            assert "in all md.trade" in output
            _, output, _ = await run(
                server, "--rates", "--by", "instrument", "--kind", "trade", "--count", "100", "--json"
            )
            last = list(lines(output))[-1]
            counts = {row["name"]: row["messages"] for row in last["rates"]}
            assert last["last"] is True
            assert last["lost"] == {}
            assert set(counts) == {"x.A-B", "y.C-D"}
            assert sum(counts.values()) >= 100
            _, output, _ = await run(
                server, "--rates", "--where", "size>1.5", "--kind", "trade", "--for", "1s", "--json"
            )
            assert {row["name"] for row in list(lines(output))[-1]["rates"]} == {"md.trade"}

    asyncio.run(body())


def test_subjects_are_shown_once_each(tmp_path: Path) -> None:
    async def body() -> None:
        async with speaking(tmp_path) as server:
            _, output, _ = await run(server, "--subjects", "--kind", "trade", "--for", "1s")
            assert sorted(output.split()) == ["letrade.main.md.trade.x.A-B", "letrade.main.md.trade.y.C-D"]
            _, output, _ = await run(server, "--subjects", "--count", "3", "--json")
            assert len({each["subject"] for each in lines(output)}) == 3

    asyncio.run(body())


def test_what_the_desk_sent_and_did_not_come_is_told(tmp_path: Path) -> None:
    async def body() -> None:
        async with speaking(tmp_path, kept_back=2) as server:
            code, _, errors = await run(server, "--kind", "trade", "--for", "1s")
            assert code == 0
            assert "lost on the way here, at least: " in errors
            assert " trade;" in errors
            _, output, _ = await run(server, "--rates", "--for", "1s", "--json")
            assert list(lines(output))[-1]["lost"]["trade"] > 0

    asyncio.run(body())


def test_a_subject_that_may_not_be_heard_ends_it_with_the_code_of_nats(tmp_path: Path) -> None:
    async def body() -> None:
        async with speaking(tmp_path) as server:
            code, output, errors = await run(server, "elsewhere.>")
            assert (code, output) == (9, "")
            assert "does not let a connection without a login listen to elsewhere.>" in errors
            assert "Traceback" not in errors
            code, output, _ = await run(server, "elsewhere.>", "--json")
            assert json.loads(output)["error"]["exit_code"] == 9

    asyncio.run(body())


def test_wrong_words_are_refused_before_anything_is_connected(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server:
            for words in (
                ("a b",), ("a..b",), ("--kind", "fil"), ("--where", "sise>1"), ("--by", "kind"), ("--every", "1s"),
                ("--rates", "--subjects"), ("--rates", "--every", "x"), ("--kind", "trade", "--account", "a"),
            ):  # fmt: skip
                code, output, errors = await run(server, *words)
                assert (code, output) == (2, ""), words
                assert errors

    asyncio.run(body())


def test_an_interrupt_ends_it_in_order(tmp_path: Path) -> None:
    async def body() -> None:
        async with speaking(tmp_path) as server:
            for words in ((), ("--rates",)):
                process = await asyncio.create_subprocess_exec(
                    *command("tap", *words, "--nats", server.address.url),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                )  # fmt: skip
                assert process.stdout is not None
                await asyncio.wait_for(process.stdout.readline(), 30)
                process.send_signal(signal.SIGINT)
                _, errors = await asyncio.wait_for(process.communicate(), 30)
                assert (process.returncode, errors) == (0, b"")

    asyncio.run(body())


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    async def body() -> None:
        async with speaking(tmp_path) as server:
            for words in ("", "--rates --every 50ms", "--subjects"):
                line = " ".join(command("tap")) + f" {words} --nats {server.address.url} | head -n 1"
                process = await asyncio.create_subprocess_exec(
                    "bash", "-c", f"set -o pipefail; {line}", stdout=subprocess.PIPE, stderr=subprocess.PIPE
                )
                output, errors = await asyncio.wait_for(process.communicate(), 60)
                assert len(output.splitlines()) == 1
                assert (errors, process.returncode in (0, 141)) == (b"", True)

    asyncio.run(body())


def test_a_lost_connection_is_told_and_comes_back(tmp_path: Path) -> None:
    async def body() -> None:
        async with speaking(tmp_path) as server:
            process = await asyncio.create_subprocess_exec(
                *command("tap", "--kind", "trade", "--nats", server.address.url),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            assert process.stdout is not None
            assert process.stderr is not None
            await asyncio.wait_for(process.stdout.readline(), 30)
            server.restart()
            while b"the connection to NATS is lost" not in await asyncio.wait_for(process.stderr.readline(), 30):
                pass
            process.send_signal(signal.SIGINT)
            _, errors = await asyncio.wait_for(process.communicate(), 30)
            assert process.returncode == 0
            assert b"was lost 1 times" in errors

    asyncio.run(body())
