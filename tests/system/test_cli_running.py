"""The commands against a running desk: asked, paused, flattened, tapped, traced and stopped, as an operator would."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.programs import Desk, command, letrade, summary_of

WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The paper desk, once it has traded."""
    running = Desk(tmp_path_factory.mktemp("desk"), "paper")
    running.start()
    try:
        first = letrade("trace", "--follow", "--count", "1", "--json", "--nats", url_of(running), timeout=WAIT_SECONDS)
        assert first.returncode == 0, first.stderr
        yield running
    finally:
        running.end()


def url_of(desk: Desk) -> str:
    """Where the desk's private server is, once it has said so."""
    waiting = subprocess.run(
        ["bash", "-c", f"until [ -s {desk.data}/run.json ]; do sleep 0.05; done"], timeout=WAIT_SECONDS, check=True
    )
    assert waiting.returncode == 0
    url: str = json.loads((desk.data / "run.json").read_text())["urls"][0]
    return url


def ask(desk: Desk, *words: str) -> dict[str, Any]:
    answer = letrade(*words, "--json", "--data-dir", desk.data)
    assert answer.returncode == 0, answer.stderr + answer.stdout
    return summary_of(answer.stdout)


def test_the_address_of_the_desk_is_for_its_owner_alone(desk: Desk) -> None:
    record = desk.data / "run.json"
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert {"desk", "pid", "urls", "user", "password"} <= set(json.loads(record.read_text()))


def test_status_tells_prices_strategies_and_rates(desk: Desk) -> None:
    status = ask(desk, "status")
    assert status["desk"] == "main"
    assert set(status["prices"]) == {"paper.BTC-USDT", "paper.ETH-USDT"}
    assert {line["name"] for line in status["strategies"]} == {"btc_fast", "btc_slow", "eth_fast", "eth_medium"}
    assert {"messages_per_second", "tick_to_order_us", "positions", "balances", "pnl", "journal", "nats"} <= set(status)
    shown = letrade("status", "--data-dir", desk.data)
    assert "btc_fast" in shown.stdout


def test_tap_prints_decoded_messages_and_ends_when_it_has_enough(desk: Desk) -> None:
    tapped = letrade("tap", "letrade.main.md.>", "--count", "20", "--data-dir", desk.data)
    lines = [json.loads(line) for line in tapped.stdout.splitlines()]
    assert len(lines) == 20
    assert all(line["subject"].startswith("letrade.main.md.") and line["instrument"] for line in lines)


def test_tap_survives_a_reader_that_goes_away(desk: Desk) -> None:
    line = " ".join(command("tap", "--data-dir", desk.data)) + " | head -n 2"
    answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
    assert (len(answer.stdout.splitlines()), answer.stderr) == (2, "")


def test_a_fill_is_traced_back_to_the_trade_that_caused_it_from_the_journal(desk: Desk) -> None:
    found = ask(desk, "trace")
    kinds = [hop["kind"] for hop in found["hops"]]
    assert found["complete"]
    assert kinds[0] == "fill"
    assert {"venue_submit", "approved_order", "proposal", "target", "features", "bar", "trade"} <= set(kinds)
    again = ask(desk, "trace", found["hops"][0]["order_id"])
    assert again["hops"][-1]["kind"] == kinds[-1]


def test_an_unknown_fill_is_told(desk: Desk) -> None:
    answer = letrade("trace", "no-such-order", "--data-dir", desk.data)
    assert answer.returncode == 6
    assert "found no fill" in answer.stderr


def test_a_second_desk_on_the_same_data_directory_is_refused(desk: Desk) -> None:
    answer = letrade("run", "paper", "--data-dir", desk.data, "--for", "1s")
    assert answer.returncode == 8
    assert "another desk uses this data directory" in answer.stderr


def test_doctor_sees_the_desk(desk: Desk) -> None:
    found = {check["check"]: check["text"] for check in ask(desk, "doctor")["checks"]}
    assert "runs as process" in found["run.json"]
    assert "in use by a desk" in found["lock"]


def test_an_unknown_account_is_refused_with_the_desks_own_words(desk: Desk) -> None:
    answer = letrade("pause", "--account", "nobody", "--data-dir", desk.data)
    assert answer.returncode == 6
    assert "expected one of the accounts" in answer.stderr


def test_a_desk_of_another_name_does_not_answer(desk: Desk) -> None:
    answer = letrade("status", "--nats", url_of(desk), "--desk", "nobody")
    assert answer.returncode == 3
    assert "no desk nobody answers" in answer.stderr


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    answer = letrade("status", "--nats", "nats://127.0.0.1:1", cwd=tmp_path)
    assert answer.returncode == 9


def test_flatten_leaves_nothing_and_resume_lets_it_trade_again(desk: Desk) -> None:
    assert ask(desk, "flatten", "--reason", "a test")["left"] == []
    assert ask(desk, "status")["positions"] == []
    assert ask(desk, "resume")["ok"]
    assert ask(desk, "pause")["ok"]


def test_stop_drains_and_the_last_line_is_the_summary(desk: Desk) -> None:
    assert ask(desk, "stop")["ok"]
    summary = desk.wait()
    assert summary["orders"] > 0
    assert (summary["lost"], summary["doubled"]) == (0, 0)
    assert {"gaps", "book_checks", "tick_to_order_us", "messages_per_second", "balances", "pnl", "result_hash"} <= set(
        summary
    )
    lines = [json.loads(line) for line in desk.output.read_text().splitlines()]
    assert all(line["desk"] == "main" for line in lines)
    assert "nats -s" in desk.errors.read_text()
    assert letrade("status", "--data-dir", desk.data).returncode == 3


def test_a_desk_that_died_is_told_from_one_that_runs(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    record = {"desk": "main", "pid": gone.pid, "urls": ["nats://127.0.0.1:1"], "user": None, "password": None}
    (tmp_path / "run.json").write_text(json.dumps(record))
    answer = letrade("status", "--data-dir", tmp_path)
    assert answer.returncode == 3
    assert "is gone" in answer.stderr


def test_without_data_directory_the_running_desk_is_found(tmp_path: Path) -> None:
    environment = {**os.environ, "LETRADE_DATA": str(tmp_path)}
    answer = letrade("status", env=environment)
    assert answer.returncode == 3
    assert str(tmp_path) in answer.stderr
