"""Writes a run's report folder, and reads it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from letrade.core.analysis.analyzer import Analysis, PerformanceAnalyzer
from letrade.core.analysis.files import write_table
from letrade.core.analysis.record import RunRecord
from letrade.core.errors import DataError, ResourceError
from letrade.core.texts import json_of
from letrade.report.page import page_of
from letrade.report.variants import FillsPanel, fills_panel

RECORD_FOLDER = "record"
JSON_FILE = "report.json"
PAGE_FILE = "report.html"


class StoredReport(msgspec.Struct, kw_only=True):
    """report.json: every number of the report. `version` of the analysis grows when a key changes its meaning."""

    analysis: Analysis
    fills: FillsPanel = FillsPanel()
    desk: dict[str, Any] = {}
    """The desk's settings, as they were given."""


def write_report(
    folder: Path,
    record: RunRecord,
    variants: Mapping[str, RunRecord] | None = None,
    settings: Mapping[str, Any] | None = None,
    incomplete: Sequence[str] = (),
) -> Path:
    """Analyse a record and write `folder`/report.json, report.html and record/; the path of the page.

    `variants`: the same run under other fills, by assumption (optimistic, default, pessimistic); `incomplete`: of which
    assumptions the runs did not end. `settings`: what else should be shown of the desk, as builtins without secrets.
    ResourceError when it cannot be written.
    """
    analyzer = PerformanceAnalyzer(record)
    others = {name: PerformanceAnalyzer(other).analysis() for name, other in (variants or {}).items()}
    analysis = analyzer.analysis()
    panel = fills_panel({record.settings.fills_assumption: analysis, **others}, incomplete)
    report = StoredReport(analysis=analysis, fills=panel, desk=dict(settings or {}))
    _write(folder, analyzer, report)
    return folder / PAGE_FILE


def rewrite_report(folder: Path) -> Path:
    """Analyse a stored record again: a report of an older version becomes one of this version. DataError where the
    folder holds no record."""
    record = RunRecord.load(folder / RECORD_FOLDER)
    analyzer = PerformanceAnalyzer(record)
    analysis = analyzer.analysis()
    old = _panel_and_desk(folder)
    kept = {each.name: each for each in old.fills.variants}
    fresh = fills_panel({record.settings.fills_assumption: analysis})
    panel = old.fills if len(kept) > 1 or old.fills.incomplete else fresh
    _write(folder, analyzer, StoredReport(analysis=analysis, fills=panel, desk=old.desk))
    return folder / PAGE_FILE


def read_report(folder: Path) -> StoredReport:
    """DataError where the folder holds no report of this version."""
    path = folder / JSON_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=StoredReport)
    except (OSError, msgspec.MsgspecError) as error:
        raise DataError(f"{path}: expected a report of this version: {error}") from error


class _Rest(msgspec.Struct, kw_only=True):
    """The parts of report.json that do not come from the record."""

    fills: FillsPanel = FillsPanel()
    desk: dict[str, Any] = {}


def _panel_and_desk(folder: Path) -> _Rest:
    try:
        return msgspec.json.decode((folder / JSON_FILE).read_bytes(), type=_Rest)
    except FileNotFoundError:
        return _Rest()
    except (OSError, msgspec.MsgspecError) as error:
        raise DataError(f"{folder / JSON_FILE}: cannot be read: {error}") from error


def _write(folder: Path, analyzer: PerformanceAnalyzer, report: StoredReport) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / JSON_FILE).write_bytes(msgspec.json.format(json_of(report)) + b"\n")
        page = page_of(analyzer, report.analysis, report.fills, report.desk)
        (folder / PAGE_FILE).write_text(page, encoding="utf-8", errors="backslashreplace")
        analyzer.record.save(folder / RECORD_FOLDER)
        write_table(folder / RECORD_FOLDER, "trades", analyzer.trips.as_dict())
    except OSError as error:
        raise ResourceError(f"{folder}: the report cannot be written: {error.strerror or error}") from error
