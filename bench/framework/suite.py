"""Asks questions one after the other; what fails or is interrupted does not take the others' answers with it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from letrade.bench.framework import history, machine
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result
from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.errors import LetradeError

FORM = 1


class Suite:
    """One run of the suite."""

    def __init__(self, run: Run, compare: Path | None) -> None:
        self.run = run
        self.results: list[Result] = []
        self.failures: list[dict[str, str]] = []
        self.interrupted = False
        self.earlier = history.earlier_values(compare) if compare is not None or not run.quick else {}
        self.machine = machine.facts()
        self._began = datetime.now(UTC)
        self._start_ns = monotonic_ns()

    def ask(self, questions: Sequence[Question]) -> None:
        """Until all are answered, or Ctrl-C."""
        for question in questions:
            try:
                for result in question.answer(self.run):
                    result.question = question.name
                    history.compare_with([result], self.earlier)
                    self.results.append(result)
            except KeyboardInterrupt:
                self.interrupted = True
                break
            except Exception as error:  # noqa: BLE001 - told in the report; the other questions are still asked
                text = str(error) if isinstance(error, LetradeError) else traceback.format_exc()
                self.failures.append({"question": question.name, "error": text})
        machine.note_end(self.machine)

    @property
    def is_right(self) -> bool:
        """Whether every question was answered, and every answer checked."""
        return not self.failures and all(result.checked for result in self.results)

    def report(self) -> dict[str, Any]:
        """What `--json` prints and what is kept."""
        return {
            "letrade_bench": FORM,
            "time": self._began.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": round((monotonic_ns() - self._start_ns) / SECOND, 1),
            "client": self.run.client,
            "seed": self.run.seed,
            "quick": self.run.quick,
            "interrupted": self.interrupted,
            "machine": self.machine,
            "results": [result.as_builtins() for result in self.results],
            "failures": self.failures,
        }
