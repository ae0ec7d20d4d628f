"""Commands of the NATS protocol for the link over nats-py, and header blocks that are made once."""

from __future__ import annotations

from letrade.core.errors import NatsError
from letrade.core.network.link import Headers
from letrade.hotpath import outbox

ONE_COMMAND_BYTES_MAX = 2**40
"""No limit of its own: who takes each command at once has counted its bytes before."""


def command_writer() -> outbox.Outbox:
    """Writes one command after the other, each to be taken at once; what would break a line is refused."""
    writer = outbox.Outbox(NatsError, lambda now: None, ONE_COMMAND_BYTES_MAX)
    writer.payload_max = ONE_COMMAND_BYTES_MAX
    writer.open = True
    return writer


def header_block(headers: Headers) -> bytes:
    """The block of these headers, or NatsError; one that is made already stays as it is."""
    if isinstance(headers, bytes):
        return headers
    try:
        return outbox.header_block(headers)
    except ValueError as error:
        raise NatsError(str(error)) from error
