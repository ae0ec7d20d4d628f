"""`letrade tap`: messages as they pass over NATS, decoded, a line of JSON each."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click

from letrade.commands import options


@click.command("tap")
@click.argument("subject", default="letrade.>")
@click.option("--count", type=click.IntRange(min=1), help="End after so many messages.")
@click.option("--for", "duration", metavar="TIME", help="End after this time: 10s, 1m.")
@options.reaches_desk
@options.as_json
def tap(
    subject: str, count: int | None, duration: str | None, desk: str | None, data_dir: Path | None,
    nats_url: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Print what is published on SUBJECT ('letrade.>' is all), until Ctrl-C.

    \b
      letrade tap 'letrade.main.do.fill.>'
      letrade tap 'letrade.*.ev.>' --count 10
    """
    from letrade.reach import find_desk

    address = find_desk(desk, data_dir, nats_url, operator=False)
    seconds = options.parse_seconds(duration)
    asyncio.run(_Tap(count).run(address, subject, seconds))
    return 0


class _Tap:
    """Prints until it has seen enough, is interrupted, or nobody reads what it prints."""

    def __init__(self, count: int | None) -> None:
        self.left = count
        self.ended = asyncio.Event()
        self.broken: BrokenPipeError | None = None

    async def run(self, address: object, subject: str, duration_ns: int | None) -> None:
        from letrade.core.clock import SECOND
        from letrade.reach import Address, linked

        assert isinstance(address, Address)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.ended.set)
        async with linked(address, "letrade-tap") as link:
            link.subscribe(subject, self._show)
            await link.flush()
            try:
                await asyncio.wait_for(self.ended.wait(), None if duration_ns is None else duration_ns / SECOND)
            except TimeoutError:
                self.ended.set()
        if self.broken is not None:
            raise self.broken

    def _show(self, subject: str, payload: bytes, reply: str) -> None:
        if self.ended.is_set():
            return
        try:
            sys.stdout.buffer.write(_line(subject, payload) + b"\n")
            sys.stdout.buffer.flush()
        except BrokenPipeError as error:
            self.broken = error
            self.ended.set()
            return
        if self.left is not None:
            self.left -= 1
            if not self.left:
                self.ended.set()


def _line(subject: str, payload: bytes) -> bytes:
    """The message with its subject; what is none as JSON or text."""
    import msgspec

    from letrade.core.codec import decode
    from letrade.core.errors import DataError
    from letrade.decoding import named, readable, to_json

    try:
        return to_json({"subject": subject, **named(decode(payload))})
    except DataError:
        for decoder in (msgspec.json.decode, msgspec.msgpack.decode):
            try:
                return to_json({"subject": subject, "payload": readable(decoder(payload))})
            except (msgspec.MsgspecError, TypeError, UnicodeDecodeError):
                continue
        return to_json({"subject": subject, "payload": payload.decode(errors="backslashreplace")})
