"""Runs `letrade margin` in this process: exit code, what was printed, and what was told on standard error."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

from letrade.__main__ import main

BTC = (
    "--venue", "binance", "--symbol", "BTC/USDT:USDT", "--side", "long", "--entry", "60000", "--size", "0.5",
    "--leverage", "10",
)  # fmt: skip


class Ran(NamedTuple):
    """One run of the command."""

    code: int
    output: str
    errors: str

    @property
    def answer(self) -> dict[str, Any]:
        """The object of --json."""
        assert self.code == 0, self.errors
        answer: dict[str, Any] = json.loads(self.output)
        return answer

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The objects of --cases --json."""
        return [json.loads(line) for line in self.output.splitlines()]


def margin(*words: str | Path) -> Ran:
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main(["margin", *map(str, words)])
    return Ran(code, output.getvalue(), errors.getvalue())


def refused(*words: str | Path) -> Ran:
    """A run that fails without a bug of ours."""
    ran = margin(*words)
    assert ran.code in (2, 6, 8), (ran.code, ran.output, ran.errors)
    assert ran.errors.startswith("letrade: "), ran.errors
    return ran
