"""What capital and risk keep up to date as things change equals what is counted afresh, in fractions, at any moment."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.actors.capital.manager import CapitalManager
from letrade.actors.capital.purse import Purse
from letrade.actors.risk.manager import RiskManager
from letrade.core.config.desk import FaultsConfig
from letrade.core.exposure import exposure_of
from letrade.core.holdings import Holdings
from letrade.core.messages.market import Instrument
from letrade.core.quantities import FINE_ONE
from tests.actors.desk_parts import LINEAR, MS, SPOT, TradingDesk
from tests.actors.desk_parts import settings as desk_settings
from tests.models.worth import SlowOrder, SlowWorth
from tests.stage import BTC, PERP

EURO = Instrument(
    instrument="paper.ETH-EUR_EUR", kind="linear", base="ETH", quote="EUR", settle="EUR", tick="0.01", lot="0.01",
    multiplier="0.1",
)  # fmt: skip
RATE = Instrument(
    instrument="paper.EUR-USDT", kind="spot", base="EUR", quote="USDT", settle="USDT", tick="0.0001", lot="0.1"
)
INVERSE = Instrument(
    instrument="paper.USDT-EUR", kind="spot", base="USDT", quote="EUR", settle="EUR", tick="0.0001", lot="0.1"
)
MARKETS = {SPOT: 100.0, LINEAR: 100.0, EURO.instrument: 70.0}
LEVERAGE = Fraction(3)
FEE = Fraction("0.0005")
ROUNDED_MOST = Fraction(1, 10**70)
"""A rate that is no decimal is rounded against us, far beyond any digit that money has."""

PLACES = st.sampled_from([-0.05, -0.01, 0.0, 0.01, 0.03])
SIGNALS = st.one_of(
    st.tuples(
        st.just("target"), st.sampled_from(["alpha", "beta"]), st.sampled_from(list(MARKETS)),
        st.sampled_from([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 30.0]), st.one_of(st.none(), PLACES),
    ),
    st.tuples(
        st.just("quotes"), st.sampled_from(["alpha", "beta"]), st.sampled_from([LINEAR, EURO.instrument]),
        st.lists(st.tuples(st.sampled_from([1, -1]), PLACES, st.sampled_from([0.5, 1.0])), max_size=3), st.none(),
    ),
    st.tuples(st.just("trade"), st.just(""), st.sampled_from(list(MARKETS)), st.sampled_from([0.3, 50.0]), PLACES),
    st.tuples(st.just("trade"), st.just(""), st.just(""), st.just(0.0), PLACES),
)  # fmt: skip
STEPS = st.lists(st.tuples(SIGNALS, st.sampled_from([0, 1, 3, 30, 3000])), min_size=4, max_size=16)
FAULTS = st.builds(FaultsConfig, seed=st.integers(0, 2**32), lose=st.sampled_from([0.0, 0.2]))


def desk_of(rate: Instrument, faults: FaultsConfig, fee_currency: str) -> TradingDesk:
    balances = {"USDT": Decimal(700), "EUR": Decimal("150.5")}
    desk = TradingDesk(
        desk_settings(balances=balances, faults=faults, fee_currency=fee_currency),
        instruments=(BTC, PERP, EURO, rate),
    )
    desk.actor("capital").purse = Purse(desk.config, desk.shared.instruments, LEVERAGE, Fraction("0.01"))
    return desk


def act(desk: TradingDesk, rate: str, step: tuple[object, ...], wait: int) -> None:
    kind, strategy, market, what, place = step
    instrument = str(market) or rate
    middle = MARKETS.get(instrument, 1.1)

    def price(found: object) -> float:
        return round(middle * (1 + float(str(found))), 2)

    if kind == "trade":
        desk.trade(price(place), instrument, wait=wait, size=float(str(what)))
    elif kind == "target":
        limit = None if place is None else price(place)
        position = float(str(what))
        desk.target(position, strategy=str(strategy), instrument=instrument, wait=wait, price=limit)
    else:
        assert isinstance(what, list)
        orders = [(side, price(found), size) for side, found, size in what]
        desk.quotes(*orders, strategy=str(strategy), instrument=instrument, wait=wait)


def capital_counts_right(capital: CapitalManager, now: int) -> None:
    purse, shares = capital.purse, capital.purse.holdings.shares
    slow = SlowWorth(purse.catalogue, purse.board.prices, "USDT")
    needed: dict[str, Fraction] = {}
    for key in dict.fromkeys([*shares, *(order.key for order in capital.working.by_id.values())]):
        specification = purse.catalogue.at(key[1], now)
        orders = [
            SlowOrder(order.side, order.remaining, order.basis)
            for order in capital.working.by_id.values()
            if order.key == key
        ]
        currency = specification.quote if specification.kind == "spot" else specification.settle
        required = slow.required(specification, shares.get(key, 0), orders, LEVERAGE, FEE)
        needed[currency] = needed.get(currency, Fraction(0)) + required
    book = purse.books["main"]
    for currency in ("USDT", "EUR"):
        cash = book.wallets.get(currency, Fraction(0))
        assert purse.free("main", currency, capital.working, now) == cash - needed.get(currency, Fraction(0))
    equity = slow.equity(book.wallets, book.positions)
    found = purse.equity("main", now)
    counted = Fraction(found.numerator, found.denominator * FINE_ONE)
    assert nearly(counted, book.wallets["USDT"] if equity is None else equity)


def risk_counts_right(risk: RiskManager, now: int) -> None:
    kept, catalogue = risk.reservations, risk.context.instruments
    shares, orders = kept.holdings.shares, kept.orders.values()
    sums_are_right(kept.holdings)
    worst = {}
    for instrument in dict.fromkeys([*(key[1] for key in shares), *(order.instrument for order in orders)]):
        specification = catalogue.at(instrument, now)
        working = [(order.side, order.remaining) for order in orders if order.instrument == instrument]
        exposure = exposure_of(kept.holdings.net("main", specification), working)
        assert kept.exposure("main", specification) == exposure
        worst[instrument] = exposure.worst
    slow = SlowWorth(catalogue, risk.board.prices, "USDT").gross(worst | {LINEAR: worst.get(LINEAR, 0)})
    assert nearly(risk.gross.of("main", LINEAR, worst.get(LINEAR, 0), None, now), slow)


def sums_are_right(holdings: Holdings) -> None:
    for market, gross in holdings.gross().items():
        assert gross == sum(abs(share) for key, share in holdings.shares.items() if key[:2] == market)


def nearly(found: Fraction | None, expected: Fraction | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return abs(found - expected) <= ROUNDED_MOST


@settings(max_examples=80)
@given(STEPS, FAULTS, st.sampled_from([RATE, INVERSE]), st.sampled_from(["quote", "base"]), st.booleans())
def test_what_is_kept_equals_what_is_counted_afresh(
    steps: list[tuple[tuple[object, ...], int]], faults: FaultsConfig, rate: Instrument, fees: str, priced: bool
) -> None:
    desk = desk_of(rate, faults, fees)
    for market, price in MARKETS.items():
        desk.trade(price, market, wait=MS)
    if priced:
        desk.trade(1.1, rate.instrument)
    for step, wait in steps:
        act(desk, rate.instrument, step, wait * MS)
        capital_counts_right(desk.actor("capital"), desk.time)
        risk_counts_right(desk.actor("risk"), desk.time)
