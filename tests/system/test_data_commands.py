"""`letrade data` from the command line: import, list, check, and a backtest over what is stored."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pytest
from pyarrow import parquet

from letrade.core.data.catalogue import DataCatalogue
from letrade.core.data.columns import Kind
from letrade.core.data.series import Series
from letrade.core.messages.market import Instrument
from tests.actors.feed_parts import START, quotes
from tests.data import shared_data
from tests.system.programs import letrade

DAY = 86_400
BARS = Series(Kind.BARS, "binance.BTC-USDT", "1d")


def run(root: Path, *words: str | Path, code: int = 0) -> Any:
    answer = letrade("data", *words, "--root", str(root), "--json")
    assert answer.returncode == code, answer.stdout + answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


def days(path: Path, first: int, count: int, leave_out: tuple[int, ...] = (), price: str = "100.5") -> Path:
    """Daily bars from so many days after 2024-01-01."""
    rows = [
        f"{START // 10**9 + day * DAY},{price},{price},{price},{price},7\n"
        for day in range(first, first + count)
        if day not in leave_out
    ]
    path.write_text("date,open,high,low,close,volume\n" + "".join(rows))
    return path


def test_imports_that_overlap_are_one_series(tmp_path: Path) -> None:
    root = tmp_path / "data"
    one, other = days(tmp_path / "BTC_USDT-1d.csv", 0, 40), days(tmp_path / "BTC_USDT-1d-b.csv", 30, 40)
    (first,) = run(root, "import", one)
    assert (first["series"], first["rows"], first["months"]) == (str(BARS), 40, ["2024-01", "2024-02"])
    (second,) = run(root, "import", other)
    assert (second["rows"], second["duplicates"], second["replaced"]) == (40, 10, 0)
    (corrected,) = run(root, "import", days(tmp_path / "BTC_USDT-1d.csv", 5, 1, price="101"))
    assert (corrected["duplicates"], corrected["replaced"]) == (0, 1)
    (listed,) = run(root, "list")
    assert (listed["rows"], listed["from"], listed["to"]) == (70, "2024-01-02", "2024-03-11")
    assert run(root, "check") == {"checked": [str(BARS)], "good": True, "findings": []}


def findings(root: Path, code: int, *words: str) -> dict[str, Any]:
    return {each["code"]: each for each in run(root, "check", *words, code=code)["findings"]}


def test_gaps_and_missing_months_are_found(tmp_path: Path) -> None:
    root, lost = tmp_path / "data", tuple(range(31, 60))
    run(root, "import", days(tmp_path / "BTC_USDT-1d.csv", 0, 70, leave_out=(5, *lost)))
    found = findings(root, 6)
    assert found["missing-months"]["examples"] == ["2024-02"]
    assert (found["gaps"]["count"], found["gaps"]["examples"][0]) == (2, "2024-01-05 to 2024-01-07")
    assert findings(root, 0, "--ignore", "gaps", "--ignore", "missing-months") == {}


def test_an_outlier_and_a_price_off_the_tick_are_told_and_not_bad(tmp_path: Path) -> None:
    root, catalogue = tmp_path / "data", DataCatalogue(tmp_path / "data")
    run(root, "import", days(tmp_path / "BTC_USDT-1d.csv", 0, 30, leave_out=(9, 20)))
    run(root, "import", days(tmp_path / "BTC_USDT-1d.csv", 9, 1, price="1005"))
    run(root, "import", days(tmp_path / "BTC_USDT-1d.csv", 20, 1, price="100.25"))
    told: dict[str, Any] = {"base": "BTC", "quote": "USDT", "settle": "USDT", "tick": "0.5", "lot": "1"}
    catalogue.keep_instrument(Instrument(instrument=BARS.instrument, kind="spot", **told))
    found = findings(root, 0)
    assert set(found) == {"outliers", "off-grid"}
    assert "2024-01-10: 1005.0" in found["outliers"]["examples"]
    assert found["off-grid"]["examples"][0].endswith("100.25")


def test_a_changed_file_and_a_broken_one_are_found(tmp_path: Path) -> None:
    root, catalogue = tmp_path / "data", DataCatalogue(tmp_path / "data")
    run(root, "import", days(tmp_path / "BTC_USDT-1d.csv", 0, 60))
    first, second = catalogue.files(BARS)
    table = parquet.read_table(first)
    changed = table.set_column(table.column_names.index("close"), "close", arrow.array(np.full(len(table), 1000)))
    parquet.write_table(changed.replace_schema_metadata(parquet.read_metadata(first).metadata), first)
    second.write_bytes(second.read_bytes()[:100])
    found = run(root, "check", code=6)["findings"]
    assert [each["code"] for each in found] == ["damaged", "damaged"]
    assert "not those that were written" in found[0]["text"]


def test_arrays_and_a_series_by_name_are_checked(tmp_path: Path) -> None:
    root = tmp_path / "data"
    run(root, "import", quotes(tmp_path / "quotes.npz"), "--instrument", "x.ETH-USDT")
    assert run(root, "check", "x.ETH-USDT/quotes")["checked"] == ["x.ETH-USDT/quotes"]
    assert "it has x.ETH-USDT/quotes" in run(root, "check", "x.ETH-USDT/trades", code=6)["error"]["text"]


def test_a_file_that_is_none_and_a_series_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "note.csv").write_text("hello\n")
    assert "found" in run(tmp_path / "data", "import", tmp_path / "note.csv", code=6)["error"]["text"]
    assert "expected files" in run(tmp_path / "data", "import", "catalogue:a.B-C", code=2)["error"]["text"]


def test_an_empty_catalogue_says_how_to_fill_it(tmp_path: Path) -> None:
    answer = letrade("data", "list", "--root", str(tmp_path / "none"))
    assert (answer.returncode, "letrade data download" in answer.stdout) == (0, True)
    assert run(tmp_path / "none", "list") == []
    assert "nothing to check: " in run(tmp_path / "none", "check", code=6)["error"]["text"]


def result(*words: str | Path, **options: Any) -> Any:
    answer = letrade("backtest", "backtest-ma-cross", *words, "--json", **options)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_backtest_over_the_catalogue_is_that_over_the_file(tmp_path: Path) -> None:
    file = shared_data("ohlcv/binance-usdm-2025/BTC_USDT_USDT-1h-futures.feather")
    run(tmp_path, "import", file)
    stored = result("--data", "catalogue:binance.BTC-USDT_USDT/1h", env={"LETRADE_CATALOGUE": str(tmp_path)})
    assert stored["orders"] > 0
    assert stored["result_hash"] == result("--data", file)["result_hash"]


def test_a_table_of_several_kinds_is_imported_kind_by_kind(tmp_path: Path) -> None:
    table = tmp_path / "ticker.csv"
    table.write_text(
        "symbol,timestamp,mark_price,index_price,funding_rate\nBTCUSDT,1704067200000,100.5,100.25,0.0001\n"
    )
    assert "say which one" in run(tmp_path / "data", "import", table, code=6)["error"]["text"]
    for kind in ("marks", "index", "funding"):
        (added,) = run(tmp_path / "data", "import", table, "--kind", kind)
        assert (added["series"], added["rows"]) == (f"binance.BTC-USDT/{kind}", 1)


PROBE = """
import sys
from letrade.__main__ import main
try:
    main(["data", "--help"])
