"""`letrade decode`: a filter that names the fields of messages, for `nats sub --translate 'letrade decode'`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from letrade.core.errors import DataError, ExitCode
from letrade.decoding import messages_in, named, named_otherwise, to_json

HELP = """Usage: letrade decode [--json] [--help]

  Reads one message, or several (lines of JSON, msgpack payloads end to end), from
  standard input and prints each as a line of JSON with its fields named. Requests,
  answers and the signals between processes become JSON too.

    nats sub 'letrade.>' --translate 'letrade decode'

  What is no message is printed as it is; the exit code is then 6.
"""


def main(arguments: Sequence[str]) -> int:
    """Reads all of standard input. This command loads msgspec and the messages alone, so that it starts fast."""
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(HELP)
        return ExitCode.OK
    if unknown := [argument for argument in arguments if argument != "--json"]:
        sys.stderr.write(
            f"letrade: decode takes no {unknown[0]!r}: it reads standard input; see letrade decode --help\n"
        )
        return ExitCode.USAGE
    data = sys.stdin.buffer.read()
    lines: list[bytes] = []
    try:
        lines.extend(to_json(named(message)) for message in messages_in(data))
    except DataError as error:
        return _as_it_is(data, error)
    if lines:
        sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
        sys.stdout.buffer.flush()
    return ExitCode.OK


def _as_it_is(data: bytes, error: DataError) -> int:
    """What else a desk and those who ask it send is readable too, or is made so; all else is told."""
    code, shown = ExitCode.OK, data
    try:
        found = named_otherwise(data)
        if data.lstrip()[:1] != b"{":
            shown = to_json(found)
    except DataError:
        sys.stderr.write(f"letrade: {error}\n")
        code = ExitCode.DATA
    sys.stdout.buffer.write(shown if shown.endswith(b"\n") else shown + b"\n")
    sys.stdout.buffer.flush()
    return code
