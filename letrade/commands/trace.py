"""`letrade trace`: a fill (or a refusal) back to the market data that caused it, hop by hop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from letrade.commands import options


@click.command("trace")
@click.argument("name", required=False, metavar="[ID]")
@click.option("--follow", is_flag=True, help="Hear over NATS, and trace each fill as it comes.")
@click.option("--count", type=click.IntRange(min=1), help="With --follow: end after so many fills.")
@options.reaches_desk
@options.as_json
def trace(
    name: str | None, follow: bool, count: int | None, desk: str | None, data_dir: Path | None,
    server: options.Server, as_json: bool,
) -> int:  # fmt: skip
    """Trace the fill, order or refusal ID; left out, the last fill.

    Reads the journals of the desk's data directory, running or not. With --follow it listens over NATS instead, and
    traces what happens from now on.
    """
    if follow or server is not None:
        return _follow(name, count, desk, data_dir, server, as_json)
    from letrade.tracing import Journals

    journals = Journals(_folder(desk, data_dir))
    hops = journals.trace(journals.find_fill(name))
    _say(hops, as_json)
    if hops[-1].cause:
        click.echo(f"letrade: {hops[-1].cause} was not found: {'; '.join(journals.unreadable[:3])}", err=True)
    return 0


def _folder(desk: str | None, data_dir: Path | None) -> Path:
    if data_dir is not None:
        return data_dir
    from letrade.reach import running_desks

    running = running_desks()
    named = desk or (
        options.DEFAULT_DESK if options.DEFAULT_DESK in running or len(running) != 1 else next(iter(running))
    )
    return options.data_root() / named


def _say(hops: list[Any], as_json: bool) -> None:
    from letrade.decoding import named, to_json
    from letrade.tracing import in_words

    if as_json:
        found = {
            "id": hops[0].id,
            "complete": not hops[-1].cause,
            "hops": [{"id": hop.id, **named(hop)} for hop in hops],
        }
        click.echo(to_json(found).decode())
    else:
        click.echo(in_words(hops, named))


def _follow(
    name: str | None, count: int | None, desk: str | None, data_dir: Path | None, server: options.Server, as_json: bool
) -> int:
    from letrade.core.codec import decode
    from letrade.core.errors import DataError
    from letrade.core.messages.orders import Fill
    from letrade.reach import find_desk, linked
    from letrade.tracing import Heard, is_meant

    address = find_desk(desk, data_dir, server, operator=False)
    heard, left = Heard(), count if count is not None else (1 if name is not None else None)

    async def listen() -> None:
        ended = asyncio.Event()

        def hear(subject: str, payload: bytes, reply: str) -> None:
            nonlocal left
            if ended.is_set():
                return
            try:
                message = decode(payload)
            except DataError:
                return  # requests, step signals and the like pass here too
            heard.add(message)
            wanted = isinstance(message, Fill) if name is None else is_meant(message, name)
            if wanted:
                _say(heard.trace(message), as_json)
                left = None if left is None else left - 1
                if left == 0:
                    ended.set()

        async with linked(address, "letrade-trace") as link:
            link.subscribe(f"letrade.{address.desk}.>", hear)
            await link.flush()
            await ended.wait()

    asyncio.run(listen())
    return 0
