"""The commands that need no running desk: what they print, and the exit code that each failure has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from letrade.core import codec
from letrade.core.config.load import packaged_desks
from letrade.core.messages.events import Halt
from letrade.core.messages.market import BookDelta, Trade
from letrade.core.messages.orders import Fill
from letrade.core.money import money
from letrade.decoding import end_of_msgpack, named
from tests.system.programs import command, letrade

TRADE = Trade(instrument="binance.BTC-USDT", price=61_800.5, size=0.25, side=1, trade_id="7", time=5, source="feed")
FILL = Fill(
    strategy="cross", account="main", instrument="binance.BTC-USDT", order_id="cross.1.1", client_order_id="c",
    trade_id="t", side=1, price=61_800.5, size=0.25, fee=money("USDT", 772506250), maker=False, time=6,
)  # fmt: skip
HALT = Halt(account="*", reason="because", time=7)


def decode(data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command("decode"), input=data, capture_output=True, check=False)


def test_decode_names_the_fields_of_one_message() -> None:
    answer = decode(codec.encode(FILL))
    assert answer.returncode == 0
    fields = json.loads(answer.stdout)
    assert (fields["kind"], fields["order_id"], fields["fee"]) == ("fill", "cross.1.1", "7.72506250 USDT")


def test_decode_takes_several_messages_in_any_form() -> None:
    answer = decode(codec.encode(TRADE) + b"\n" + codec.encode(FILL) + codec.encode(HALT) + b"\n" + codec.encode(HALT))
    assert [json.loads(line)["kind"] for line in answer.stdout.splitlines()] == ["trade", "fill", "halt", "halt"]


@pytest.mark.parametrize("data", [b"hello", b"\x93\x01\x02", b"[1, 2]", b'["fill", 1]', b"\xc1", b"{broken"])
def test_what_is_no_message_is_printed_as_it_is_with_code_6(data: bytes) -> None:
    answer = decode(data)
    assert (answer.returncode, answer.stdout) == (6, data + b"\n")
    assert answer.stderr.startswith(b"letrade: ")


def test_json_that_is_no_message_is_readable_already() -> None:
    answer = decode(b'{"ok": true}')
    assert (answer.returncode, answer.stdout) == (0, b'{"ok": true}\n')


def test_nothing_decodes_to_nothing() -> None:
    assert decode(b"").returncode == 0


def test_packed_levels_are_shown_as_pairs() -> None:
    delta = BookDelta(
        instrument="binance.BTC-USDT", first_update=1, last_update=2, previous_update=0,
        bids=bytes.fromhex("000000000000f03f0000000000000040"), asks=b"",
    )  # fmt: skip
    assert named(delta)["bids"] == [[1.0, 2.0]]


def test_the_end_of_each_message_is_found() -> None:
    for message in (TRADE, FILL):
        payload = codec.encode(message)
        assert end_of_msgpack(payload + b"rest", 0) == len(payload)


def test_decode_loads_msgspec_and_the_messages_alone() -> None:
    probe = (
        "import sys, io\nfrom letrade.__main__ import main\nmain(['decode'])\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'click','rich','numpy','nats','asyncio'}))"
    )
    answer = subprocess.run([sys.executable, "-c", probe], input=b"", capture_output=True, check=True)
    assert answer.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["frobnicate"], 2, "there is no command 'frobnicate'"),
        (["chekc"], 2, 'did you mean "check"'),
        (["run", "--speed", "fast"], 2, "--speed: expected"),
        (["run", "--for", "-1s"], 2, "--for: expected"),
        (["run", "--live"], 2, "paper only"),
        (["run", "--nats", "nats://"], 2, "--nats: expected a URL"),
        (["status", "--bogus"], 2, "No such option"),
        (["status", "--data-dir", "nowhere"], 3, "no desk runs"),
        (["trace", "--data-dir", "nowhere"], 3, "holds no journal"),
        (["check", "nowhere.toml"], 4, "no such file"),
        (["check", "papr"], 4, 'did you mean "paper"'),
        (["check", "recorded"], 4, "any instrument"),
        (["backtest", "--data", "nowhere.feather"], 6, "nowhere.feather"),
        (["backtest", "paper"], 2, "has no end"),
        (["init", "--from", "nothing"], 4, "there is no desk"),
    ],
)
def test_each_failure_has_one_clear_line_and_its_exit_code(
    words: list[str], code: int, text: str, tmp_path: Path
) -> None:
    answer = letrade(*words, cwd=tmp_path)
    assert answer.returncode == code, answer.stderr
    assert text in answer.stderr
    assert "Traceback" not in answer.stderr
    assert all(line.startswith("letrade: ") for line in answer.stderr.splitlines())


def test_with_json_a_failure_is_an_object_too(tmp_path: Path) -> None:
    answer = letrade("check", "nowhere.toml", "--json", cwd=tmp_path)
    error = json.loads(answer.stdout)["error"]
    assert (error["code"], error["exit_code"]) == ("configuration", 4)


def test_a_wrong_desk_tells_everything_that_is_wrong(tmp_path: Path) -> None:
    unfinished = '[[actor]]\nname = "b"\nclass = "letrade.actors.strategies.ma_cross.MACross"\nfast = "x"\n'
    text = '[desk]\nnaem = "x"\nseed = "many"\n[[actor]]\nname = "a"\nclass = "no.Such"\n'
    (tmp_path / "desk.toml").write_text(text + unfinished)
    answer = letrade("check", "desk.toml", cwd=tmp_path)
    assert answer.returncode == 4
    for part in ("desk.naem", "desk.seed", "actor.a", "actor.b.fast", "actor.b.instrument: is missing"):
        assert part in answer.stderr


def test_an_unknown_instrument_is_told_at_the_start(tmp_path: Path) -> None:
    environment = {**os.environ, "LETRADE_ACTOR__btc_fast__instrument": "paper.BTC-USDC"}
    answer = letrade("check", env=environment, cwd=tmp_path)
    assert answer.returncode == 4
    assert 'did you mean "paper.BTC-USDT"' in answer.stderr


def test_a_desk_written_by_init_is_fine_and_is_not_overwritten(tmp_path: Path) -> None:
    assert letrade("init", cwd=tmp_path).returncode == 0
    checked = json.loads(letrade("check", "desk.toml", "--json", cwd=tmp_path).stdout)
    assert checked["ok"]
    assert {"books", "capital", "risk", "execution", "ledger", "results"} < set(checked["actors"])
    assert letrade("init", cwd=tmp_path).returncode == 4
    assert letrade("init", "--force", cwd=tmp_path).returncode == 0


def test_the_shown_configuration_describes_the_same_desk(tmp_path: Path) -> None:
    shown = letrade("show-config", "paper").stdout
    (tmp_path / "desk.toml").write_text(shown)
    assert letrade("show-config", "desk.toml", cwd=tmp_path).stdout == shown


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    environment = {**os.environ, "LETRADE_NATS__url": "nats://me:hunter2@127.0.0.1:4222"}
    for words in (["show-config"], ["show-config", "--json"], ["check", "--json"]):
        assert "hunter2" not in letrade(*words, env=environment, cwd=tmp_path).stdout


@pytest.mark.parametrize("desk", [name for name in packaged_desks() if not name.startswith(("recorded", "backtest-"))])
def test_a_packaged_desk_is_fine(desk: str) -> None:
    answer = letrade("check", desk)
    assert answer.returncode == 0, answer.stderr


def test_doctor_tells_what_it_found_as_json(tmp_path: Path) -> None:
    answer = letrade("doctor", "--json", "--data-dir", tmp_path / "data")
    found = json.loads(answer.stdout)
    assert answer.returncode == 0, found
    names = {check["check"] for check in found["checks"]}
    assert {"python", "packages", "nats-server", "port", "clock", "disk", "data directory"} <= names


def test_version_and_help_answer() -> None:
    assert json.loads(letrade("version", "--json").stdout)["letrade"]
    assert letrade("--version").stdout.startswith("letrade")
    assert "backtest" in letrade("--help").stdout
    assert letrade().returncode == 0


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    line = " ".join(command("show-config", "full")) + " | true; echo ${PIPESTATUS[0]}"
    answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (answer.stdout.strip(), answer.stderr) == ("141", "")


def test_a_desk_that_nobody_reads_drains(tmp_path: Path) -> None:
    line = " ".join(command("run", "--json", "--data-dir", tmp_path / "data")) + " | head -n 1; echo ${PIPESTATUS[0]}"
    answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=60)
    assert answer.stdout.splitlines()[-1] == "141"
    assert "Traceback" not in answer.stderr
