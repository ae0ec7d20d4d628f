"""Downloads with the real ccxt over a real socket: all kinds, resumed after interruption and kill, with patience."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from letrade.core.data.catalogue import DataCatalogue
from letrade.core.data.columns import BarRows, FundingRows, Kind, TradeRows
from letrade.core.data.series import Series
from letrade.core.errors import ResourceError
from letrade.data.exchange import TRIES, Exchange
from tests.system import exchange as served
from tests.system.exchange import HOUR_MS, LISTED_MS, FakeExchange
from tests.system.programs import letrade

pytest.importorskip("ccxt")
MS = 1_000_000
SPOT, PERPETUAL = "binance.BTC-USDT", "binance.BTC-USDT_USDT"


@pytest.fixture
def exchange() -> Iterator[FakeExchange]:
    with served.serving() as running:
        yield running


class Downloads:
    """`letrade data download binance` into one catalogue."""

    def __init__(self, exchange: FakeExchange, folder: Path) -> None:
        self.exchange = exchange
        self.settings = exchange.settings(folder)
        self.root = folder / "catalogue"
        self.catalogue = DataCatalogue(self.root)

    def words(self, *words: str) -> list[str]:
        return ["data", "download", "binance", *words, "--settings", str(self.settings), "--root", str(self.root)]

    def run(self, *words: str, code: int = 0) -> Any:
        answer = letrade(*self.words(*words), "--json")
        assert answer.returncode == code, answer.stdout + answer.stderr
        return json.loads(answer.stdout.splitlines()[-1])

    def starts(self, series: Series) -> list[int]:
        """Of stored bars, in ms."""
        rows = [chunk.rows for chunk in self.catalogue.columns(series).chunks()]
        return [start // MS for each in rows if isinstance(each, BarRows) for start in each.start.tolist()]


@pytest.fixture
def downloads(exchange: FakeExchange, tmp_path: Path) -> Downloads:
    return Downloads(exchange, tmp_path)


def test_bars_come_page_by_page_and_are_not_asked_for_again(downloads: Downloads) -> None:
    words = ("BTC/USDT", "--interval", "1m", "--from", "2023-12-31", "--to", "2024-01-03")
    (first,) = downloads.run(*words)
    series = Series(Kind.BARS, SPOT, "1m")
    assert (first["downloaded"], first["complete"], first["series"]) == (2_880, True, str(series))
    assert downloads.starts(series) == list(range(LISTED_MS, LISTED_MS + 2_880 * 60_000, 60_000))
    asked = downloads.exchange.pages()
    (again,) = downloads.run(*words)
    assert (again["downloaded"], again["rows"], downloads.exchange.pages()) == (0, 2_880, asked)
    (more,) = downloads.run("BTC/USDT", "--interval", "1m", "--from", "2024-01-02", "--to", "2024-01-04")
    assert (more["downloaded"], more["rows"]) == (1_440, 4_320)


def test_the_rules_of_the_market_are_kept_with_the_data(downloads: Downloads) -> None:
    downloads.run("BTCUSDT", "--from", "2024-01-01", "--to", "2024-01-02")
    rules = downloads.catalogue.instrument(SPOT)
    assert rules is not None
    assert (rules.kind, rules.tick, rules.lot, rules.size_min) == ("spot", "0.1", "0.001", "0.001")


def test_a_perpetual_has_bars_marks_and_funding(downloads: Downloads) -> None:
    kinds = ("--kind", "bars", "--kind", "mark", "--kind", "funding")
    told = downloads.run("BTC-USDT_USDT", *kinds, "--from", "2024-01-01", "--to", "2024-01-20")
    assert [(each["series"], each["downloaded"]) for each in told] == [
        (f"{PERPETUAL}/bars/1h", 456), (f"{PERPETUAL}/marks", 456), (f"{PERPETUAL}/funding", 57),
    ]  # fmt: skip
    (funding,) = downloads.catalogue.columns(Series(Kind.FUNDING, PERPETUAL)).chunks()
    assert isinstance(funding.rows, FundingRows)
    assert funding.rows.due.tolist() == [(LISTED_MS + eight * 8 * HOUR_MS) * MS for eight in range(57)]


def test_every_trade_comes_once_though_pages_end_amid_a_millisecond(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "PAGE", 101)
    (told,) = downloads.run("BTC/USDT", "--kind", "trades", "--from", "2024-01-01", "--to", "2024-01-02")
    assert (told["downloaded"], told["rows"], told["complete"]) == (5_000, 5_000, True)
    rows = [chunk.rows for chunk in downloads.catalogue.columns(Series(Kind.TRADES, SPOT)).chunks()]
    ids = [number for each in rows if isinstance(each, TradeRows) for number in each.trade_id.tolist()]
    assert ids == list(range(1, 5_001))


def test_a_halt_of_the_venue_is_a_gap_and_no_end(downloads: Downloads) -> None:
    downloads.exchange.missing = range(LISTED_MS + 5 * HOUR_MS, LISTED_MS + 2_000 * HOUR_MS)
    (told,) = downloads.run("BTC/USDT", "--from", "2024-01-01", "--to", "2024-04-01")
    assert (told["rows"], told["complete"]) == (5 + 91 * 24 - 2_000, True)
    assert downloads.starts(Series(Kind.BARS, SPOT, "1h"))[5] == LISTED_MS + 2_000 * HOUR_MS
    answer = letrade("data", "check", "--root", str(downloads.root), "--json")
    found = [each["code"] for each in json.loads(answer.stdout)["findings"]]
    assert (answer.returncode, found) == (6, ["missing-months", "gaps"])


@pytest.mark.parametrize("fault", [429, 503, 0])
def test_a_busy_exchange_is_asked_again(exchange: FakeExchange, tmp_path: Path, fault: int) -> None:
    import tomllib

    waits: list[float] = []
    told: list[str] = []
    settings = tomllib.loads(exchange.settings(tmp_path).read_text())
    asking = Exchange("binance", settings, waits.append, told.append)
    market = asking.market("BTC/USDT")
    exchange.failures = [fault, fault, fault]
    rows = asking.bars(market, Kind.BARS, "1h", LISTED_MS * MS, 10)
    assert (len(rows), waits, len(told)) == (10, [1.0, 2.0, 4.0], 3)
    exchange.failures = [fault] * TRIES
    with pytest.raises(ResourceError, match="goes on where it stopped"):
        asking.bars(market, Kind.BARS, "1h", LISTED_MS * MS, 10)


def interrupted(downloads: Downloads, number: signal.Signals) -> tuple[int, str]:
    """A download that is stopped by a signal after some pages, of an exchange that fell silent: its code and output."""
    downloads.exchange.stop_after = 3
    words = downloads.words("BTC/USDT", "--interval", "1m", "--from", "2024-01-01", "--to", "2024-01-05")
    program = subprocess.Popen(
        [sys.executable, "-m", "letrade", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # Who runs the tests in the background may ignore SIGINT, which children would inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while downloads.exchange.pages() <= 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    program.send_signal(number)
    output, _ = program.communicate(timeout=60)
    downloads.exchange.stop_after = None
    return program.returncode, output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_download_goes_on_where_it_stopped(downloads: Downloads, number: signal.Signals) -> None:
    code, output = interrupted(downloads, number)
    series = Series(Kind.BARS, SPOT, "1m")
    before = downloads.exchange.pages()
    listed = letrade("data", "list", "--root", str(downloads.root), "--json")
    assert (listed.returncode, len(json.loads(listed.stdout))) == (0, int(number == signal.SIGINT))
    if number == signal.SIGINT:
        assert (code, "the same command goes on from there" in output) == (130, True)
        assert len(downloads.starts(series)) == 3_000
    (told,) = downloads.run("BTC/USDT", "--interval", "1m", "--from", "2024-01-01", "--to", "2024-01-05")
    assert (told["rows"], told["complete"]) == (5_760, True)
    assert downloads.starts(series) == list(range(LISTED_MS, LISTED_MS + 5_760 * 60_000, 60_000))
    if number == signal.SIGINT:
        assert downloads.exchange.pages() - before == 3


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("BTC/USDX", "--from", "2024-01-01"), 2, 'did you mean "BTC/USDT"'),
        (("BTC/USDT", "--interval", "7m", "--from", "2024-01-01"), 2, "has no bars of that interval: 1s, 1m"),
        (("BTC/USDT", "--from", "soon"), 2, "--from: expected a date"),
        (("BTC/USDT", "--from", "2024-01-02", "--to", "2024-01-01"), 2, "expected --from before --to"),
        (("BTC/USDT",), 2, "was never downloaded: say --from"),
    ],
)
def test_what_cannot_be_downloaded_is_told(downloads: Downloads, words: tuple[str, ...], code: int, says: str) -> None:
    assert says in downloads.run(*words, code=code)["error"]["text"]


def test_an_exchange_that_does_not_exist_is_told() -> None:
    answer = letrade("data", "download", "binanse", "BTC/USDT", "--from", "2024-01-01")
    assert (answer.returncode, 'did you mean "binance"' in answer.stderr) == (2, True)


def test_the_last_download_is_continued_without_a_date(downloads: Downloads) -> None:
    downloads.run("BTC/USDT", "--interval", "1d", "--from", "2024-01-01", "--to", "2024-02-01")
    (told,) = downloads.run("BTC/USDT", "--interval", "1d", "--to", "2024-02-11")
    assert (told["downloaded"], told["rows"]) == (10, 41)
