"""A hedged book: entered whole or not at all, kept within its band, and never left with one leg."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.capital.manager import CapitalConfig
from letrade.actors.execution.sending import ExecutionConfig
from letrade.actors.strategies.delta_neutral import DeltaNeutral, DeltaNeutralConfig
from letrade.actors.strategies.regression import RegressionBeta
from letrade.core.bookkeeping import gain_at
from letrade.core.borrowing import HOUR_NS
from letrade.core.config.desk import DeskConfig
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import PositionLimit
from letrade.core.messages.market import Instrument
from letrade.core.messages.signals import Basket
from letrade.core.messages.venue import VenueCash
from letrade.core.money import money
from letrade.core.quantities import exact
from tests.actors.basket_parts import LINEAR, LOSE, MS, PRICE, REFUSE, SECOND, SPOT, BasketDesk
from tests.actors.desk_parts import settings
from tests.actors.margin_parts import stamped
from tests.actors.test_borrowing import config as borrowing
from tests.stage import BTC, PERP, context, of_kind

INVERSE = Instrument(
    instrument="paper.BTC-USD_BTC", kind="inverse", base="BTC", quote="USD", settle="BTC", tick="0.1", lot="1",
    multiplier="100",
)  # fmt: skip
ETH = Instrument(
    instrument="paper.ETH-USDT_USDT", kind="linear", base="ETH", quote="USDT", settle="USDT", tick="0.01", lot="0.001"
)
ALL = (BTC, PERP, INVERSE, ETH)


class HedgedDesk(BasketDesk):
    """A desk with one such strategy, named alpha."""

    def __init__(
        self, config: DeskConfig | None = None, leverage: float = 1.0, timeout: int = 2 * SECOND, **more: Any
    ) -> None:
        config = config or settings(balances={"USDT": Decimal(10_000_000)})
        keys = {"instrument": SPOT, "account": "main", "hedge": LINEAR} | more
        shared = context(*ALL, settings=config)
        self.strategy = DeltaNeutral("alpha", DeltaNeutralConfig(**keys), shared)
        super().__init__(
            config,
            quiet=True,
            extra=[self.strategy],
            instruments=ALL,
            capital=CapitalConfig(leverage=leverage),
            execution=ExecutionConfig(order_timeout=timeout),
        )

    def prices(self, price: float, hedge_price: float | None = None, wait: int = 2 * SECOND) -> None:
        first, second = self.strategy.instruments
        self.trade(price, first, wait=20 * MS)
        self.trade(price if hedge_price is None else hedge_price, second, wait=wait)

    def by_ledger(self, price: float, coin: str = "BTC") -> tuple[Fraction, Fraction]:
        """(what the account gains in USD for a price one higher, how many coins it has): from wallets and positions."""
        book = self.actor("ledger").books["main"]

        def worth(at: Fraction) -> Fraction:
            total = book.wallets.get(coin, Fraction(0)) * at
            for instrument, position in book.positions.items():
                rules = self.shared.instruments.at(instrument, self.time)
                if rules.kind != "spot" and position.quantity:
                    total += gain_at(position, rules, at) * (at if rules.inverse else 1)
            return total

        step = exact(price) / 1000
        slope = (worth(exact(price) + step) - worth(exact(price) - step)) / (2 * step)
        return slope, book.wallets.get(coin, Fraction(0))

    def worth(self, price: float) -> float:
        """The coins in the wallet with what closing the inverse contracts would bring, in quote units."""
        book = self.actor("ledger").books["main"]
        rules = self.shared.instruments.at(INVERSE.instrument, self.time)
        coins = book.wallets["BTC"] + gain_at(book.positions[INVERSE.instrument], rules, exact(price))
        return float(coins * exact(price))

    def delta(self) -> float:
        book = self.strategy.book()
        assert book is not None
        return float(book.delta)


def test_spot_is_hedged_by_a_perpetual_and_stays_so_at_every_price() -> None:
    desk = HedgedDesk(size=1.0)
    desk.prices(PRICE)
    assert desk.pair() == (1.0, -1.0)
    baskets = len(of_kind(desk.said, Basket))
    for price in (61_000.0, 30_000.0, 90_000.0):
        desk.prices(price, price * 1.001)
        assert desk.delta() == 0.0
    assert len(of_kind(desk.said, Basket)) == baskets


def test_a_leg_that_is_refused_leaves_nothing_and_is_asked_for_again_later() -> None:
    desk = HedgedDesk(size=1.0)
    desk.script(LINEAR, REFUSE, REFUSE)
    desk.prices(PRICE)
    assert desk.pair() == (0.0, 0.0)
    desk.prices(PRICE, wait=61 * SECOND)
    desk.prices(PRICE)
    assert desk.pair() == (1.0, -1.0)


def test_a_deleveraged_hedge_comes_back_and_a_liquidated_one_is_followed_and_not_rebuilt() -> None:
    desk = HedgedDesk(size=1.0)
    desk.prices(PRICE)
    desk.cut(LINEAR, 0.5, "adl")
    assert desk.pair() == (1.0, -1.0)
    desk.cut(LINEAR, 0.25, "liquidation")
    desk.prices(PRICE, wait=120 * SECOND)
    desk.prices(PRICE)
    assert desk.pair() == (0.75, -0.75)


def test_where_the_hedge_may_not_grow_what_is_hedged_shrinks() -> None:
    desk = HedgedDesk(
        instrument=ETH.instrument, size=20.0, beta=1.0,
    )  # fmt: skip
    desk.prices(3_000.0, 60_000.0)
    assert desk.held(instrument=ETH.instrument) == 20.0
    desk.tell(
        stamped(PositionLimit(strategy="-", account="main", instrument=LINEAR, largest=1.0, reason="test"), "leverage")
    )
    desk.prices(3_300.0, 60_000.0)
    desk.prices(3_300.0, 60_000.0)
    assert (desk.held(instrument=ETH.instrument), desk.held(instrument=LINEAR)) == (18.181, -1.0)
    assert abs(desk.delta()) < 60.0
    assert "unhedged" in {alert.code for alert in of_kind(desk.said, Alert)}


def test_a_cross_hedge_counts_beta_and_is_rebalanced_beyond_its_band_only() -> None:
    desk = HedgedDesk(instrument=ETH.instrument, size=100.0, beta=1.2, band=0.05)
    desk.prices(3_000.0, 60_000.0)
    assert desk.held(instrument=LINEAR) == -6.0
    desk.prices(3_100.0, 60_000.0)
    assert desk.held(instrument=LINEAR) == -6.0
    desk.prices(3_200.0, 60_000.0)
    assert desk.held(instrument=LINEAR) == -6.4
    assert desk.held(instrument=ETH.instrument) == 100.0


def test_a_coin_against_60_000_dollars_of_inverse_contracts_is_worth_as_much_at_every_price_in_the_ledger() -> None:
    config = settings(balances={"BTC": Decimal(1)}, taker_fee=Decimal(0), max_leverage=Decimal(5))
    desk = HedgedDesk(config, 5.0, hedge=INVERSE.instrument, collateral=True)
    desk.prices(PRICE)
    assert desk.held(instrument=INVERSE.instrument) == -600.0
    for price in (20_000.0, 59_999.9, 73_000.1, 240_000.0):
        desk.prices(price)
        assert desk.worth(price) == pytest.approx(60_000.0, rel=1e-12)
        assert desk.delta() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("coins", ["1", "0.5", "2.37"])
def test_coin_collateral_is_hedged_by_an_inverse_contract_once_and_for_every_price(coins: str) -> None:
    config = settings(
        balances={"USDT": Decimal(1_000), "BTC": Decimal(coins)}, taker_fee=Decimal(0), max_leverage=Decimal(5)
    )
    desk = HedgedDesk(config, 5.0, hedge=INVERSE.instrument, collateral=True)
    desk.prices(PRICE, PRICE)
    assert desk.held(instrument=INVERSE.instrument) == -int(600 * Decimal(coins))
    baskets = len(of_kind(desk.said, Basket))
    for price in (30_000.0, 61_000.0, 120_000.0):
        desk.prices(price, price)
        assert abs(desk.delta()) <= 100.0 * price / PRICE
    assert len(of_kind(desk.said, Basket)) == baskets


def test_a_hedge_that_is_lost_never_leaves_the_other_leg_alone_for_longer_than_the_bound() -> None:
    desk = HedgedDesk(size=1.0, naked_max=SECOND)
    desk.script(LINEAR, LOSE)
    desk.prices(PRICE, wait=20 * MS)
    naked = 0
    for _ in range(150):
        desk.tell(wait=20 * MS)
        naked += 20 * MS * (desk.pair()[0] != -desk.pair()[1])
    assert 0 < naked < SECOND
    assert desk.pair() == (0.0, 0.0)


def test_a_wish_that_was_lost_on_its_way_is_said_again() -> None:
    desk = HedgedDesk(size=1.0)
    capital = desk.stage.node.slots[[slot.name for slot in desk.stage.node.slots].index("capital")]
    heard = capital.handlers.pop(Basket)
    desk.stage.node.place(desk.stage.node.slots)
    desk.prices(PRICE)
    assert desk.pair() == (0.0, 0.0)
    capital.handlers[Basket] = heard
    desk.stage.node.place(desk.stage.node.slots)
    desk.prices(PRICE, wait=20 * SECOND)
    desk.prices(PRICE)
    assert desk.pair() == (1.0, -1.0)


def test_it_goes_on_after_a_restart() -> None:
    desk = HedgedDesk(size=1.0)
    desk.prices(PRICE)
    fresh = DeltaNeutral("alpha", desk.strategy.config, desk.shared)
    fresh.restore(desk.strategy.state())
    fresh.time = desk.time
    assert fresh.state() == desk.strategy.state()
    book = fresh.book()
    assert book is not None
    assert book.delta == 0


def test_a_borrowed_coin_is_hedged_with_the_interest_that_it_owes() -> None:
    desk = HedgedDesk(borrowing(limit="5", rate="0.24", usdt="10000000"), size=-1.0)
    desk.prices(PRICE)
    assert desk.delta() == 0.0
    for _ in range(10):
        desk.prices(PRICE, wait=HOUR_NS)
        desk.prices(PRICE)
        owed, hedged = desk.pair()
        assert abs(owed + hedged) <= 0.02 * abs(owed)
        assert desk.delta() == pytest.approx(sum(desk.pair()) * PRICE)
    assert desk.pair()[1] > 1.08


@pytest.mark.parametrize(("origin", "own", "held"), [("adl", 0.75, 1.0), ("liquidation", 0.0, 0.5)])
def test_coins_that_an_inverse_hedge_has_lost_or_earned_count_in_delta(origin: str, own: float, held: float) -> None:
    """Of 1 coin against 600 contracts opened at 60,000, the venue closes half at 120,000, which costs a quarter of a
    coin. Deleveraged: as many as there were hedge what is left. Liquidated: half a coin is sold, and the other half is
    what closing all contracts costs. The 2 coins of margin are not the strategy's."""
    balances = {"USDT": Decimal(10_000_000), "BTC": Decimal(2)}
    config = settings(balances=balances, taker_fee=Decimal(0), max_leverage=Decimal(5))
    desk = HedgedDesk(config, 5.0, size=1.0, hedge=INVERSE.instrument)
    for price in (PRICE, 120_000.0):
        desk.prices(price)
    assert (desk.held(), desk.held(instrument=INVERSE.instrument)) == (1.0, -600.0)
    desk.cut(INVERSE.instrument, 300, origin)
    for _ in range(3):
        desk.prices(120_000.0)
    delta, coins = desk.by_ledger(120_000.0)
    assert (float(coins - 2), desk.held()) == (own, held)
    assert abs(delta - 2) <= Fraction(2, 100)
    assert desk.delta() == pytest.approx(float(delta - 2) * 120_000.0, abs=1.0)