finally:
    print([name for name in ("numpy", "pyarrow", "ccxt", "asyncio", "rich") if name in sys.modules])
"""


def test_the_help_of_the_commands_loads_nothing_heavy() -> None:
    answer = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert all(word in answer.stdout for word in ("download", "import", "list", "check"))
    assert answer.stdout.splitlines()[-1] == "[]"


def test_a_file_whose_rows_cannot_be_kept_is_told_and_one_with_a_strange_name_is_taken(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT.csv").write_text(f"time,is_snapshot,side,price,size\n{START},false,bid,1,1\n")
    refused = run(tmp_path / "data", "import", tmp_path / "BTCUSDT.csv", code=6)
    assert "found changes alone" in refused["error"]["text"]
    strange = days(tmp_path / "BTC_USDT-1d-\udcff.csv", 0, 3)
    (added,) = run(tmp_path / "data", "import", strange)
    assert added["rows"] == 3
    missing = run(tmp_path / "data", "import", tmp_path / "\udcfe.csv", code=6)
    assert "\\udcfe.csv" in missing["error"]["text"]


def test_one_damaged_file_hides_no_other_series(tmp_path: Path) -> None:
    run(tmp_path / "data", "import", days(tmp_path / "BTC_USDT-1d.csv", 0, 3), days(tmp_path / "ETH_USDT-1d.csv", 0, 3))
    (tmp_path / "data" / "bars" / "binance" / "ETH-USDT" / "1d" / "2024-01.parquet").write_text("no more")
    assert [each["series"] for each in run(tmp_path / "data", "list", code=6)] == [str(BARS)]
    told = letrade("data", "list", "--root", str(tmp_path / "data")).stderr
    assert "delete it" in told
