"""What is wrong from outside ends a command with one clear line and its exit code, and a running desk not at all."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from nats.aio.client import Client

from letrade.core.engine.data_dir import RunRecord, read_run
from tests.actors.captures import diff, snapshot, spot_trade, ticker, written
from tests.system.programs import Desk, letrade, until

HEADER = "date,open,high,low,close,volume\n"
ROWS = ["2024-01-01 00:00:00,10,11,9,10,1\n", "2024-01-01 01:00:00,10,11,9,10,1\n"]
FIRST = [
    diff(11, 12, [("61800.1", "1.5")], [("61800.3", "1")]), snapshot(10, [("61800.1", "1")], [("61800.2", "2.0")]),
]  # fmt: skip


def refused(*words: str | Path, code: int, says: str, **options: Any) -> None:
    """One line for each problem on standard error, the same as an object with --json, no traceback anywhere."""
    answer = letrade(*words, "--json", **options)
    assert answer.returncode == code, answer.stdout + answer.stderr
    told = json.loads(answer.stdout.splitlines()[-1])["error"]
    assert (told["exit_code"], says in told["text"]) == (code, True), told
    lines = answer.stderr.splitlines()
    assert lines
    assert all(line.startswith("letrade: ") for line in lines), answer.stderr


@pytest.mark.parametrize(
    "event",
    [
        spot_trade(1, "NaN", "1", False), spot_trade(1, "Infinity", "1", False), spot_trade(1, "-5", "1", False),
        ticker(13, ("NaN", "1"), ("61800.3", "1")), diff(13, 14, [("NaN", "1")], []), diff(13, 14, [], [("-1", "1")]),
    ],
    ids=["nan trade", "infinite trade", "negative trade", "nan ticker", "nan level", "negative level"],
)  # fmt: skip
def test_a_number_of_a_capture_that_is_none_is_told_with_its_line(tmp_path: Path, event: dict[str, Any]) -> None:
    path = written(tmp_path / "capture.gz", *FIRST, event)
    refused("backtest", "--data", path, code=6, says=f"{path}:3: expected prices and sizes as decimals")


def test_a_capture_without_a_snapshot_is_told_though_nothing_in_it_is_wrong(tmp_path: Path) -> None:
    diffs = [diff(update, update, [("61800.1", "1.5")], []) for update in range(1, 200)]
    answer = letrade("backtest", "recorded", "--data", written(tmp_path / "capture.gz", *diffs), "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["alerts"]["book-waiting"] == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEADER + ROWS[0] + "2024-01-01 01:00:00,10,nan,9,10,1\n", "row 3 (2024-01-01T01:00:00Z): expected finite"),
        (HEADER + ROWS[0] + "2024-01-01 01:00:00,10,9,11,10,1\n", "expected low <= open, close <= high"),
        (HEADER + ROWS[1] + ROWS[0], "expected rows in order of time"),
        (HEADER + ROWS[0] + ROWS[0], "the row is there twice"),
        (HEADER, "a header alone"),
        ("", "an empty file"),
        ("a,b,c\n1,2,3\n", "expected the columns of market data"),
        ("\x1f\x8b\x08\x00junk", "cut off or damaged"),
    ],
)
def test_a_file_of_bars_that_is_none_is_told_with_its_row(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "BTC_USDT-1h.csv"
    path.write_bytes(content.encode("latin-1"))
    refused("backtest", "--data", path, code=6, says=says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[nats]\nurl = "bla bla"\n', "nats.url: expected the URL of a server"),
        ("[risk]\nmax_drawdown = nan\n", "risk.max_drawdown"),
        ('[desk]\nnmae = "x"\n', 'did you mean "name"'),
    ],
)
def test_a_desk_file_that_is_none_is_told_with_its_key(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "desk.toml").write_text(text)
    refused("run", "paper", tmp_path / "desk.toml", "--data-dir", tmp_path / "data", code=4, says=says)


def test_a_server_that_is_not_there_a_port_that_is_taken_and_a_folder_that_is_a_file(tmp_path: Path) -> None:
    refused("run", "--nats", "nats://127.0.0.1:9", "--data-dir", tmp_path / "one", code=9, says="127.0.0.1:9")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        taken = {**os.environ, "LETRADE_NATS__port": str(port)}
        says = f"port {port} on 127.0.0.1 is in use"
        refused("run", "--data-dir", tmp_path / "two", code=8, says=says, env=taken)
    (tmp_path / "three").mkdir()
    (tmp_path / "three" / "desk").write_text("")
    refused("run", "--data-dir", tmp_path / "three", code=8, says="the data directory cannot be used")


def test_fresh_is_the_way_out_of_a_data_directory_that_is_damaged(tmp_path: Path) -> None:
    options: tuple[str | Path, ...] = ("run", "--data-dir", tmp_path, "--for", "1s")
    (tmp_path / "desk.json").write_text("junk")
    refused(*options, code=6, says="start with --fresh")
    assert letrade(*options, "--fresh").returncode == 0
    (tmp_path / "desk" / "epoch").write_text("junk")
    refused(*options, code=6, says="start with --fresh")
    assert letrade(*options, "--fresh").returncode == 0
    assert len(list((tmp_path / "old").iterdir())) == 2


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The default desk, at work."""
    running = Desk(tmp_path_factory.mktemp("bad-input"))
    running.start()
    try:
        until(lambda: (running.data / "run.json").exists(), "the desk's start")
        yield running
    finally:
        running.end()


