"""Output that nobody can take, on a full disk: one clear line, the code of a missing resource, and no traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.system.programs import PATIENCE_SECONDS, command, letrade

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
BARS = "date,open,high,low,close,volume\n" + "".join(
    f"2024-01-01 {hour:02}:00:00+00:00,100,101,99,100,10\n" for hour in range(24)
)


def into_full(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command whose standard output takes nothing."""
    with FULL.open("w") as output:
        return subprocess.run(
            command(*words), stdout=output, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False,
            timeout=PATIENCE_SECONDS, cwd=cwd,
        )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        ["version"],
        ["version", "--json"],
        ["show-config", "full"],
        ["schema"],
        ["--help"],
        ["backtest", "--data", "BTC_USDT-1h.csv", "--no-report"],
        ["backtest", "--data", "BTC_USDT-1h.csv", "--no-report", "--json"],
    ],
)
def test_a_command_says_that_there_is_no_room(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "BTC_USDT-1h.csv").write_text(BARS)
    answer = into_full(*words, cwd=tmp_path)
    assert answer.stderr.splitlines()[-1].startswith("letrade: standard output"), answer.stderr
    assert "No space left on device" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.returncode == 8


def test_a_failure_keeps_its_code_where_its_object_finds_no_room(tmp_path: Path) -> None:
    answer = into_full("check", "nowhere.toml", "--json", cwd=tmp_path)
    assert (answer.returncode, len(answer.stderr.splitlines())) == (4, 1)


def test_a_failure_keeps_its_code_where_even_its_line_finds_no_room(tmp_path: Path) -> None:
    with FULL.open("w") as errors:
        answer = subprocess.run(command("check", "nowhere.toml"), stderr=errors, check=False, cwd=tmp_path)
    assert answer.returncode == 4


def test_with_room_the_same_backtest_ends_well(tmp_path: Path) -> None:
    (tmp_path / "BTC_USDT-1h.csv").write_text(BARS)
    answer = letrade("backtest", "--data", "BTC_USDT-1h.csv", "--no-report", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