def test_funding_that_an_inverse_hedge_gets_in_coins_is_hedged_as_far_as_it_is_ours() -> None:
    """0.1 coins for 750 contracts of the account, of which 600 are the strategy's."""
    balances = {"USDT": Decimal(10_000_000), "BTC": Decimal(2)}
    config = settings(balances=balances, taker_fee=Decimal(0), max_leverage=Decimal(5))
    desk = HedgedDesk(config, 5.0, size=1.0, hedge=INVERSE.instrument)
    desk.prices(PRICE)
    desk.target(-150.0, strategy="beta", instrument=INVERSE.instrument)
    desk.tell(wait=SECOND)
    paid = VenueCash(
        strategy="-", account="main", instrument=INVERSE.instrument, entry_id="f-1", origin="funding",
        amount=money("BTC", 1, 1), venue_time=desk.time, source="paper", epoch=1,
    )  # fmt: skip
    desk.tell(paid, wait=SECOND)
    assert desk.delta() == pytest.approx(0.08 * PRICE)
    desk.prices(PRICE)
    assert desk.held(instrument=INVERSE.instrument) == -648.0


def test_nothing_or_two_things_to_hedge_are_refused() -> None:
    for wrong in ({}, {"size": 1.0, "collateral": True}):
        with pytest.raises(ConfigurationError, match="size or collateral"):
            DeltaNeutralConfig(instrument=SPOT, account="main", hedge=LINEAR, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"hedge": SPOT}, "another market"), ({"beta_window": 1}, "2 or more"), ({"beta_window": 9, "beta": 1.2}, "both")],
)
def test_settings_that_cannot_hedge_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        DeltaNeutralConfig(**{"instrument": SPOT, "account": "main", "hedge": LINEAR, "size": 1.0} | wrong)


