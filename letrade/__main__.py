"""The `letrade` command: finds the command that was asked for, loads it, and turns errors into exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

SIGPIPE_EXIT = 141
"""What a shell reports of a program whose reader went away."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of one command."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _guarded(words)
    except BrokenPipeError:
        # The reader (head, less) has seen enough: what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SIGPIPE_EXIT
    except KeyboardInterrupt:
        # Before anything was there to tell it.
        from letrade.commands.failures import report
        from letrade.core.errors import ExitCode

        return report(ExitCode.FORCED, "interrupted", words)


def _guarded(words: list[str]) -> int:
    from letrade.commands.failures import told

    return told(_command(words), words)


def _command(words: list[str]) -> Callable[[], int]:
    """`decode` runs once for each message that `nats sub` shows, so it does without the command-line library."""
    if words[:1] == ["decode"]:

        def decode() -> int:
            from letrade.commands.decode import main as run

            return run(words[1:])

        return decode

    def other() -> int:
        from letrade.commands.group import run

        return run(words)

    return other


if __name__ == "__main__":
    sys.exit(main())
