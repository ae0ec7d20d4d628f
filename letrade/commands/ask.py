"""`letrade status|pause|halt|resume|flatten|stop`: requests to a running desk over NATS."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from letrade.commands import options
from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.errors import DataError, ExitCode, LetradeError, TimeoutExpired

TIMEOUT_SECONDS = 10.0
FLATTEN_TIMEOUT_SECONDS = 30.0
STOP_PATIENCE_SECONDS = 60.0
ERRORS = {code.name.lower(): code for code in ExitCode}


def answer_of(
    verb: str, request: dict[str, Any], desk: str | None, data_dir: Path | None, server: options.Server, operator: bool
) -> dict[str, Any]:
    """What the desk says. LetradeError with the desk's own exit code where it refuses."""
    from letrade.reach import ask, find_desk

    address = find_desk(desk, data_dir, server, operator)
    timeout = FLATTEN_TIMEOUT_SECONDS if verb == "flatten" else TIMEOUT_SECONDS
    answer = asyncio.run(ask(address, verb, request, timeout))
    if isinstance(refused := answer.get("error"), dict):
        error = LetradeError(str(refused.get("text", "the desk refused")))
        error.exit_code = ERRORS.get(str(refused.get("code")), DataError.exit_code)
        raise error
    return answer


@click.command("status")
@options.reaches_desk
@options.as_json
def status(desk: str | None, data_dir: Path | None, server: options.Server, as_json: bool) -> int:
    """Prices, strategies, orders, positions, profit, rates and alerts of a running desk."""
    answer = answer_of("status", {}, desk, data_dir, server, operator=False)
    if as_json:
        _say(answer, as_json, "")
    else:
        from rich.console import Console

        from letrade.table import picture

        Console().print(picture(answer))
    return 0


def _command(verb: str, help_text: str, done: str) -> click.Command:
    """An operator's verb with an account and a reason."""

    @click.command(verb, help=help_text)
    @click.option("--account", default="*", metavar="NAME", help="One account; left out, all.")
    @click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
    @options.reaches_desk
    @options.as_json
    def command(
        account: str, reason: str, desk: str | None, data_dir: Path | None, server: options.Server, as_json: bool
    ) -> int:
        request = {"account": account, "reason": reason}
        answer = answer_of(verb, request, desk, data_dir, server, operator=True)
        _say(answer, as_json, done)
        if verb == "flatten" and answer.get("left"):
            raise TimeoutExpired(f"not flat yet: {answer['left']}; it goes on, ask again with letrade status")
        return 0

    return command


pause = _command("pause", "Open nothing new until resume; what closes still may.", "paused: nothing new opens")
halt = _command("halt", "As pause, and it survives a restart.", "halted: nothing new opens until letrade resume")
resume = _command("resume", "Lift a pause or a halt.", "resumed")
flatten = _command("flatten", "Pause, cancel all orders, close all positions.", "flat: nothing is held, nothing opens")


@click.command("stop")
@click.option("--wait/--no-wait", default=True, help="Return when the desk is gone, or at once.")
@options.reaches_desk
@options.as_json
def stop(wait: bool, desk: str | None, data_dir: Path | None, server: options.Server, as_json: bool) -> int:
    """Drain a running desk as its file says (on_stop), and end it."""
    from letrade.reach import find_desk, is_alive

    address = find_desk(desk, data_dir, server, operator=True)
    answer = answer_of("stop", {}, desk, data_dir, server, operator=True)
    deadline = monotonic_ns() + int(STOP_PATIENCE_SECONDS * SECOND)
    while wait and address.pid is not None and is_alive(address.pid):
        if monotonic_ns() > deadline:
            raise TimeoutExpired(f"the desk {address.desk} (process {address.pid}) is still draining: see its output")
        asyncio.run(asyncio.sleep(0.1))
    _say(answer, as_json, f"the desk {address.desk} has stopped")
    return 0


def _say(answer: dict[str, Any], as_json: bool, words: str) -> None:
    from letrade.decoding import to_json

    click.echo(to_json(answer).decode() if as_json else words)
