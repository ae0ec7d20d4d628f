"""Ctrl-C in a study: the terminal sends it to every process, and people press it twice; nobody shows a traceback."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
from letrade.studies.pool import run_seeds

if __name__ == "__main__":
    found = run_seeds([("calm", seed, "", (5,)) for seed in range(1, 500)], 2)
    print(len(found) < 499)
"""


def _children(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see the processes begin")
def test_interrupts_of_the_whole_group_end_it_with_what_there_is(tmp_path: Path) -> None:
    """Of the children the first is the one that multiprocessing keeps for its own. They hear it while they begin, and
    everybody hears it until the end."""
    program = tmp_path / "study.py"
    program.write_text(PROGRAM)
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ,
        start_new_session=True,
    ) as study:  # fmt: skip
        while study.poll() is None and len(_children(study.pid)) < 3:
            time.sleep(0.002)
        for _ in range(10):
            for child in _children(study.pid)[1:]:
                _interrupt(int(child))
            time.sleep(0.02)
        while study.poll() is None:
            _interrupt(-study.pid)
            time.sleep(0.02)
        output, errors = study.communicate(timeout=30)
    assert (study.returncode, output, errors) == (0, "True\n", "")


def _interrupt(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
