"""`letrade margin`: margins, liquidation and bankruptcy prices by the venue's own rules; its tiers; runs of cases."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from letrade.commands import options
from letrade.commands.data_download import read_settings
from letrade.core.errors import DataError, ExitCode, UsageError

if TYPE_CHECKING:
    from letrade.core.fraction import Fraction
    from letrade.margin.specs import PositionSpec
    from letrade.margin.tier_choice import TierChoice

LONG_RUN = 200
"""Cases from which on a bar shows how far it is."""
LIVE = "live"
OF_ONE = (
    "symbol", "side", "entry", "size", "leverage", "mark", "contract", "multiplier", "added_margin", "maintenance_rate",
    "maintenance_amount", "max_leverage",
)  # fmt: skip
"""What --positions says of each position itself."""

_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_settings = click.option(
    "--settings", type=_file, help="A TOML file with settings of the ccxt exchange: apiKey, secret, proxies, [options]."
)


@click.group("margin", invoke_without_command=True)
@click.option("--venue", help="binance, okx, bybit, gate, bitget, hyperliquid, kucoin, htx, phemex.")
@click.option("--symbol", help="ccxt's unified symbol: BTC/USDT:USDT, BTC/USD:BTC.")
@click.option("--side", type=click.Choice(("long", "short")))
@click.option("--entry", metavar="PRICE")
@click.option("--size", metavar="SIZE", help="Base units; contracts where inverse or with --multiplier.")
@click.option("--leverage", metavar="TIMES")
@click.option(
    "--mode", default="isolated", show_default=True, help="isolated, cross, or the venue's own: multi-assets."
)
@click.option(
    "--wallet", metavar="AMOUNT", help="Cross: the balance. Isolated: the margin, else entry value / leverage."
)
@click.option("--mark", metavar="PRICE", help="The mark price now; the entry when it is left out.")
@click.option("--positions", type=_file, help="Several positions: JSON, TOML or CSV, also as ccxt tells them.")
@click.option("--orders", type=_file, help="Open orders, whose margin counts: JSON, TOML or CSV.")
@click.option("--collateral", type=_file, help="Balances of a cross account with index and haircut.")
@click.option(
    "--tiers", "tier_files", multiple=True, metavar="FILE|live",
    help="Leverage tiers: ccxt's JSON, CSV or TOML, a folder of them, or live: asked of the venue.",
)  # fmt: skip
@click.option("--date", metavar="DATE", help="Rules and tiers as of this day; the newest when it is left out.")
@click.option("--contract", type=click.Choice(("linear", "inverse")), help="To be sure: must agree with the symbol.")
@click.option("--multiplier", metavar="UNITS", help="Base units (linear) or quote units (inverse) of one contract.")
@click.option("--hedge", is_flag=True, help="The account is in hedge mode: long and short of one symbol at once.")
@click.option("--added-margin", metavar="AMOUNT", help="Margin added to the isolated position by hand.")
@click.option("--fee", metavar="RATE", help="Taker fee, for venues that count the cost of closing: 0.0006.")
@click.option("--maintenance-rate", metavar="RATE", help="Of the tier in force, instead of a table: 0.004.")
@click.option("--maintenance-amount", metavar="AMOUNT", help="With --maintenance-rate: the deduction of that tier.")
@click.option("--max-leverage", metavar="TIMES", help="The highest that the venue allows; Hyperliquid's rate follows.")
@click.option("--cases", type=_file, help="Run liquidation cases of a file; exit code 7 where one differs.")
@click.option(
    "--record", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Keep in FILE, for --cases, what a liquidation monitor found to differ from its venue.",
)  # fmt: skip
@click.option(
    "--events", type=click.Path(path_type=Path, exists=True, allow_dash=True), metavar="DIR|FILE|-",
    help="Where --record finds it: a desk's data directory, lines of a log or of letrade tap; standard input.",
)  # fmt: skip
@_settings
@options.as_json
@click.pass_context
def margin(context: click.Context, /, **given: Any) -> int:
    """Margins, liquidation and bankruptcy price of a position, by the venue's own rules, with formula and source.

    \b
      letrade margin --venue binance --symbol BTC/USDT:USDT --side long --entry 60000 --size 0.5 --leverage 10
      letrade margin --venue binance --mode cross --wallet 12000 --positions positions.csv --tiers tiers.json
      letrade margin tiers download --venue bybit --symbol BTC/USDT:USDT -o tiers.json
      letrade margin --cases cases.json --json
      letrade margin --record cases.json --events ~/.local/share/letrade/main
    """
    if context.invoked_subcommand is not None:
        _leave_out(context, f"{context.invoked_subcommand} reads what stands after it", ())
        return ExitCode.OK
    if given["record"] is not None:
        _leave_out(context, "--record adds cases to a file", ("record", "events", "cases", "as_json"))
        return _record(given)
    if given["events"] is not None:
        raise UsageError("--events says where --record FILE finds its cases: give that too")
    if given["cases"] is not None:
        _leave_out(context, "the cases of the file say everything", ("cases", "tier_files", "date", "as_json"))
        return _run_cases(given)
    return _assess(given)


def _leave_out(context: click.Context, why: str, read: Collection[str]) -> None:
    """UsageError for an option that was said and would not be heard."""
    for option in context.command.params:
        said = context.get_parameter_source(option.name or "") not in (None, ParameterSource.DEFAULT)
        if said and option.name not in read:
            raise UsageError(f"{option.opts[0]}: would not be heard, as {why}: leave it out here")


@margin.command("tiers")
@click.argument("action", type=click.Choice(("download",)))
@click.option("--venue", required=True, help="An exchange of ccxt.")
@click.option("--symbol", "symbols", multiple=True, help="May be given several times; left out, all of them.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE")
@_settings
@options.as_json
def tiers(action: str, venue: str, symbols: tuple[str, ...], output: Path, settings: Path | None, as_json: bool) -> int:
    """Download the leverage tiers of a venue through ccxt into FILE, for --tiers. Some venues want an API key for it.

    \b
      letrade margin tiers download --venue bybit --symbol BTC/USDT:USDT -o bybit-tiers.json
    """
    from letrade.decoding import to_json
    from letrade.margin.live_tiers import live_tiers, write_tiers

    told = live_tiers(venue, symbols, read_settings(settings), None if as_json else _tell)
    for symbol in told.rows:
        told.table(symbol)
    write_tiers(told, output)
    summary = {"file": str(output), "venue": venue, "date": told.shown_date(), "symbols": len(told.rows)}
    click.echo(to_json(summary).decode() if as_json else f"{output}: tiers of {len(told.rows)} symbols")
    return ExitCode.OK


@margin.command("modes")
@click.option("--venue", help="Of this venue alone.")
@options.as_json
def modes(venue: str | None, as_json: bool) -> int:
    """List the margin modes that are modelled, each with the text that its rules were read from."""
    from letrade.decoding import to_json
    from letrade.margin.modes import modes as modelled
    from letrade.margin.modes import venue_of
    from letrade.margin.words import show_modes

    found = modelled(None if venue is None else venue_of(venue))
    if as_json:
        click.echo(to_json(found).decode())
    else:
        show_modes(found)
    return ExitCode.OK


def _assess(given: dict[str, Any]) -> int:
    from letrade.decoding import to_json
    from letrade.margin.answers import answer
    from letrade.margin.modes import venue_of
    from letrade.margin.questions import Question, groups_of
    from letrade.margin.specs import read_orders

    if given["venue"] is None:
        raise UsageError("say --venue, or --cases FILE; letrade margin --help has examples")
    venue = venue_of(given["venue"])
    question = Question(
        venue=venue,
        mode=given["mode"],
        positions=_positions(given),
        orders=tuple(read_orders(given["orders"])) if given["orders"] else (),
        wallet=_number(given, "wallet"),
        collateral=given["collateral"],
        fee=_number(given, "fee"),
        hedge=given["hedge"],
        date=_date(given["date"]),
    )
    found = answer(question, groups_of(question, _tiers(given, venue)))
    if given["as_json"]:
        click.echo(to_json(found).decode())
    else:
        from letrade.margin.words import show_answer

        show_answer(found)
    return ExitCode.OK


def _positions(given: dict[str, Any]) -> tuple[PositionSpec, ...]:
    """Of a file, or the one that the options describe."""
    from letrade.margin.specs import PositionSpec, read_positions, side_of
    from letrade.margin.symbols import parts_of, unified

    single = [name for name in OF_ONE if given[name] is not None]
    if given["positions"] is not None:
        if single:
            name = single[0].replace("_", "-")
            raise UsageError(f"--positions says everything about the positions: leave --{name} out")
        return tuple(read_positions(given["positions"]))
    missing = [f"--{name}" for name in ("symbol", "side", "entry", "size") if given[name] is None]
    if missing:
        raise UsageError(f"expected {', '.join(missing)} too, or --positions FILE")
    symbol = unified(given["symbol"], given["contract"])
    try:
        parts = parts_of(symbol, "--symbol")
    except DataError as error:
        raise UsageError(str(error)) from error
    if given["contract"] not in (None, parts.contract):
        raise UsageError(f"--contract: {symbol} is {parts.contract}, as it settles in {parts.settle}")
    spec = PositionSpec(
        place="position",
        symbol=symbol,
        side=side_of(given["side"], "--side"),
        size=_needed(given, "size"),
        entry=_needed(given, "entry"),
        mark=_number(given, "mark"),
        leverage=_number(given, "leverage"),
        added=_number(given, "added_margin"),
        multiplier=_number(given, "multiplier"),
        rate=_number(given, "maintenance_rate"),
        maintenance_amount=_number(given, "maintenance_amount"),
        max_leverage=_number(given, "max_leverage"),
    )
    return (spec,)


def _number(given: dict[str, Any], name: str) -> Fraction | None:
    from letrade.core.margin.records import exact

    if given[name] is None:
        return None
    try:
        return exact(given[name], f"--{name.replace('_', '-')}")
    except DataError as error:
        raise UsageError(str(error)) from error


def _needed(given: dict[str, Any], name: str) -> Fraction:
    found = _number(given, name)
    if found is None or found <= 0:
        raise UsageError(f"--{name}: expected a number above 0, found {given[name]!r}")
    return found


def _date(text: str | None) -> str | None:
    """YYYY-MM-DD; UsageError for anything else."""
    from letrade.core.config.values import parse_instant, show_instant

    if text is None:
        return None
    try:
        return show_instant(parse_instant(text))[:10]
    except ValueError:
        raise UsageError(f"--date: expected a date such as 2024-01-31, found {text!r}") from None


def _tiers(given: dict[str, Any], venue: str) -> TierChoice:
    from letrade.core.config.values import parse_instant
    from letrade.core.margin.tier_files import TierFile, read_tier_files
    from letrade.margin.tier_choice import TierChoice

    wanted: tuple[str, ...] = given["tier_files"]
    day = _date(given["date"])
    at = None if day is None else parse_instant(day)
    if LIVE not in wanted:
        missing = next((each for each in wanted if not Path(each).exists()), None)
        if missing is not None:
            raise UsageError(f"--tiers: there is no file {missing!r}; `live` asks the venue")
        return TierChoice(venue, read_tier_files(map(Path, wanted)), at)
    if len(wanted) > 1 or at is not None:
        raise UsageError("--tiers live is what holds now: it goes with no file and no --date")
    settings = read_settings(given["settings"])

    def ask(symbol: str) -> TierFile:
        from letrade.margin.live_tiers import live_tiers

        return live_tiers(venue, (symbol,), settings, None if given["as_json"] else _tell)

    return TierChoice(venue, live=ask)


def _record(given: dict[str, Any]) -> int:
    from letrade.decoding import to_json
    from letrade.margin.recording import cases_in, cases_of_desk, record

    path, events = given["record"], given["events"]
    if given["cases"] is not None:
        raise UsageError("--record writes cases and --cases runs them: one after the other")
    if events is None and sys.stdin.isatty():
        raise UsageError("--record: say where from: --events DIR of a desk, or pipe its log or letrade tap --json in")
    if events is None or str(events) == "-":
        found = record(cases_in(sys.stdin), path)
    elif events.is_dir():
        found = record(cases_of_desk(events), path)
    else:
        with events.open(encoding="utf-8", errors="replace") as lines:
            found = record(cases_in(lines), path)
    if given["as_json"]:
        click.echo(to_json({"file": str(path), "added": found.added, "known": found.known}).decode())
    else:
        click.echo(f"{path}: {found.added} cases added, {found.known} known before")
    return ExitCode.OK


def _run_cases(given: dict[str, Any]) -> int:
    from letrade.core.margin.registry import FIRST_CHANGE
    from letrade.decoding import to_json
    from letrade.margin.case_inputs import read_case_rows, unknown_names
    from letrade.margin.case_runs import failed, run_cases, summary_of, tallies

    if LIVE in given["tier_files"]:
        raise UsageError("--tiers live goes with one position: cases are of several venues and days")
    rows = read_case_rows(given["cases"])
    unknown = unknown_names(rows)
    if unknown:
        _tell(f"letrade: {given['cases']}: names that nobody reads: {', '.join(unknown)}")
    results = []
    with _progress(len(rows)) as moved:
        for result in run_cases(rows, _tiers(given, "binance"), moved, _date(given["date"]) or FIRST_CHANGE):
            results.append(result)
            if given["as_json"]:
                click.echo(to_json(result).decode())
    if given["as_json"]:
        _tell(to_json(summary_of(results)).decode())
    else:
        from letrade.margin.words import show_cases

        show_cases(results, tallies(results))
    if any(each.refused is not None and each.counts for each in results):
        return ExitCode.DATA
    return ExitCode.LEDGER_MISMATCH if failed(results) else ExitCode.OK


@contextmanager
def _progress(cases: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, where there are many."""
    if cases < LONG_RUN or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("cases", total=cases)
        yield lambda: shown.update(task, advance=1)


def _tell(text: str) -> None:
    click.echo(text, err=True)