def test_a_hedge_by_a_spot_market_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected a contract"):
        HedgedDesk(hedge=SPOT, collateral=True)


def test_what_whole_lots_cannot_hedge_within_the_band_is_not_held_and_said_once() -> None:
    """0.0014 coins against lots of 0.001."""
    desk = HedgedDesk(size=0.0014)
    for _ in range(3):
        desk.prices(PRICE)
    assert desk.pair() == (0.0, 0.0)
    (alert,) = [each for each in of_kind(desk.said, Alert) if each.code == "lot_too_large"]
    assert "-0.001 for 0.0014" in alert.text
    assert HedgedDesk(size=0.0014, band=0.3).strategy.told == ""


def test_what_has_no_price_or_no_balance_for_long_is_said_once() -> None:
    config = settings(balances={"USDT": Decimal(1_000)})
    desk = HedgedDesk(config, hedge=INVERSE.instrument, instrument=SPOT, collateral=True)
    for _ in range(3):
        desk.trade(PRICE, SPOT, wait=61 * SECOND)
    (alert,) = [each for each in of_kind(desk.said, Alert) if each.code == "hedge_waits"]
    assert f"the price of {INVERSE.instrument} and BTC in the account main" in alert.text


def test_coins_of_one_kind_as_collateral_are_hedged_by_a_contract_of_another_with_beta() -> None:
    """10 ETH at 3,000 that move 1.2 times as far are 0.6 BTC at 60,000."""
    config = settings(balances={"USDT": Decimal(100_000), "ETH": Decimal(10), "BTC": Decimal(7)})
    desk = HedgedDesk(config, 5.0, instrument=ETH.instrument, collateral=True, beta=1.2)
    desk.prices(3_000.0, 60_000.0)
    assert desk.held(instrument=LINEAR) == -0.6


