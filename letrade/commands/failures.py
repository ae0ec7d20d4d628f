"""Turns what a command raised into one clear line, an object for --json, and the exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence

from letrade.core.errors import ExitCode, LetradeError


class ReaderGone(Exception):
    """Whoever read our output went away; click would make a plain 1 of the BrokenPipeError itself."""


def told(command: Callable[[], int], words: Sequence[str]) -> int:
    """Run a command; its exit code, or that of the error which ended it."""
    try:
        return int(command())
    except BrokenPipeError:
        raise
    except ReaderGone as gone:
        raise BrokenPipeError from gone
    except LetradeError as error:
        return report(error.exit_code, str(error), words)
    except KeyboardInterrupt:
        return report(ExitCode.FORCED, "interrupted", words)
    except Exception as error:  # noqa: BLE001 - the last place that can tell a user what happened
        text = f"this is a bug in letrade: {type(error).__name__}: {error}; LETRADE_TRACEBACK=1 shows where"
        return report(ExitCode.BUG, text, words)


def report(code: ExitCode, text: str, words: Sequence[str]) -> int:
    """Lines on standard error; with --json an object on standard output too."""
    if os.environ.get("LETRADE_TRACEBACK") == "1":
        traceback.print_exc()
    lines = text.splitlines() or [code.name.lower()]
    sys.stderr.write("".join(f"letrade: {line}\n" for line in lines))
    if "--json" in words:
        from letrade.decoding import to_json

        told = {"error": {"code": code.name.lower(), "exit_code": int(code), "text": text}}
        sys.stdout.write(to_json(told).decode() + "\n")
    return int(code)
