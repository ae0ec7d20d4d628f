"""Keeps the cases that a liquidation monitor's alerts end with, in a file that `letrade margin --cases` runs."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from letrade.core.errors import DataError
from letrade.core.margin.records import Record, read_text, read_tree
from letrade.margin.case_inputs import case_of, read_case_records

MARK = "as a case: "
"""Words of the alert `liquidation_price_differs` that its case follows on."""
Case = dict[str, Any]


class Recorded(NamedTuple):
    """What became of the cases that were found."""

    added: int
    known: int
    """Those that the file had already."""


def cases_in(lines: Iterable[str]) -> Iterator[Case]:
    """The cases in lines of a log, of `letrade tap --json`, or of texts of alerts. DataError for one that cannot be
    read."""
    for number, line in enumerate(lines, start=1):
        for text in _texts(line):
            _, found, rest = text.partition(MARK)
            if found:
                yield _case(rest, f"line {number}")


def cases_of_desk(data_dir: Path) -> list[Case]:
    """Of the alerts of a desk that runs or has run: its journals are replayed."""
    from letrade.core.messages.events import Alert
    from letrade.tracing import Journals

    alerts = [message for message in Journals(data_dir).everything() if isinstance(message, Alert)]
    return list(cases_in(alert.text for alert in sorted(alerts, key=lambda alert: alert.time)))


def record(cases: Iterable[Case], path: Path) -> Recorded:
    """Adds those that the file does not have; what it has stays. DataError where a case differs from one of its id."""
    by_id = {str(each["id"]): _plain(each) for each in _held(path)}
    new: list[Case] = []
    known = 0
    for case in cases:
        name = str(case.get("id") or "")
        case_of(Record(f"the case {name!r}", case), expects=True)
        if name not in by_id:
            by_id[name] = case
            new.append(case)
        elif by_id[name] == case:
            known += 1
        else:
            raise DataError(f"{path}: has another case of the id {name!r}: record into another file")
    if new:
        _write(new, path)
    return Recorded(len(new), known)


def _held(path: Path) -> list[Case]:
    """DataError for a file that cases cannot be added to: what is added is JSON, at the end of a list."""
    if path.suffix.lower() in (".toml", ".csv", ".tsv"):
        raise DataError(f"{path}: cases are recorded as JSON: give a file whose name ends in .json")
    if not path.exists():
        return []
    if not isinstance(read_tree(path), list):
        raise DataError(f"{path}: expected a list of cases, to which others are added: record into another file")
    return [dict(each.values) for each in read_case_records(path)]


def _texts(line: str) -> list[str]:
    """The line itself; of a line of JSON the texts in it."""
    if MARK not in line:
        return []
    if line.lstrip().startswith("{"):
        with contextlib.suppress(ValueError):
            return list(_strings(json.loads(line)))
    return [line]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _case(text: str, place: str) -> Case:
    try:
        case, _ = json.JSONDecoder().raw_decode(text)
    except ValueError as error:
        raise DataError(f"{place}: expected a case of JSON after {MARK!r}: {error}") from error
    if not isinstance(case, dict):
        raise DataError(f"{place}: expected a case with named values, found {text[:80]!r}")
    return case


def _plain(values: Case) -> Case:
    """Numbers as JSON reads them, so that two cases compare."""
    plain: Case = json.loads(json.dumps(values, default=float))
    return plain


def _write(new: list[Case], path: Path) -> None:
    """Whole or not at all; a case a line, after what stands there already."""
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in new)
    held = f"{read_text(path).rstrip()[:-1].rstrip()},\n" if path.exists() else "[\n"
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(f"{held}{lines}\n]\n", encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error
