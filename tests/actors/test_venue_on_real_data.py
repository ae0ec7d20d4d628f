"""The simulated venue on what exchanges really sent: its book, a year of bars and a year of funding."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from fractions import Fraction

import pytest

from letrade.actors.feeds.binance_capture import BinanceCapture
from letrade.actors.feeds.ohlcv import OhlcvFeed
from letrade.actors.venue.book import BookModel
from letrade.actors.venue.scales import Scales, scales_of
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.market import Bar, BookDelta, FundingRate, Instrument, MarkPrice, Quote
from letrade.core.messages.venue import VenueFill
from letrade.core.quantities import exact
from tests.actors.venue_parts import LINEAR, Desk, submit, trade
from tests.data import shared_data
from tests.stage import context, of_kind

BTC_PERP = "paper.BTC-USDT_USDT"
SECOND = 1_000_000_000


def best_of(quote: Quote, scales: Scales) -> tuple[tuple[float, int], tuple[float, int]]:
    return (quote.bid, scales.size_units(quote.bid_size)), (quote.ask, scales.size_units(quote.ask_size))


@pytest.mark.parametrize(
    ("files", "compared"),
    [(["spot_btcusdt_20240808.gz"], 564), (["usdm_btcusdt_20240808.gz"], 503)],
)
def test_the_venues_book_equals_the_best_prices_that_the_exchange_told(files: list[str], compared: int) -> None:
    config = BinanceCapture.Config(files=[str(shared_data(f"l2/binance/{name}")) for name in files])
    feed = BinanceCapture("feed", config, context())
    catalogue = Catalogue(feed.instruments())
    model = BookModel(scales_of(catalogue, catalogue.ids()[0]))
    told: dict[int, Quote] = {}
    equal = 0
    seen = 0
    feed.context = feed.context._replace(instruments=catalogue)
    for message in feed.messages():
        if isinstance(message, Quote):
            told[message.update_id] = message
        elif hasattr(message, "instrument"):
            model.hear(message, message.time)
        if isinstance(message, BookDelta) and model.has_market and message.last_update in told:
            seen += 1
            equal += model.best() == best_of(told[message.last_update], model.scales)
    assert (equal, seen, model.complaint) == (compared, compared, "")


def recorded_bars(name: str) -> tuple[tuple[Instrument, ...], list[Message]]:
    path = str(shared_data(f"ohlcv/binance-usdm-2023-2024/{name}"))
    feed = OhlcvFeed("feed", OhlcvFeed.Config(file=path, venue="paper"), context())
    feed.context = feed.context._replace(instruments=Catalogue())
    return feed.instruments(), list(feed.messages())


def test_a_moving_average_cross_on_recorded_bars_earns_what_it_must() -> None:
    instruments, messages = recorded_bars("BTC_USDT_USDT-1h-futures.feather")
    desk = Desk(instruments=instruments, accounts=("a",), taker_fee=Decimal("0.0005"))
    closes: deque[Fraction] = deque(maxlen=50)
    fills: list[VenueFill] = []
    long, orders = False, 0
    for message in messages:
        desk.time = message.time
        fills += of_kind(desk.tell(message), VenueFill)
        if not isinstance(message, Bar):
            continue
        closes.append(exact(message.close))
        recent = list(closes)
        wanted = len(closes) == 50 and sum(recent[-20:]) / 20 > sum(recent) / 50
        if len(closes) == 50 and wanted != long:
            orders, long = orders + 1, wanted
            desk.time = message.time
            order = submit(f"{orders}", 1 if wanted else -1, 1.0, account="a", instrument=BTC_PERP)
            fills += of_kind(desk.stage.tell(desk.stamped(order), until=message.time), VenueFill)
    entries = [fill for fill in fills if fill.side > 0]
    assert (len(entries), len(fills) - len(entries)) == (154, 153)
    account = desk.venue.exchange.accounts["a"]
    rules = desk.venue.context.instruments.at(BTC_PERP, 0)
    profit = account.wallet.total("USDT").value - 1_000_000 + account.unrealised(BTC_PERP, float(closes[-1]), rules)
    assert profit == Fraction("21113.436350")


def opens(name: str) -> dict[int, float]:
    """The first price of each row by its stamp, floored to the second: some are milliseconds late."""
    path = shared_data(f"ohlcv/binance-usdm-2023-2024/BTC_USDT_USDT-8h-{name}.feather")
    table = pytest.importorskip("pyarrow.feather").read_table(str(path))
    seconds = [int(stamp.timestamp()) for stamp in table["date"].to_pylist()]
    return {second * SECOND: value for second, value in zip(seconds, table["open"].to_pylist(), strict=True)}


def test_a_short_held_through_recorded_funding_earns_it() -> None:
    marks = opens("mark")
    desk = Desk(funding=True, accounts=("a",), taker_fee=Decimal(0))
    desk.tell(trade(16_000.0, instrument=LINEAR))
    desk.tell(submit("short", -1, 1.0, instrument=LINEAR))
    before = desk.balance("USDT")
    for time, rate in opens("funding_rate").items():
        desk.time = time
        desk.tell(MarkPrice(instrument=LINEAR, price=marks[time]))
        desk.time = time
        desk.tell(FundingRate(instrument=LINEAR, rate=rate, funding_time=time), wait=1)
    assert round(desk.balance("USDT") - before, 4) == Decimal("6464.4358")
