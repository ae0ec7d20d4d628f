"""The record of a run: checked when made, the same after it was stored."""

import sys
from pathlib import Path

import numpy as np
import pytest

from letrade.core.analysis.builder import Grid, RecordBuilder
from letrade.core.analysis.record import KIND_CODES, STATE_CODES, TABLES, InstrumentNote, RunRecord, RunSettings
from letrade.core.analysis.tables import Cash, Fills, Prices
from letrade.core.errors import DataError

NOTE = InstrumentNote(name="binance.BTC-USDT", base="BTC", quote="USDT", settle="USDT")


def one_of_each() -> RunRecord:
    builder = RecordBuilder([NOTE])
    places = {
        "strategy": builder.strategies.place("ma"),
        "account": builder.accounts.place("main"),
        "instrument": builder.instrument_places.place(NOTE.name),
    }
    row = builder.row("orders", order_id=1, side=1, kind=KIND_CODES["limit"], size=1.0, decided=5, **places)
    builder.row("fills", order=1, time=20, side=1, price=100.0, size=1.0, fee=0.1, maker=True, **places)
    builder.row("fills", order=1, time=10, side=1, price=99.0, size=1.0, fee=0.1, **places)
    builder.change("orders", row, state=STATE_CODES["filled"], filled=1.0)
    builder.row("cash", time=7, account=0, currency=builder.currencies.place("USDT"), amount=-1.5,
                origin=builder.origins.place("funding"))  # fmt: skip
    builder.row("equity", time=7, account=0, equity=1e4, exposure=0.0)
    builder.row("prices", time=7, instrument=0, price=100.0)
    return builder.record(RunSettings(desk="t", refused={"band": 2}))


def test_a_built_record_is_in_the_order_of_time() -> None:
    record = one_of_each()
    assert record.fills.time.tolist() == [10, 20]
    assert record.fills.maker.tolist() == [False, True]
    assert record.fills.rate.tolist() == [1.0, 1.0]
    assert np.isnan(record.fills.mid_1s).all()
    assert record.cash.instrument.tolist() == [-1]
    assert record.names.instruments == (NOTE,)


@pytest.mark.parametrize("with_pyarrow", [True, False])
def test_a_stored_record_is_read_back_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_pyarrow: bool
) -> None:
    if not with_pyarrow:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    for record in (one_of_each(), RunRecord.empty()):
        record.save(tmp_path)
        assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".parquet" if with_pyarrow else ".npz"}
        again = RunRecord.load(tmp_path)
        assert (again.names, again.settings) == (record.names, record.settings)
        for name in TABLES:
            for column, values in getattr(record, name).as_dict().items():
                found = getattr(again, name).as_dict()[column]
                assert found.dtype == values.dtype
                assert np.array_equal(found, values, equal_nan=values.dtype.kind == "f")


def test_a_folder_without_a_record_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"settings\.json"):
        RunRecord.load(tmp_path)
    one_of_each().save(tmp_path)
    (tmp_path / "fills.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DataError, match="cannot be read"):
        RunRecord.load(tmp_path)
    (tmp_path / "fills.parquet").unlink()
    with pytest.raises(DataError, match="found neither"):
        RunRecord.load(tmp_path)


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="one length"):
        Prices.of(time=[1, 2], instrument=[0], price=[1.0, 2.0])
    with pytest.raises(DataError, match="price is missing"):
        Prices.of(time=[1], instrument=[0])
    with pytest.raises(DataError, match="no column prise"):
        Prices.of(time=[1], instrument=[0], prise=[1.0])
    with pytest.raises(DataError, match="does not fit"):
        Prices.of(time=[1], instrument=[2**40], price=[1.0])
    with pytest.raises(DataError, match="expected int64"):
        Prices.of(time=[1.5], instrument=[0], price=[1.0])
    with pytest.raises(DataError, match="one float64 a row"):
        Prices(np.zeros(1, np.int64), np.zeros(1, np.int32), np.zeros(1, np.float32))


def test_a_record_out_of_order_or_with_unknown_places_is_refused() -> None:
    record = one_of_each()
    parts = {name: getattr(record, name) for name in TABLES}
    with pytest.raises(DataError, match="order of time"):
        RunRecord(record.names, record.settings, **{**parts, "fills": record.fills.where(np.array([1, 0]))})
    cash = Cash.of(time=[1], account=[0], currency=[3], amount=[1.0], origin=[0])
    with pytest.raises(DataError, match=r"cash\.currency: expected places from -1 below 1, found 3"):
        RunRecord(record.names, record.settings, **{**parts, "cash": cash})


def test_an_unknown_column_of_a_row_is_an_error() -> None:
    with pytest.raises(KeyError, match="sise"):
        RecordBuilder().row("fills", sise=1.0)


def test_an_empty_table_has_all_columns() -> None:
    assert len(Fills.empty()) == 0
    assert Fills.empty().realised.dtype == np.float64


def test_a_grid_never_has_too_many_rows_and_keeps_both_ends() -> None:
    grid = Grid(step_ns=1, rows_max=100)
    for time in range(10_000):
        if grid.due(time):
            grid.add(time, float(time))
    grid.add(9_999, -1.0)
    assert len(grid.rows) <= 100
    assert grid.rows[0] == (0, 0.0)
    assert grid.rows[-1] == (9_999, -1.0)
    assert [row[0] for row in grid.rows] == sorted({row[0] for row in grid.rows})


@pytest.mark.parametrize("column", ["price", "size", "fee"])
def test_fills_that_are_no_numbers_are_refused(column: str) -> None:
    builder = RecordBuilder([NOTE], ["ma"], ["main"])
    values = {"price": 1.0, "size": 1.0, "fee": 0.0} | {column: float("nan")}
    builder.row("fills", order=1, time=1, side=1, **values)
    with pytest.raises(DataError, match=f"fills.{column}: expected finite numbers, found nan in row 0"):
        builder.record(RunSettings())


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    one_of_each().save(tmp_path / "\udcff")
    assert RunRecord.load(tmp_path / "\udcff").names == one_of_each().names
