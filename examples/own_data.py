"""Market data of one's own: a file of quotes, imported into a catalogue, read as columns, and a backtest over it."""

import math
import os
import tempfile
from pathlib import Path

from letrade import assemble, run_backtest
from letrade.core.data.catalogue import DataCatalogue
from letrade.data.importing import import_files

START_MS = 1_704_067_200_000
QUOTES = 20_000


def write_quotes(path: Path) -> None:
    """A wave of 200 quotes, ten in a second, under the names that most vendors use."""
    lines = ["timestamp,bid,bid_size,ask,ask_size\n"]
    for number in range(QUOTES):
        middle = 42_000 + round(100 * math.sin(number / 200))
        lines.append(f"{START_MS + 100 * number},{middle - 0.1:.1f},5,{middle + 0.1:.1f},5\n")
    path.write_text("".join(lines))


def main() -> None:
    """The catalogue would be anywhere that lasts; a desk file names the series as a feed of kind "catalogue"."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LETRADE_CATALOGUE"] = folder
        file = Path(folder) / "BTC-USDT.csv"
        write_quotes(file)
        catalogue = DataCatalogue(Path(folder))
        for added in import_files(catalogue, [str(file)], "binance.BTC-USDT_USDT"):
            print(f"{added.series}: {added.rows} rows")
        (series,) = catalogue.series()
        columns = catalogue.columns(series)
        rows = sum(chunk.count for chunk in columns.chunks())
        print(f"read back: {rows} rows, prices in units of 1e-{columns.price_decimals}")
        summary = run_backtest(assemble("backtest-ema-quotes", data_files=[f"catalogue:{series}"]))
        print(f"{summary['orders']} orders, profit {summary['pnl']}")


if __name__ == "__main__":
    main()
