"""Whatever is lost, late, repeated or refused on the way to the venue: no limit is broken, nothing doubled or lost."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.config.capital import Allocation
from letrade.core.config.desk import FaultsConfig
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.messages.events import Failure, Halt
from letrade.core.messages.orders import ApprovedOrder, Fill
from letrade.core.messages.venue import VenueFill, VenueSubmit
from letrade.core.quantities import fraction_of_money
from tests.actors.desk_parts import LINEAR, MS, SECOND, SPOT, TradingDesk
from tests.actors.desk_parts import settings as desk_settings
from tests.stage import of_kind

POSITION_NOTIONAL_MAX = 500
LEAST_PRICE = 94.0

SIGNALS = st.one_of(
    st.tuples(
        st.just("target"),
        st.sampled_from(["alpha", "beta"]),
        st.sampled_from([SPOT, LINEAR]),
        st.sampled_from([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 7.0]),
        st.sampled_from([None, 98.0, 100.0, 103.0]),
    ),
    st.tuples(
        st.just("quotes"),
        st.sampled_from(["alpha", "beta"]),
        st.just(LINEAR),
        st.lists(
            st.tuples(
                st.sampled_from([1, -1]), st.sampled_from([95.0, 98.0, 102.0, 105.0]), st.sampled_from([0.5, 1.0])
            ),
            max_size=3,
        ),
    ),
    st.tuples(st.just("trade"), st.sampled_from([94.0, 97.0, 100.0, 104.0]), st.sampled_from([0.3, 1.0, 50.0])),
)
STEPS = st.lists(st.tuples(SIGNALS, st.sampled_from([1, 2, 3, 30, 3000])), min_size=4, max_size=14)
RATES = st.sampled_from([0.0, 0.1, 0.3])
FAULTS = st.builds(FaultsConfig, seed=st.integers(0, 2**32), lose=RATES, delay=RATES, repeat=RATES, refuse=RATES)


def run(steps: list[tuple[tuple[object, ...], int]], faults: FaultsConfig) -> TradingDesk:
    """A desk that has met all steps; after each the limits hold at the venue itself."""
    desk = TradingDesk(
        desk_settings(
            balances={"USDT": Decimal(2_000)},
            risk=RiskTable(stale_after=None, max_position_notional=Decimal(POSITION_NOTIONAL_MAX)),
            allocations=[
                Allocation(name="a", strategy="alpha", account="main", fraction=Decimal("0.8")),
                Allocation(name="b", strategy="beta", account="main", fraction=Decimal("0.8")),
            ],
            faults=faults,
        )
    )
    desk.trade(100.0, SPOT)
    desk.trade(100.0, LINEAR)
    for step, wait in steps:
        act(desk, step, wait * MS)
        limits_hold(desk)
    return desk


def act(desk: TradingDesk, step: tuple[object, ...], wait: int) -> None:
    kind, *rest = step
    if kind == "trade":
        price, size = rest
        desk.trade(float(str(price)), SPOT, wait=MS, size=float(str(size)))
        desk.trade(float(str(price)), LINEAR, wait=wait, size=float(str(size)))
    elif kind == "target":
        strategy, instrument, position, price = rest
        desk.target(
            float(str(position)), strategy=str(strategy), instrument=str(instrument), wait=wait,
            price=None if price is None else float(str(price)),
        )  # fmt: skip
    else:
        strategy, instrument, orders = rest
        assert isinstance(orders, list)
        desk.quotes(*orders, strategy=str(strategy), instrument=str(instrument), wait=wait)


def limits_hold(desk: TradingDesk) -> None:
    account = desk.actor("paper").exchange.accounts["main"]
    position = account.positions.get(LINEAR)
    held = Fraction(position.quantity, 10**position.quantity_decimals) if position else Fraction(0)
    assert abs(held) * Fraction(LEAST_PRICE) <= POSITION_NOTIONAL_MAX
    money = {amount.currency: fraction_of_money(amount) for amount in account.wallet.money()}
    assert money.get("BTC", Fraction(0)) * Fraction(LEAST_PRICE) <= POSITION_NOTIONAL_MAX
    assert money.get("BTC", Fraction(0)) >= 0


def settled(desk: TradingDesk) -> None:
    """Resting orders are taken off, and every question finds its answer in the end."""
    for strategy in ("alpha", "beta"):
        desk.quotes(strategy=strategy, instrument=LINEAR)
        desk.quotes(strategy=strategy, instrument=SPOT)
    for _ in range(60):
        desk.tell(wait=10 * SECOND)
        if not desk.working() and not desk.actor("execution").missing:
            break
    desk.tell(wait=700 * SECOND)


def venue_fills(desk: TradingDesk, account: str = "main") -> list[VenueFill]:
    fills: list[VenueFill] = desk.actor("paper").exchange.accounts[account].fills
    return fills


def nothing_is_lost_or_doubled(desk: TradingDesk) -> None:
    submitted = Counter(message.client_order_id for message in of_kind(desk.said, VenueSubmit))
    assert all(count == 1 for count in submitted.values())
    approved = Counter(message.order.order_id for message in of_kind(desk.said, ApprovedOrder))
    assert all(count == 1 for count in approved.values())
    booked = sorted(fill.fill_number for fill in of_kind(desk.said, Fill))
    assert booked == list(range(1, len(venue_fills(desk)) + 1))


def all_agree(desk: TradingDesk) -> None:
    """Once nothing works any more: the ledger is the venue's, shares are the same everywhere, nothing is reserved."""
    assert desk.working() == []
    assert desk.actor("capital").working.by_id == {}
    assert desk.actor("risk").reservations.orders == {}
    assert desk.actor("capital").reserved("main", "USDT") == 0
    venue = desk.actor("paper").exchange.accounts["main"]
    ours = desk.actor("ledger").books["main"]
    theirs = {amount.currency: fraction_of_money(amount) for amount in venue.wallet.money()}
    assert {name: amount for name, amount in ours.wallets.items() if amount} == {n: a for n, a in theirs.items() if a}
    shares = desk.actor("execution").holdings.shares
    assert desk.actor("capital").purse.holdings.shares == shares
    assert desk.actor("risk").reservations.holdings.shares == shares
    assert of_kind(desk.said, Failure) == []
    assert of_kind(desk.said, Halt) == []