returns = st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)), min_size=6, max_size=30)


@given(returns)
def test_beta_is_the_least_squares_slope_of_the_last_returns(pairs: list[tuple[float, float]]) -> None:
    found, one, other = RegressionBeta(5), 100.0, 50.0
    for end, (first, second) in enumerate([(0.0, 0.0), *pairs]):
        one, other = one * (1 + first), other * (1 + second)
        found.add(end, one, dependent=True)
        if end % 3 == 1:
            found.add(end, other, dependent=False)
        else:
            found = restored(found)
            found.add(end, other, dependent=False)
    y, x = np.array(pairs[-5:]).T
    spread = x - x.mean()
    if (spread**2).sum() > 1e-6:
        assert found.slope == pytest.approx((spread * (y - y.mean())).sum() / (spread**2).sum(), abs=1e-6)


def restored(beta: RegressionBeta) -> RegressionBeta:
    fresh = RegressionBeta(beta.window)
    fresh.restore(beta.state())
    return fresh


def test_a_bar_that_one_market_lacks_is_left_out() -> None:
    beta = RegressionBeta(2)
    for end, one, other in [(1, 100.0, 10.0), (2, 110.0, None), (3, 120.0, 11.0), (4, 132.0, 11.55)]:
        beta.add(end, one, dependent=True)
        if other is not None:
            beta.add(end, other, dependent=False)
    assert beta.slope == pytest.approx((0.2 - 0.1) / (0.1 - 0.05))


def test_bars_of_several_lengths_that_end_together_are_one_return() -> None:
    single, several = RegressionBeta(4), RegressionBeta(4)
    for end, (one, other) in enumerate([(100.0, 50.0), (102.0, 50.5), (101.0, 50.4), (104.0, 51.5), (103.0, 51.3)]):
        for dependent, close in ((True, one), (False, other)):
            single.add(end, close, dependent=dependent)
            several = restored(several)
            several.add(end, close, dependent=dependent)
        for dependent, close in ((True, one), (False, other)):  # of a length that ends here too
            several.add(end, close, dependent=dependent)
    assert single.slope is not None
    assert several.slope == single.slope
