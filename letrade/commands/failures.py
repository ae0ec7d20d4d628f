"""Turns what a command raised into one clear line, an object for --json, and the exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TextIO

from letrade.core.errors import ExitCode, LetradeError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Nothing more can be written where this was to be."""


class ReaderGone(Exception):
    """Whoever read our output went away; click would make a plain 1 of the BrokenPipeError itself."""


def told(command: Callable[[], int], words: Sequence[str]) -> int:
    """Run a command; its exit code, or that of the error which ended it."""
    try:
        code = int(command())
        if sys.stdout is not None:  # None: closed before we started
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        raise
    except ReaderGone as gone:
        raise BrokenPipeError from gone
    except LetradeError as error:
        return report(error.exit_code, str(error), words)
    except KeyboardInterrupt:
        return report(ExitCode.FORCED, "interrupted", words)
    except OSError as error:
        if error.errno not in FULL:
            return _report_bug(error, words)
        where = error.filename or "standard output, or a file"
        return report(ExitCode.RESOURCE, f"{where}: {error.strerror}; make room, or write elsewhere", words)
    except Exception as error:  # noqa: BLE001 - the last place that can tell a user what happened
        return _report_bug(error, words)


def _report_bug(error: Exception, words: Sequence[str]) -> int:
    text = f"this is a bug in letrade: {type(error).__name__}: {error}; LETRADE_TRACEBACK=1 shows where"
    return report(ExitCode.BUG, text, words)


def report(code: ExitCode, text: str, words: Sequence[str]) -> int:
    """Lines on standard error; with --json an object on standard output too. Neither need have room for them."""
    if os.environ.get("LETRADE_TRACEBACK") == "1":
        traceback.print_exc()
    lines = text.splitlines() or [code.name.lower()]
    _say(sys.stderr, "".join(f"letrade: {line}\n" for line in lines))
    shown = ""
    if "--json" in words:
        from letrade.decoding import to_json

        told = {"error": {"code": code.name.lower(), "exit_code": int(code), "text": text}}
        shown = to_json(told).decode() + "\n"
    _say(sys.stdout, shown)
    return int(code)


def _say(stream: TextIO | None, text: str) -> None:
    """Write at once, also what is still held back; a stream that is full is given up, and the exit code tells."""
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        if error.errno not in FULL:
            raise
        # What is still buffered must not raise again at exit, where it would turn our exit code into another.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
