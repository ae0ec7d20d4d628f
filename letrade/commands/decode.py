"""`letrade decode`: a filter that names the fields of messages, for `nats sub --translate 'letrade decode'`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from letrade.core.errors import DataError, ExitCode
from letrade.decoding import messages_in, named, to_json

HELP = """Usage: letrade decode [--json] [--help]

  Reads one message, or several (lines of JSON, msgpack payloads end to end), from
  standard input and prints each as a line of JSON with its fields named.

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
    """JSON that is no message, such as a request or its answer, is readable already; all else is told."""
    sys.stdout.buffer.write(data if data.endswith(b"\n") else data + b"\n")
    sys.stdout.buffer.flush()
    if data.lstrip()[:1] == b"{" and _is_json(data):
        return ExitCode.OK
    sys.stderr.write(f"letrade: {error}\n")
    return ExitCode.DATA


def _is_json(data: bytes) -> bool:
    import msgspec

    try:
        msgspec.json.decode(data)
    except msgspec.DecodeError:
        return False
    return True
