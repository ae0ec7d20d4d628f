"""Over a recorded month a hedged book's delta, as the ledger counts it, stays in its band whatever the venue does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pyarrow import compute, feather

from letrade.core.fraction import Fraction
from letrade.core.messages.market import Bar
from letrade.core.messages.orders import Fill
from letrade.core.messages.signals import Basket
from letrade.core.quantities import exact
from tests.actors.basket_parts import LINEAR, LOSE, MS, REFUSE, SECOND, SPOT
from tests.actors.desk_parts import settings
from tests.actors.test_delta_neutral import ETH, INVERSE, HedgedDesk
from tests.data import shared_data
from tests.stage import of_kind

BAND = 0.02
BOUND = 5 * SECOND
MARCH = (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))
NOVEMBER = (datetime(2024, 11, 1, tzinfo=UTC), datetime(2024, 12, 1, tzinfo=UTC))
SPOT_HOURS = "ohlcv/binance-spot/BTC_USDT-1h.feather"
PERP_QUARTERS = "ohlcv/binance-usdm-2023-2024/BTC_USDT_USDT-15m-futures.feather"
WIF_HOURS = "ohlcv/binance-usdm-2024-2025-WIF/WIF_USDT_USDT-1h-futures.feather"


def closes(file: str, month: tuple[datetime, datetime], instrument: str) -> list[tuple[int, str, float]]:
    """(time, instrument, close) of each bar of a month."""
    table = feather.read_table(shared_data(file))
    date = table["date"]
    inside = compute.and_(compute.greater_equal(date, month[0]), compute.less(date, month[1]))
    rows = table.filter(inside).select(["date", "close"]).to_pylist()
    return [(int(row["date"].timestamp()), instrument, float(row["close"])) for row in rows]


def played(desk: HedgedDesk, *series: list[tuple[int, str, float]], evil: int = 0) -> Iterator[float]:
    """Every price in turn, looked at when the bound for a leg alone is over; and what the venue does of itself."""
    chance = random.Random(evil)
    at, prices = 0, {}
    for time, instrument, price in sorted(row for rows in series for row in rows):
        if at and time != at and len(prices) == len(series):
            yield prices[desk.strategy.instrument]
        if evil and chance.random() < 0.05:
            words = [chance.choice((REFUSE, LOSE, ""))] * chance.randint(1, 3)
            desk.script(chance.choice(desk.strategy.instruments), *words)
        at, prices[instrument] = time, price
        desk.trade(price, instrument, wait=BOUND, size=1_000_000.0)


@pytest.mark.parametrize("evil", [0, 1, 2])
def test_spot_against_a_perpetual(evil: int) -> None:
    desk = HedgedDesk(timeout=200 * MS, size=2.0, band=BAND)
    chance, looked = random.Random(evil), 0
    spot, perp = closes(SPOT_HOURS, MARCH, SPOT), closes(PERP_QUARTERS, MARCH, LINEAR)
    for price in played(desk, spot, perp, evil=evil):
        if evil and chance.random() < 0.01 and desk.held(instrument=LINEAR) < -0.5:
            desk.cut(LINEAR, 0.05, chance.choice(("adl", "liquidation")))
            desk.tell(wait=BOUND)
        delta, held = desk.by_ledger(price)
        assert abs(delta) <= exact(BAND) * abs(held)
        looked += held > 0
    assert looked > (2900 if not evil else 2000)
    assert len(of_kind(desk.said, Fill)) >= (2 if not evil else 10)


@pytest.mark.parametrize("hedge", ["inverse", "linear"])
def test_coin_collateral_against_a_contract(hedge: str) -> None:
    instrument = INVERSE.instrument if hedge == "inverse" else LINEAR
    config = settings(balances={"BTC": Decimal(3), "USDT": Decimal(200_000)}, max_leverage=Decimal(5))
    desk = HedgedDesk(config, 5.0, hedge=instrument, collateral=True, band=BAND)
    spot, perp = closes(SPOT_HOURS, MARCH, SPOT), closes(PERP_QUARTERS, MARCH, instrument)
    perp = [(time, name, round(price, 1)) for time, name, price in perp]
    for price in played(desk, spot, perp):
        delta, held = desk.by_ledger(price)
        assert abs(delta) <= exact(BAND) * held
    assert len(of_kind(desk.said, Basket)) == 1


def test_a_cross_hedge_by_a_streaming_beta() -> None:
    """A coin's contract against another's, whose prices are those of its spot market: no others are recorded."""
    desk = HedgedDesk(instrument=ETH.instrument, size=20_000.0, band=0.05, beta_window=48)
    other = closes(SPOT_HOURS, NOVEMBER, LINEAR)
    coin = closes(WIF_HOURS, NOVEMBER, ETH.instrument)
    looked = 0
    for price in hours(desk, coin, other):
        book = desk.strategy.book()
        if book is None or not desk.held(instrument=ETH.instrument):
            continue
        slope = desk.strategy.beta.slope if desk.strategy.beta is not None else None
        assert slope is not None
        held = Fraction(desk.held(instrument=ETH.instrument)) * exact(price) * exact(round(slope, 6))
        hedge = Fraction(desk.held(instrument=LINEAR)) * book.hedge.price
        assert abs(held + hedge) <= exact(0.05) * held
        looked += 1
    assert looked > 600
    assert 20 < len(of_kind(desk.said, Basket)) < looked / 2


def hours(desk: HedgedDesk, coin: list[tuple[int, str, float]], other: list[tuple[int, str, float]]) -> Iterator[float]:
    """Both bars of each hour, as trades and as bars."""
    prices = {time: price for time, _, price in other}
    for time, instrument, price in coin:
        for name, close in ((instrument, round(price, 2)), (LINEAR, round(prices[time], 1))):
            desk.trade(close, name, wait=10 * MS, size=1_000_000.0)
            desk.tell(bar(name, close, time * SECOND))
        desk.tell(wait=3 * SECOND)
        desk.trade(round(price, 2), instrument, wait=SECOND, size=1_000_000.0)
        yield round(price, 2)


def bar(instrument: str, close: float, end: int) -> Bar:
    return Bar(
        instrument=instrument, start=end - 3600 * SECOND, end=end, open=close, high=close, low=close, close=close,
        volume=1.0, source="feed", epoch=1,
    )  # fmt: skip
