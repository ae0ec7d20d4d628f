"""`letrade data download`: an exchange's history into the catalogue, through ccxt."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from letrade.commands import options
from letrade.core.errors import ConfigurationError, ExitCode, UsageError

if TYPE_CHECKING:
    from letrade.data.downloading import Order, Outcome, Progress
    from letrade.data.exchange import Exchange

KINDS = ("bars", "trades", "funding", "mark", "index")
DEFAULT_INTERVAL = "1h"
GRACE_SECONDS = 10
"""The exchange's clock may run behind ours: a bar of the last seconds may not be over there."""
CREDENTIALS = ("apiKey", "secret", "password", "uid", "walletAddress", "privateKey", "token")

root = click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False), envvar="LETRADE_CATALOGUE", show_envvar=True,
    help="The catalogue's folder; market-data in the data directory when it is left out.",
)  # fmt: skip


@click.command("download")
@click.argument("venue")
@click.argument("symbols", nargs=-1, required=True, metavar="SYMBOL...")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="What; bars when it is left out.")
@click.option("--interval", metavar="TIME", help="Of bars, mark and index prices: 1m, 1h, 1d; 1h when it is left out.")
@click.option("--from", "start", metavar="DATE", help="Where to begin; left out, where the last download ended.")
@click.option("--to", "end", metavar="DATE", help="Where to end, this day not included; now when it is left out.")
@click.option(
    "--settings", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A TOML file with settings of the ccxt exchange: proxies, timeout, [options], [urls].",
)  # fmt: skip
@root
@options.as_json
def download(
    venue: str, symbols: tuple[str, ...], kinds: tuple[str, ...], interval: str | None, start: str | None,
    end: str | None, settings: Path | None, root: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Download history of SYMBOLs from VENUE (any exchange of ccxt) into the catalogue.

    What was downloaded before is not asked for again; after an interruption (Ctrl-C, no network) the same command goes
    on where it stopped. The exchange's rate limit is kept, and a busy one is asked again.

    \b
      letrade data download binance BTC/USDT ETH/USDT --interval 1m --from 2024-01-01 --to 2024-07-01
      letrade data download binance BTC/USDT:USDT --kind bars --kind mark --kind funding --from 2024-01-01
    """
    from letrade.core.data.catalogue import DataCatalogue
    from letrade.core.data.series import default_root
    from letrade.data.downloading import Download
    from letrade.data.exchange import Exchange
    from letrade.decoding import to_json

    catalogue = DataCatalogue(root or default_root())
    exchange = Exchange(venue, read_settings(settings), on_retry=None if as_json else _tell_retry)
    wanted = _orders(exchange, catalogue, symbols, kinds or ("bars",), interval, (start, end))
    outcomes: list[Outcome] = []
    code = ExitCode.OK
    for order in wanted:
        with _progress(order, quiet=as_json) as progress:
            running = Download(catalogue, exchange, order, progress)
            try:
                outcomes.append(running.run())
            except KeyboardInterrupt:
                outcomes.append(running.outcome())
                code = ExitCode.FORCED
        if not as_json:
            click.echo(_in_words(outcomes[-1]))
        if code:
            break
    if as_json:
        click.echo(to_json([_as_table(outcome) for outcome in outcomes]).decode())
    return code


def _orders(
    exchange: Exchange, catalogue: Any, symbols: Sequence[str], kinds: Sequence[str], interval: str | None,
    span: tuple[str | None, str | None],
) -> list[Order]:  # fmt: skip
    """Every series that is asked for, checked before the first is begun."""
    from letrade.core import clock
    from letrade.core.config.durations import parse_duration
    from letrade.core.data.columns import Kind
    from letrade.core.data.series import Series, interval_text
    from letrade.data.downloading import Order

    text = interval_text(interval or DEFAULT_INTERVAL)
    interval_ns, now = parse_duration(text), clock.wall_ns() - GRACE_SECONDS * clock.SECOND
    start, end = (_instant(name, value) for name, value in zip(("--from", "--to"), span, strict=True))
    orders = []
    for kind in (Kind.MARKS if word == "mark" else Kind(word) for word in kinds):
        if not exchange.can(kind):
            raise UsageError(f"ccxt cannot fetch {kind} of {exchange.venue}")
        if kind not in (Kind.TRADES, Kind.FUNDING):
            exchange.timeframe(interval_ns)
        for symbol in symbols:
            market = exchange.market(symbol)
            series = Series(kind, market.instrument, text if kind == Kind.BARS else "")
            # A bar that is not over is no bar yet.
            last = min(end if end is not None else now, now)
            last = last // interval_ns * interval_ns if kind == Kind.BARS else last
            first = start if start is not None else _resumed(catalogue, series)
            if first >= last:
                raise UsageError(
                    f"expected --from before --to and before now, found {_shown(first)} and {_shown(last)}"
                )
            orders.append(Order(series, market, interval_ns, first, last))
    return orders


def _resumed(catalogue: Any, series: Any) -> int:
    from letrade.core.data.coverage import Coverage

    spans = Coverage(catalogue, series).spans
    if not spans:
        raise UsageError(f"{series} was never downloaded: say --from when to begin, such as --from 2024-01-01")
    # From its start, so that holes are filled too.
    return spans[0][0]


def _instant(name: str, text: str | None) -> int | None:
    from letrade.core.config.values import parse_instant

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError:
        raise UsageError(
            f"{name}: expected a date such as 2024-01-31, or a time with its zone, found {text!r}"
        ) from None


def read_settings(path: Path | None) -> dict[str, Any]:
    """Of a ccxt exchange, as a TOML file says them."""
    import tomllib

    if path is None:
        return {}
    try:
        found = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: expected TOML: {error}") from error
    wrong = [name for name in CREDENTIALS if not isinstance(found.get(name, ""), str)]
    if wrong:
        raise ConfigurationError(f"{path}: {wrong[0]}: expected a text in quotes")  # what stands there is secret
    return found


def _tell_retry(text: str) -> None:
    click.echo(text, err=True)


@contextmanager
def _progress(order: Order, quiet: bool) -> Iterator[Progress | None]:
    """A bar over the span on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from letrade.core.config.values import show_instant

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[words]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(str(order.series), total=order.end - order.start, words="")

        def moved(through: int, rows: int) -> None:
            words = f"{rows:,} rows, {show_instant(through // 10**9 * 10**9)}"
            shown.update(task, completed=through - order.start, words=words)

        yield moved


def _shown(time: int) -> str:
    from letrade.core.config.values import show_instant

    return show_instant(time)


def _in_words(outcome: Outcome) -> str:
    there = f"{outcome.rows:,} rows, {_shown(outcome.first)} to {_shown(outcome.last)}" if outcome.rows else "no rows"
    text = f"{outcome.series}: {outcome.downloaded:,} downloaded; the catalogue has {there}"
    if outcome.complete:
        return text
    return f"{text}\nstopped at {_shown(outcome.through)}: the same command goes on from there"


def _as_table(outcome: Outcome) -> dict[str, Any]:
    return {
        "series": outcome.series, "downloaded": outcome.downloaded, "duplicates": outcome.duplicates,
        "replaced": outcome.replaced, "rows": outcome.rows, "from": _shown(outcome.first), "to": _shown(outcome.last),
        "through": _shown(outcome.through), "complete": outcome.complete,
    }  # fmt: skip
