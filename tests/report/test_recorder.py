"""The record of a real desk's run says what the desk's own ledger and counters say."""

from pathlib import Path

import numpy as np
import pytest

from letrade.assembly import assemble
from letrade.backtest import Backtest
from letrade.backtesting.running import run_desk
from letrade.backtesting.settings import data_in_words, settings_of
from letrade.core.analysis.analyzer import analyse
from letrade.core.analysis.price_history import PriceHistory
from letrade.core.analysis.record import ORDER_STATES, RunRecord
from letrade.core.analysis.recorder import Recorder
from letrade.core.config.desk import DeskConfig
from letrade.report.writer import read_report, write_report
from tests.system.test_backtest import bars_file, flow


def recorded(config: DeskConfig, run_for_ns: int | None = None) -> tuple[RunRecord, dict[str, object]]:
    test = Backtest(config, run_for_ns)
    recorder = Recorder(test.blueprint.catalogue, config.desk.reporting_currency)
    test.observers.append(recorder)
    summary = test.run()
    return recorder.record(settings_of(config, summary, "actors", data_in_words(config), recorder.span)), summary


@pytest.mark.parametrize("data", ["bars", "flow"])
def test_the_record_says_what_the_summary_says(data: str, tmp_path: Path) -> None:
    if data == "bars":
        record, summary = recorded(assemble("backtest-ma-cross", data_files=[bars_file(tmp_path)]))
    else:
        record, summary = recorded(flow(), 30 * 10**9)
    total = analyse(record).total
    assert sum(bool(gained) for gained in record.fills.realised.tolist()) >= total.trades.trades
    assert total.profit.profit == pytest.approx(float(str(summary["pnl"])), abs=1e-7)
    assert total.profit.other == pytest.approx(0.0, abs=1e-6)
    assert total.costs.fees_by_currency == summary["fees"]
    assert (total.execution.orders, total.execution.fills) == (summary["orders"], summary["fills"])
    assert total.trades.trades == summary["exits"]
    assert total.trades.trades + total.trades.open_trades == summary["entries"]
    assert np.nansum(record.fills.realised) == pytest.approx(total.profit.realised, abs=1e-7)
    assert {ORDER_STATES[state] for state in record.orders.state.tolist()} == {"filled"}
    assert (record.orders.decided < record.orders.ended).all()
    assert record.settings.result_hash == summary["result_hash"]
    path = write_report(tmp_path / "report", record)
    assert path.exists()
    assert read_report(path.parent).analysis.total == total


def test_both_engines_record_the_same_orders_and_fills(tmp_path: Path) -> None:
    config = assemble("backtest-ma-cross", data_files=[bars_file(tmp_path)])
    record, _ = recorded(config)
    compiled = run_desk(config, "compiled").record()
    for name in ("orders", "fills"):
        ours, theirs = getattr(record, name), getattr(compiled, name)
        for column in ours.columns():
            found, wanted = (getattr(table, column).astype(np.float64) for table in (ours, theirs))
            assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12, nan_ok=True), f"{name}.{column}"


def test_markouts_and_quotes_are_known_where_the_data_have_quotes() -> None:
    record, _ = recorded(flow(), 30 * 10**9)
    fills = record.fills
    ends = record.prices.time[-1]
    early = fills.venue_time + 10**9 < ends
    assert early.any()
    assert np.isfinite(fills.mid_1s[early]).all()
    assert np.isnan(fills.mid_60s).all()
    assert (fills.bid < fills.ask).all()
    assert (fills.side * (fills.price - (fills.bid + fills.ask) / 2) > 0).all()


def test_a_history_tells_what_was_known_at_a_time() -> None:
    told: list[float] = []
    history = PriceHistory(keep_ns=100)
    history.see(10, 2, 50.0)
    history.when(30, told.append)
    history.see(20, 3, 51.0, 50.5, 51.5)
    assert not history.see(25, 1, 99.0)
    history.see(30, 3, 52.0, 51.5, 52.5)
    assert told == []
    history.see(31, 3, 53.0, 52.5, 53.5)
    assert told == [52.0]
    assert history.quote_before(30) == (50.5, 51.5)
    assert (history.at(20), history.at(29)) == (51.0, 51.0)
    assert np.isnan(history.at(9))
    history.when(30, told.append)
    history.when(90, told.append)
    history.close(89)
    assert told == [52.0, 52.0]
    history.close(90)
    assert told == [52.0, 52.0, 53.0]


def test_a_history_forgets_what_nobody_asks_for() -> None:
    history = PriceHistory(keep_ns=100)
    for time in range(0, 100_000, 10):
        history.see(time, 3, float(time))
        assert len(history._times) < 50
    assert history.at(99_990 - 100) == 99_890.0
