"""Asks another project the same question, in a process of its own; one that is not installed is said, not an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).resolve().parents[1] / "peers"
SECONDS_MAX = 300
LINES_SHOWN = 3


class PeerAnswer(msgspec.Struct):
    """What the peer said, or why there is nothing to compare with."""

    said: dict[str, Any] = {}
    missing: str | None = None

    def rate(self, rows: str = "rows") -> float:
        """Rows a second of its CPU time."""
        return float(self.said[rows] / max(self.said["cpu_seconds"], 1e-9))


def python() -> str:
    """$LETRADE_BENCH_PYTHON, where the peers want other versions of what they share with us, else our own."""
    return os.environ.get("LETRADE_BENCH_PYTHON") or sys.executable


def ask(script: str, **asked: Any) -> PeerAnswer:
    """What a script of bench/peers prints on its last line, as JSON, of what it reads as JSON."""
    command = [python(), str(FOLDER / f"{script}.py")]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    try:
        answer = subprocess.run(
            command, input=msgspec.json.encode(asked).decode(), capture_output=True, text=True, check=False,
            timeout=SECONDS_MAX, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return PeerAnswer(missing=f"{script}: no answer within {SECONDS_MAX} s")
    if answer.returncode:
        lines = answer.stderr.strip().splitlines()[-LINES_SHOWN:]
        if lines and lines[-1].startswith("ModuleNotFoundError"):
            missing = lines[-1].rpartition(" ")[2].strip("'")
            return PeerAnswer(missing=f'{missing} is not installed: pip install "letrade[bench]"')
        return PeerAnswer(missing=f"{script} failed: {' / '.join(lines)}")
    return PeerAnswer(said=msgspec.json.decode(answer.stdout.strip().splitlines()[-1]))
