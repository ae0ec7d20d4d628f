"""`letrade tap`: messages as they pass over NATS, decoded, a line of JSON each; or how many of them pass."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from letrade.commands import options
from letrade.core.errors import UsageError

if TYPE_CHECKING:
    from letrade.displays import Lines
    from letrade.sieve import Sieve
    from letrade.tapping import Tap

TICK = "1s"


def _filters(function: Any) -> Any:
    for name, many, what in (
        ("source", "sources", "Messages of this actor or feed"),
        ("account", "accounts", "Messages about this account"),
        ("strategy", "strategies", "Messages about this strategy"),
        ("instrument", "instruments", "Messages about this instrument, such as 'binance.*'"),
        ("kind", "kinds", "This kind of message, such as fill"),
    ):
        text = f"{what}; may be given several times."
        function = click.option(f"--{name}", many, multiple=True, metavar="NAME", help=text)(function)
    return function


@click.command("tap")
@click.argument("subject", required=False)
@_filters
@click.option("--where", multiple=True, metavar="FIELD>VALUE", help="Of a field: = != > >= < <= ~; all must hold.")
@click.option("--rates", is_flag=True, help="Messages and bytes a second instead of the messages.")
@click.option(
    "--by", type=click.Choice(["kind", "subject", "instrument", "strategy", "account"]), default=None,
    help="With --rates: what is counted together; kind when left out.",
)  # fmt: skip
@click.option("--every", metavar="TIME", help="With --rates: how often they are told; 1s when left out.")
@click.option("--subjects", is_flag=True, help="Each subject once, instead of the messages.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many messages.")
@click.option("--for", "duration", metavar="TIME", help="End after this time: 10s, 1m.")
@options.reaches_desk
@options.as_json
def tap(
    subject: str | None, where: tuple[str, ...], rates: bool, by: str | None, every: str | None, subjects: bool,
    count: int | None, duration: str | None, desk: str | None, data_dir: Path | None, server: options.Server,
    as_json: bool, **filters: tuple[str, ...],
) -> int:  # fmt: skip
    """Print what is published on SUBJECT, or all that passes the filters, until Ctrl-C.

    What is known to have been lost on the way here is told at the end, on standard error.

    \b
      letrade tap 'letrade.main.do.fill.>'
      letrade tap --kind fill --kind order_refused --strategy btc_fast
      letrade tap --kind trade --instrument 'binance.*' --where 'size>1' --where side=1
      letrade tap --rates --by instrument --for 10s
    """
    from letrade.reach import find_desk

    if rates and subjects:
        raise UsageError("expected --rates or --subjects, found both")
    if (by or every) and not rates:
        raise UsageError(f"--{'by' if by else 'every'} goes with --rates")
    _check_subject(subject)
    sieve = _sieve(subject, where, filters)
    address = find_desk(desk, data_dir, server, operator=False)
    about = address.desk if address.is_desk else desk
    patterns = [subject] if subject is not None else sieve.subjects(about)
    duration_ns, tick_ns = options.parse_seconds(duration), options.parse_seconds(every or TICK)
    assert tick_ns is not None

    async def listen() -> None:
        from letrade.displays import Lines, Rates, Subjects
        from letrade.tapping import Tap
        from letrade.traffic import Traffic

        traffic = Traffic(sieve)
        lines: Lines = Subjects(traffic, count, as_json) if subjects else Lines(traffic, count)
        tap = Tap(traffic, patterns, lines)
        if rates:
            tap.display = table = Rates(traffic, by or "kind", count, as_json, tap.losses.found)
            try:
                await tap.run(address, duration_ns, tick_ns)
            finally:
                table.close()
        else:
            await tap.run(address, duration_ns, tick_ns)
        _tell_losses(tap)

    import uvloop

    uvloop.run(listen())
    return 0


def _check_subject(subject: str | None) -> None:
    tokens = subject.split(".") if subject is not None else ["x"]
    if not all(tokens) or any(character.isspace() for character in subject or ""):
        raise UsageError(f"expected a subject such as 'letrade.main.do.fill.>', found {subject!r}")


def _sieve(subject: str | None, where: tuple[str, ...], filters: dict[str, tuple[str, ...]]) -> Sieve:
    from letrade.sieve import Sieve

    journal = subject is not None and subject.split(".")[2:3] == ["journal"]
    return Sieve(**filters, conditions=where, journal=journal)


def _tell_losses(tap: Tap) -> None:
    lost = ", ".join(f"{count:,} {kind}" for kind, count in tap.losses.found().items())
    if lost:
        sys.stderr.write(f"letrade: lost on the way here, at least: {lost}; the desk's own actors may have had them\n")
    if tap.outages:
        sys.stderr.write(f"letrade: the connection was lost {tap.outages} times; what passed meanwhile was not seen\n")
