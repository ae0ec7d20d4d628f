"""The command line: names, one line of help each, and the module that is loaded when a command is called."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

from letrade import __version__
from letrade.commands.failures import ReaderGone
from letrade.core.errors import ExitCode, UsageError

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("letrade.commands.run", "Run a desk; without a file, the paper desk."),
    "backtest": ("letrade.commands.backtest", "Run a desk over recorded data, without any network."),
    "data": ("letrade.commands.data", "Download, import, list and check market data."),
    "report": ("letrade.commands.report", "Print the figures of a stored backtest, or write its page again."),
    "margin": ("letrade.commands.margin", "Margins and liquidation prices by the venue's own rules."),
    "study": ("letrade.commands.study", "Measure a desk's own actors in many seeded worlds: crashes, calm hours."),
    "check": ("letrade.commands.check", "Say whether a desk file describes a desk that can run."),
    "init": ("letrade.commands.init", "Write a desk file to start from."),
    "show-config": ("letrade.commands.show_config", "Print a desk's whole configuration, secrets hidden."),
    "status": ("letrade.commands.ask", "Ask a running desk how it is."),
    "pause": ("letrade.commands.ask", "Open nothing new until resume."),
    "halt": ("letrade.commands.ask", "As pause, and it survives a restart."),
    "resume": ("letrade.commands.ask", "Lift a pause or a halt."),
    "flatten": ("letrade.commands.ask", "Pause, cancel all orders, close all positions."),
    "stop": ("letrade.commands.ask", "Drain a running desk and end it."),
    "tap": ("letrade.commands.tap", "Print messages as they pass, decoded."),
    "decode": ("letrade.commands.decode", "Name the fields of messages on standard input."),
    "trace": ("letrade.commands.trace", "Follow a fill back to the market data that caused it."),
    "context": ("letrade.commands.context", "Write contexts for the nats command."),
    "schema": ("letrade.commands.schema", "Print JSON Schemas of messages and requests."),
    "bench": ("letrade.commands.bench", "Measure latency and throughput on this machine."),
    "doctor": ("letrade.commands.doctor", "Check this machine and a desk's data directory."),
    "version": ("letrade.commands.version", "Print the versions of letrade and what it runs on."),
    "worker": ("letrade.commands.worker", "Run one worker of a desk by hand."),
}
"""A command without help is for the desk's own use and is not listed."""


class LazyGroup(click.Group):
    """Loads a command's module when it is called, so that each starts with no more than it needs."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [name for name, (_, text) in COMMANDS.items() if text]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS or name == "decode":
            return None
        module = import_module(COMMANDS[name][0])
        found: click.Command = getattr(module, name.replace("-", "_"))
        return found

    def invoke(self, context: click.Context) -> object:
        try:
            result: object = super().invoke(context)
        except BrokenPipeError as error:
            raise ReaderGone from error
        return result

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items() if text])

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if words and words[0] not in COMMANDS:
            from letrade.core.config.describe import did_you_mean

            known = self.list_commands(context)
            raise UsageError(f"there is no command {words[0]!r}{did_you_mean(words[0], known)}; see letrade --help")
        return super().resolve_command(context, words)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="letrade")
def letrade() -> None:
    """A crypto trading desk made of small actors that talk over NATS.

    \b
      letrade run          a whole desk on paper, with its own nats-server
      letrade backtest     the same desk over recorded data
    """


def run(words: Sequence[str]) -> int:
    """One command's exit code; UsageError where the words make no command."""
    try:
        result = letrade.main(args=list(words) or ["--help"], prog_name="letrade", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return int(ended.exit_code)
    except click.exceptions.Abort as ended:
        # What click makes of Ctrl-C says nothing.
        raise KeyboardInterrupt from ended
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx is not None else "letrade"
        raise UsageError(f"{error.format_message()} See {where} --help") from error
    return int(result) if isinstance(result, int) else ExitCode.OK
