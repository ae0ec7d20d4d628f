"""What a figure depends on besides the code: the machine, what else runs on it, and versions."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from letrade import __version__
from letrade.core.errors import LetradeError
from letrade.core.network.server_files import find_binary

PACKAGES = ("msgspec", "numpy", "nats-py", "uvloop", "hdrhistogram")
BUSY_LOAD = 0.3
"""Of each core: with more than this before the run, somebody else was working."""
CLOCK_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def facts() -> dict[str, Any]:
    """Taken before the run; `note_end` adds what was seen at its end."""
    load = os.getloadavg()[0]
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "governor": _first_line(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")) or "unknown",
        "scheduling": _scheduling(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "letrade": __version__,
        "nats_server": _server_version(),
        **{package.replace("-", "_"): _version(package) for package in PACKAGES},
        "load_before": round(load, 2),
        "other_load": load > BUSY_LOAD * (os.cpu_count() or 1),
        "busy_processes": busy_processes(),
    }


def note_end(machine: dict[str, Any]) -> None:
    """The load after the run, which is mostly our own."""
    machine["load_after"] = round(os.getloadavg()[0], 2)


def _cpu_model() -> str:
    lines = _text(Path("/proc/cpuinfo")).splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _scheduling() -> str:
    """How this process is scheduled: chrt, nice and taskset are inherited by all players."""
    names = {0: "other", 1: "fifo", 2: "round robin", 3: "batch", 5: "idle"}
    if not hasattr(os, "sched_getscheduler"):
        return f"nice {os.nice(0)}"
    policy = names.get(os.sched_getscheduler(0), "unknown")
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    return f"{policy}, nice {os.nice(0)}, cores {cores}"


def _server_version() -> str:
    try:
        binary = find_binary()
        told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
    except (LetradeError, OSError, subprocess.TimeoutExpired) as error:
        return f"unknown: {error}"
    found = re.search(r"v?(\d+\.\d+\.\S+)", told)
    return found[1] if found else told.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _first_line(path: Path) -> str:
    return _text(path).partition("\n")[0].strip()


def process_cpu_seconds(pid: int) -> float:
    """User and system time of another process so far; 0 where that cannot be known."""
    text = _text(Path(f"/proc/{pid}/stat"))
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS_PER_SECOND if len(fields) > 12 else 0.0


def resident_mb(pid: int) -> float:
    """Memory that a process holds; 0 where that cannot be known."""
    fields = _text(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if len(fields) > 1 else 0.0


def busy_processes() -> int | None:
    """How many other processes run or wait for a core at this moment."""
    fields = _text(Path("/proc/loadavg")).split()
    return max(0, int(fields[3].partition("/")[0]) - 1) if len(fields) > 3 else None
