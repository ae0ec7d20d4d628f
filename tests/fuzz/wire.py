"""Random bytes at the wire and at its twin, guided by what the twin has not done yet: any difference is a finding.

python -m tests.fuzz.wire --for 10m
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from letrade.hotpath.outbox import Outbox
from letrade.hotpath.wire import Wire
from tests.hotpath.sessions import RECORDED, WORDS
from tests.hotpath.wire_scene import DEEDS, Scene

INPUT_BYTES_MAX = 1024
SECONDS = {"s": 1, "m": 60, "h": 3600}
FOLDER = Path("build/fuzz")
PLAN_BYTES = 4
PIECES_MAX = 64


def seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)([smh]?)", text)
    if found is None or int(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"expected a time such as 90s, 10m or 1h, found {text!r}")
    return int(found[1]) * SECONDS[found[2] or "s"]


def chunks_of(data: bytes, size: int) -> list[bytes]:
    """Pieces of this size, or of a larger one where they would be too many; all at once for size 0."""
    size = max(size or len(data), -(-len(data) // PIECES_MAX))
    return [data[place : place + size] for place in range(0, len(data), size)]


def check(data: bytes, slow_wire: type[Any], slow_outbox: type[Any]) -> None:
    """Plays the rest as the first bytes plan it: size of pieces, budget, script; AssertionError where they differ."""
    if len(data) <= PLAN_BYTES:
        return
    size, budget, step, start = data[:PLAN_BYTES]
    script = [DEEDS[(start + step * place) % len(DEEDS)] for place in range(40)] if step else ()
    chunks = chunks_of(data[PLAN_BYTES:], size)
    ours = Scene(Wire, Outbox, script).play(chunks, [budget or 1024])
    slow = Scene(slow_wire, slow_outbox, script).play(chunks, [budget or 1024])
    if ours != slow:
        pair = next((pair for pair in zip(ours, slow, strict=False) if pair[0] != pair[1]), (ours[-1], slow[-1]))
        raise AssertionError(f"the wire: {pair[0]!r}, its twin: {pair[1]!r}")


def seeds() -> Iterator[bytes]:
    """The recorded session, whole and in its lines, under several plans."""
    parts = [RECORDED, *re.findall(rb"(?:PING|PONG|\+OK|-ERR[^\r]*|INFO[^\r]*)\r\n", RECORDED)]
    parts += [RECORDED[place : place + 120] for place in range(0, len(RECORDED), 60)]
    for number, part in enumerate(parts):
        yield bytes((0, 0, 0, 0)) + part
        yield bytes((7 + number, 1 + number % 5, 1 + number % 7, number % 11)) + part


def write_corpus(folder: Path) -> tuple[Path, Path]:
    """(the folder of what is worth trying, kept over runs; the file of the protocol's words)."""
    corpus = folder / "wire"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    dictionary = folder / "wire.dict"
    words = ["".join(f"\\x{byte:02x}" for byte in word) for word in WORDS]
    dictionary.write_text("".join(f'"{word}"\n' for word in words))
    return corpus, dictionary


def fuzz(arguments: list[str]) -> None:
    """Ends this process; libFuzzer reads the arguments."""
    import atheris

    with atheris.instrument_imports(include=["tests.models.wire"]):
        from tests.models.outbox import SlowOutbox
        from tests.models.wire import SlowWire
    atheris.Setup([sys.argv[0], *arguments], lambda data: check(data, SlowWire, SlowOutbox))
    atheris.Fuzz()


def replay(path: Path) -> None:
    from tests.models.outbox import SlowOutbox
    from tests.models.wire import SlowWire

    check(path.read_bytes(), SlowWire, SlowOutbox)
    print(f"{path}: the wire and its twin agree")


def run(duration_seconds: int, folder: Path) -> int:
    """Fuzzes in a process of its own, so that a crash there can be told here."""
    corpus, dictionary = write_corpus(folder)
    crashes = folder / "crashes"
    crashes.mkdir(exist_ok=True)
    known = set(crashes.iterdir())
    command = [
        sys.executable, "-m", "tests.fuzz.wire", "--in-process", "--", f"-max_total_time={duration_seconds}",
        f"-max_len={INPUT_BYTES_MAX}", f"-dict={dictionary}", f"-artifact_prefix={crashes}/", "-print_final_stats=1",
        "-timeout=20", "-rss_limit_mb=2048", str(corpus),
    ]  # fmt: skip
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = ended.stdout.decode(errors="replace")
    executions = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
    coverage = re.findall(r"\bcov: (\d+)", said)
    found = sorted(set(crashes.iterdir()) - known)
    print(
        f"fuzz wire: {int(executions[-1]) if executions else 0:,} executions in {duration_seconds} s, "
        f"{coverage[-1] if coverage else 'no'} edges of the twin, {len(list(corpus.iterdir()))} inputs kept, "
        f"{len(found)} crashes"
    )
    if ended.returncode or found or not executions:
        print(said[-4000:])
        for path in found:
            print(f"again: python -m tests.fuzz.wire --replay {path}")
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.wire", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--for", dest="duration_seconds", type=seconds, default=60, help="such as 90s, 10m; default 60s"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for inputs and crashes; default %(default)s")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="only this input, without atheris")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.replay is not None:
        replay(chosen.replay)
        return 0
    if chosen.in_process:
        fuzz(chosen.rest)
    return run(chosen.duration_seconds, chosen.folder)


if __name__ == "__main__":
    sys.exit(main())
