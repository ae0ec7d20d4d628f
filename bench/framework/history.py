"""Earlier runs, kept as JSON below the user's cache directory, so that a run can be compared with the last one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from letrade.bench.framework.results import Result
from letrade.core.errors import DataError, ResourceError

RUNS_MAX = 100


def directory() -> Path:
    """$LETRADE_BENCH_DIR, else letrade/bench in the user's cache directory."""
    if configured := os.environ.get("LETRADE_BENCH_DIR"):
        return Path(configured).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "letrade" / "bench"


def read(path: Path) -> dict[str, Any]:
    """One run; DataError when the file holds none."""
    try:
        report = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{path}: expected the JSON of a benchmark run: {error}") from error
    if not isinstance(report, dict) or not isinstance(report.get("results"), list):
        raise DataError(f"{path}: expected an object with `results`, as `letrade bench --json` prints it")
    return report


def earlier_values(compare: Path | None) -> dict[str, float]:
    """By result name: of the given run, else of the last kept run that has it."""
    paths = sorted(directory().glob("*.json")) if compare is None else [compare]
    found: dict[str, float] = {}
    for report in map(read, paths):
        found |= {str(each["name"]): float(each["value"]) for each in report["results"] if each.get("value")}
    return found


def compare_with(results: Iterable[Result], earlier: Mapping[str, float]) -> None:
    """Note on each result what it was, and the change as a share: positive is better."""
    for result in results:
        previous = earlier.get(result.name)
        if previous and result.value:
            result.previous = previous
            change = result.value / previous if result.better == "higher" else previous / result.value
            result.change = round(change - 1.0, 4)


def keep(report: Mapping[str, Any]) -> Path:
    """Write a run down; the oldest beyond RUNS_MAX go."""
    folder = directory()
    name = str(report["time"]).replace(":", "").replace("-", "")
    path = folder / f"{name}-{os.getpid()}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(report))
        for old in sorted(folder.glob("*.json"))[:-RUNS_MAX]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise ResourceError(f"{folder}: the run cannot be kept: {error.strerror}; set LETRADE_BENCH_DIR") from error
    return path