def record_of(desk: Desk) -> RunRecord:
    record = read_run(desk.data)
    assert record is not None
    return record


def status_of(desk: Desk) -> dict[str, Any]:
    answer = letrade("status", "--data-dir", desk.data, "--json")
    assert answer.returncode == 0, answer.stderr
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


@contextlib.asynccontextmanager
async def linked(record: RunRecord, **login: Any) -> Any:
    async def quietly(error: Exception) -> None:
        """What the server refuses is counted by what arrives."""

    link = await nats.connect(record.urls[0], error_cb=quietly, **login)
    try:
        yield link
    finally:
        await link.close()


async def heard(link: Client, count: int) -> dict[str, bytes]:
    """One message of each subject on which something passes."""
    listening = await link.subscribe("letrade.>")
    found: dict[str, bytes] = {}
    for _ in range(count):
        message = await listening.next_msg(timeout=5)
        found[message.subject] = message.data
    return found


WRONG: list[object] = [None, float("nan"), float("inf"), -1, 2**63, "x", [], {}]


def spoiled(payload: bytes, draw: random.Random) -> Iterator[bytes]:
    """Cut, with bytes changed, and with each field replaced by what it must not be."""
    yield from (payload[: len(payload) // 2], payload[:-1], payload + b"\x00")
    for _ in range(10):
        changed = bytearray(payload)
        changed[draw.randrange(len(changed))] = draw.randrange(256)
        yield bytes(changed)
    fields = msgspec.json.decode(payload) if payload[:1] == b"[" else msgspec.msgpack.decode(payload)
    for place in range(len(fields)):
        for wrong in WRONG:
            yield msgspec.msgpack.encode([*fields[:place], wrong, *fields[place + 1 :]])


NO_MESSAGES = [
    b"", b"\x00", b"\xc1", b"garbage", b"{}", b"[]", b"null", b"[1,2,3]", b'["trade"]', b'["nosuch",1,2]',
    b"[" * 100_000, b"\x91" * 100_000, b"[" + b"1," * 200_000 + b"1]", b"\xdd\xff\xff\xff\xff", b"\xed\xa0\x80",
]  # fmt: skip


def test_what_is_no_message_is_counted_on_any_subject_and_the_desk_trades_on(desk: Desk) -> None:
    record = record_of(desk)
    draw = random.Random(1)

    async def abuse() -> int:
        sent = 0
        async with linked(record) as viewer, linked(record, user=record.user, password=record.password) as link:
            samples = await heard(viewer, 1_000)
            for place in ("md.x", "do.y.z", "ev.alert.risk", "step.begin", "step.1", "req.nosuch", "nosuch"):
                samples[f"letrade.main.{place}"] = b""
            for subject, sample in samples.items():
                if ".journal." in subject:
                    continue
                for payload in (*NO_MESSAGES, *(spoiled(sample, draw) if sample else ())):
                    await link.publish(subject, payload)
                    sent += 1
                await link.flush()
        return sent

    before = status_of(desk)
    assert asyncio.run(abuse()) > 1_000
    after = until(lambda: _more_fills(desk, before["fills"]), "trading to go on", 60)
    assert after["alert_counts"]["malformed"] > 100
    assert after["alert_counts"]["unknown_kind"] > 0
    assert (after["failures"], after["doubled"]) == (0, 0)


def _more_fills(desk: Desk, than: int) -> dict[str, Any] | None:
    status = status_of(desk)
    return status if status["fills"] > than else None


def test_a_request_that_is_none_is_answered_and_does_nothing(desk: Desk) -> None:
    record = record_of(desk)
    wrong: list[bytes] = [b"junk", b"[]", b"5", b"\xff", b"[" * 100_000, b'{"account": ["*"]}', b'{"account": {}}',
             b'{"account": "nosuch"}', b'{"reason": 5}', b'{"acount": "paper"}']  # fmt: skip

    async def ask() -> list[dict[str, Any]]:
        login = {"user": record.operator_user, "password": record.operator_password}
        async with linked(record, **login) as operator:
            verbs = [(verb, payload) for verb in ("pause", "halt", "resume", "flatten", "stop") for payload in wrong]
            asked = [*verbs, ("schema", b'{"kind": []}'), ("schema", b'{"kind": "nosuch"}'), ("schema", b'{"kin": 1}')]
            replies = [await operator.request(f"letrade.main.req.{verb}", data, timeout=10) for verb, data in asked]
            assert all("Nats-Service-Error" in (reply.headers or {}) for reply in replies)
            return [json.loads(reply.data)["error"] for reply in replies]

    assert {error["code"] for error in asyncio.run(ask())} == {"data"}
    assert not {"halt", "pause"} & set(status_of(desk)["alert_counts"])


def test_a_second_desk_is_refused_by_the_directory_and_by_the_name(desk: Desk, tmp_path: Path) -> None:
    refused("run", "--data-dir", desk.data, code=8, says="another desk uses this data directory")
    record = record_of(desk)
    url = record.urls[0].replace("//", f"//{record.user}:{record.password}@")
    refused("run", "--nats", url, "--data-dir", tmp_path / "other", code=8, says="a desk named main is run by")
    wrong = record.urls[0].replace("//", "//letrade:wrong@")
    refused("run", "--nats", wrong, "--data-dir", tmp_path / "third", code=9, says="refuses this user or password")
    assert record.password
    assert not _files_with(record.password, tmp_path)


def _files_with(secret: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_no_password_is_told_by_a_desk_that_ends_well(desk: Desk) -> None:
    record = record_of(desk)
    summary = desk.stop()
    assert summary["doubled"] == 0
    assert record.password
    assert record.operator_password
    for secret in (record.password, record.operator_password):
        assert _files_with(secret, desk.folder) == [desk.data / "nats" / "passwords.json"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A journal's folder on a disk of its own."""
    folder = tmp_path / "data" / "desk" / "journal"
    folder.mkdir(parents=True)
    system = ctypes.CDLL(None, use_errno=True)
    if system.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, b"size=512k") != 0:
        pytest.skip(f"only root may mount a disk that is full soon: {os.strerror(ctypes.get_errno())}")
    try:
        yield folder
    finally:
        system.umount2(bytes(folder), 2)


def test_a_full_disk_stops_what_opens_and_lets_all_be_closed(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETRADE_DESK__snapshot_every", "2s")
    full = Desk(tmp_path)
    full.start()
    try:
        until(lambda: (full.data / "run.json").exists(), "the desk's start")
        until(lambda: status_of(full)["journal"]["full"], "a full disk", 60)
        until(lambda: status_of(full)["alert_counts"].get("disk_full"), "the news of it")
        written_then = status_of(full)["journal"]["bytes"]
        until(lambda: status_of(full)["journal"]["bytes"] > written_then + 300_000, "more than any reserve", 60)
        answer = letrade("flatten", "--data-dir", full.data, "--json")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        orders = status_of(full)["orders"]
        until(lambda: status_of(full)["refused"].get("halt"), "an opening that is refused", 60)
        assert status_of(full)["orders"] == orders
        assert full.stop()["lost"] == 0
    finally:
        full.end()