@settings(max_examples=120)
@given(STEPS, FAULTS)
def test_no_race_of_faults_breaks_a_limit_or_loses_money(
    steps: list[tuple[tuple[object, ...], int]], faults: FaultsConfig
) -> None:
    desk = run(steps, faults)
    settled(desk)
    nothing_is_lost_or_doubled(desk)
    all_agree(desk)


STEADY = st.lists(
    st.tuples(
        st.tuples(
            st.just("target"),
            st.sampled_from(["alpha", "beta"]),
            st.sampled_from([SPOT, LINEAR]),
            st.sampled_from([-4.0, -1.0, 0.0, 1.0, 2.0, 4.0, 7.0]),
            st.sampled_from([None, 90.0, 100.0]),
        ),
        st.sampled_from([1, 2, 30, 3000]),
    ),
    min_size=2,
    max_size=10,
)


@settings(max_examples=60)
@given(STEADY, FAULTS)
def test_two_strategies_never_reserve_more_than_the_cash(
    steps: list[tuple[tuple[object, ...], int]], faults: FaultsConfig
) -> None:
    desk = TradingDesk(desk_settings(balances={"USDT": Decimal(800)}, faults=faults, maker_fee=0, taker_fee=0))
    desk.trade(100.0, SPOT)
    desk.trade(100.0, LINEAR)
    capital = desk.actor("capital")
    for step, wait in steps:
        act(desk, step, wait * MS)
        assert capital.purse.free("main", "USDT", capital.working, desk.time) >= 0
    settled(desk)
    all_agree(desk)


@settings(max_examples=40)
@given(STEPS, FAULTS, st.data())
def test_a_restart_at_any_moment_changes_nothing(
    steps: list[tuple[tuple[object, ...], int]], faults: FaultsConfig, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(steps)))
    whole, first = run(steps[:cut], faults), run(steps[:cut], faults)
    after = first.restarted()
    whole.said.clear()
    for desk in (whole, after):
        for step, wait in steps[cut:]:
            act(desk, step, wait * MS)
        settled(desk)
    assert after.said == whole.said
