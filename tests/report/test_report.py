"""The report folder: stable numbers, a page that asks nobody and trusts no name, words for a terminal."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from letrade.commands.report import report as report_command
from letrade.core.analysis.analyzer import SCHEMA_VERSION, PerformanceAnalyzer
from letrade.core.analysis.files import read_table
from letrade.core.analysis.record import InstrumentNote, RunRecord, RunSettings
from letrade.core.errors import DataError, ResourceError
from letrade.report.page import page_of
from letrade.report.series import TRADES_MAX, Histogram, chart_data, thinned
from letrade.report.variants import FillsPanel, fills_panel
from letrade.report.words import report_in_words, warning_of
from letrade.report.writer import read_report, rewrite_report, write_report
from tests.core.analysis.simulated_run import SimulatedRun

HOSTILE = '</script><script>alert("1")</script><img src=x onerror=alert(2)> \x1b[31m & \' " --> {{x}}'


@pytest.fixture(scope="module")
def record() -> RunRecord:
    return SimulatedRun(hours=24 * 40).record()


@pytest.fixture(scope="module")
def folder(record: RunRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report")
    assert write_report(made, record, settings={"desk": {"name": "x"}}) == made / "report.html"
    return made


def shifted(record: RunRecord, assumption: str, by: float) -> RunRecord:
    """The same run with so much more or less at its end."""
    equity = replace(record.equity, equity=record.equity.equity + np.linspace(0.0, by, len(record.equity)))
    settings = msgspec.structs.replace(record.settings, fills_assumption=assumption)
    return replace(record, equity=equity, settings=settings)


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def test_report_json_is_read_back_the_same(folder: Path, record: RunRecord) -> None:
    stored = read_report(folder)
    assert stored.analysis == PerformanceAnalyzer(record).analysis()
    assert stored.analysis.version == SCHEMA_VERSION
    assert stored.desk == {"desk": {"name": "x"}}
    assert "NaN" not in (folder / "report.json").read_text()


def test_keys_of_report_json_are_stable(folder: Path) -> None:
    """Whoever removes or renames one raises SCHEMA_VERSION; what is new may be added here."""
    found = json.loads((folder / "report.json").read_text())
    assert {"analysis", "fills", "desk"} <= found.keys()
    analysis = found["analysis"]
    assert {
        "version",
        "settings",
        "start",
        "end",
        "total",
        "strategies",
        "instruments",
        "periods",
        "notes",
    } <= analysis.keys()
    total: dict[str, Any] = analysis["total"]
    wanted = {
        "profit": "profit fraction start end realised unrealised fees funding other mean_daily",
        "trades": "trades wins draws losses win_rate profit_factor expectancy expectancy_ratio sqn p_value long short",
        "ratios": "cagr sharpe sortino calmar omega serenity smart_sharpe smart_sortino ulcer periods_per_year",
        "comparison": "alpha beta information_ratio treynor",
        "drawdown": "fraction absolute start bottom end duration longest",
        "exposure": "time_in_market mean_gross max_gross turnover",
        "costs": "fees spread slippage funding total fees_by_currency",
        "execution": "orders fills fill_ratio maker_share time_to_fill markouts shortfall refused",
    }
    for part, keys in wanted.items():
        assert set(keys.split()) <= total[part].keys(), part


def test_the_record_and_the_trades_lie_beside_it(folder: Path, record: RunRecord) -> None:
    again = RunRecord.load(folder / "record")
    assert np.array_equal(again.fills.price, record.fills.price)
    trades = read_table(folder / "record", "trades")
    assert len(trades["profit"]) == len(PerformanceAnalyzer(record).trips)


def test_a_report_is_made_again_from_its_record_alone(folder: Path, tmp_path: Path) -> None:
    RunRecord.load(folder / "record").save(tmp_path / "record")
    rewrite_report(tmp_path)
    assert read_report(tmp_path).analysis == read_report(folder).analysis
    with pytest.raises(DataError, match=r"settings\.json"):
        rewrite_report(tmp_path / "nowhere")


def test_the_page_asks_nobody(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    page = Page(text)
    assert (page.count("script"), page.count("link"), page.count("img"), page.count("iframe")) == (2, 0, 0, 0)
    assert re.search(r"(src|href)=|url\(|https?://|@import", text) is None
    policy = next(each["content"] for name, each in page.elements if "http-equiv" in each)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "script-src 'sha256-" in policy
    data = next(text for text in page.texts if text.startswith('{"currency"'))
    assert len(json.loads(data)["prices"]) == 3


def test_hostile_names_stay_text(record: RunRecord, tmp_path: Path) -> None:
    names = msgspec.structs.replace(
        record.names, strategies=(HOSTILE, HOSTILE), instruments=tuple(
            InstrumentNote(name=f"{HOSTILE}{place}", kind="linear") for place in range(3)
        ),
    )  # fmt: skip
    settings = msgspec.structs.replace(
        record.settings, desk=HOSTILE, warnings=(HOSTILE,), data=(HOSTILE,), reporting_currency=HOSTILE,
        refused={HOSTILE: 1}, fills_assumption=HOSTILE,
    )  # fmt: skip
    hostile = replace(record, names=names, settings=settings)
    path = write_report(tmp_path, hostile, settings={HOSTILE: HOSTILE})
    page = Page(path.read_text())
    assert (page.count("script"), page.count("img")) == (2, 0)
    assert page.count("h1") == 1
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    stored = read_report(tmp_path)
    words = report_in_words(stored.analysis, stored.fills)
    assert "\x1b" not in words


def test_a_change_of_sign_is_flagged(record: RunRecord, tmp_path: Path) -> None:
    made = PerformanceAnalyzer(record).analysis().total.profit.profit
    assert made is not None
    others = {
        "pessimistic": shifted(record, "pessimistic", -2 * made),
        "optimistic": shifted(record, "optimistic", made),
    }
    text = write_report(tmp_path, record, others).read_text()
    panel = read_report(tmp_path).fills
    assert [each.name for each in panel.variants] == ["optimistic", "default", "pessimistic"]
    assert panel.sign_changes
    assert panel.spread == pytest.approx(3 * abs(made))
    assert "do not trust it" in text
    assert "do not trust it" in report_in_words(read_report(tmp_path).analysis, panel)
    rewrite_report(tmp_path)
    assert read_report(tmp_path).fills == panel


def test_equal_signs_are_not_flagged(record: RunRecord) -> None:
    analysis = PerformanceAnalyzer(record).analysis()
    panel = fills_panel({"default": analysis, "pessimistic": analysis})
    assert (panel.sign_changes, panel.spread, warning_of(panel)) == (False, 0.0, "")
    assert "the same under all" in report_in_words(analysis, panel)


def test_a_run_of_nothing_has_a_report(tmp_path: Path) -> None:
    for number, empty in enumerate((RunRecord.empty(), RunRecord.empty(settings=RunSettings(starting_equity=5.0)))):
        path = write_report(tmp_path / str(number), empty)
        assert "letrade" in path.read_text()
        stored = read_report(path.parent)
        assert "trades, a day" in report_in_words(stored.analysis, stored.fills, ("day", "month"))


def test_a_large_run_makes_a_small_page() -> None:
    many = SimulatedRun(hours=24 * 30).record()
    fills, prices, equity = many.fills, many.prices, many.equity
    times = 40
    step = int(prices.time[-1] - prices.time[0]) + 3_600_000_000_000

    def repeated(table: Any) -> Any:
        columns = {name: np.tile(column, times) for name, column in table.as_dict().items()}
        return type(table).of({**columns, "time": columns["time"] + np.repeat(np.arange(times) * step, len(table))})

    large = replace(many, fills=repeated(fills), prices=repeated(prices), equity=repeated(equity))
    analyzer = PerformanceAnalyzer(large)
    assert len(analyzer.trips) > 2 * TRADES_MAX / 3
    page = page_of(analyzer, analyzer.analysis(), FillsPanel(), {})
    assert len(page) < 3_000_000
    data = chart_data(analyzer)
    assert sum(len(each["trades"]) for each in data["prices"]) <= TRADES_MAX
    assert data["equity"]["t"] == sorted(set(data["equity"]["t"]))
    assert min(data["equity"]["drawdown"]) == pytest.approx(analyzer.analysis().total.drawdown.fraction, rel=1e-6)


def test_thinning_keeps_both_ends_and_the_extremes() -> None:
    values = np.sin(np.arange(10_000) / 50.0) + np.where(np.arange(10_000) == 4_321, 9.0, 0.0)
    kept = thinned(values, 300)
    assert len(kept) <= 300
    assert (kept[0], kept[-1]) == (0, 9_999)
    assert 4_321 in kept
    assert thinned(np.full(1_000, np.nan), 10).tolist() == [0, 999]


def test_a_histogram_counts_everything() -> None:
    values = np.concatenate((np.linspace(-1, 1, 500), [1e9, -1e9, np.nan]))
    assert sum(Histogram(values).counts) == 502
    assert sum(Histogram(np.array([3.0])).counts) == 1
    assert sum(Histogram(np.zeros(0)).counts) == 0


def test_the_command_prints_words_or_json(folder: Path) -> None:
    run = CliRunner().invoke(report_command, [str(folder), "--breakdown", "week"], standalone_mode=False)
    assert run.return_value == 0
    for word in ("By instrument", "Sharpe, Sortino, Calmar", "By week", "markout 10s", str(folder / "report.html")):
        assert word in run.output
    run = CliRunner().invoke(report_command, [str(folder), "--json"], standalone_mode=False)
    assert json.loads(run.output)["analysis"]["version"] == SCHEMA_VERSION
    assert isinstance(CliRunner().invoke(report_command, [str(folder / "none")]).exception, DataError)


def test_a_folder_that_cannot_be_written_is_a_resource_error(record: RunRecord, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot be written"):
        write_report(tmp_path / "file", record)
