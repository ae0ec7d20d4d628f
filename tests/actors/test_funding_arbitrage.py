"""Funding arbitrage as an actor: what it hears, what it asks for, and that a restart changes nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.actors.strategies.funding_arbitrage import FundingArbitrage, FundingArbitrageConfig, FundingLeg
from letrade.actors.strategies.funding_rates import HOUR_NS, FundingRates
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.config.routes import RouteConfig
from letrade.core.errors import ConfigurationError
from letrade.core.messages.accounts import Balance, Position
from letrade.core.messages.base import NO_STRATEGY, Message
from letrade.core.messages.events import Alert
from letrade.core.messages.market import FundingRate, Instrument, MarkPrice
from letrade.core.messages.orders import BasketUpdate, CashEntry
from letrade.core.messages.signals import Basket
from letrade.core.messages.transfers import DONE, FEE, OUT, REFUSED, TransferRequest, TransferUpdate, entry_of
from letrade.core.money import Money, money
from letrade.core.stage import Stage
from tests.stage import BTC, StageOf, context, of_kind

SECOND = 1_000_000_000
A, B = "one.BTC-USDT_USDT", "two.BTC-USDT_USDT"
PERPS = [
    Instrument(instrument=name, kind="linear", base="BTC", quote="USDT", settle="USDT", tick="0.1", lot=lot)
    for name, lot in ((A, "0.001"), (B, "0.01"))
]
LEGS = (FundingLeg(instrument=A, account="a"), FundingLeg(instrument=B, account="b"))
CONFIG = FundingArbitrageConfig(legs=LEGS, size_max=2.0)
SOURCES = [("feed", Stage.FEED), ("capital", Stage.CAPITAL), ("ledger", Stage.LEDGER)]


def settings() -> DeskConfig:
    accounts = [
        AccountConfig(name=name, venue=venue, balances={"USDT": Decimal(40_000)})
        for name, venue in (("a", "one"), ("b", "two"))
    ]
    routes = [
        RouteConfig(
            name=f"{start}{end}", from_account=start, to_account=end, currency="USDT", fee=Decimal(1),
            latency=600 * SECOND, decimals=2,
        )
        for start, end in (("a", "b"), ("b", "a"))
    ]  # fmt: skip
    return DeskConfig(venues=[VenueConfig(name="one"), VenueConfig(name="two")], accounts=accounts, routes=routes)


class Scene:
    """The strategy on a stage; each step of time is one decision on its grid of ten seconds."""

    def __init__(self, config: FundingArbitrageConfig = CONFIG) -> None:
        self.context = context(*PERPS, settings=settings())
        self.config = config
        self.actor = FundingArbitrage("arb", config, self.context)
        self.stage = StageOf(self.actor, sources=SOURCES, step_ns=SECOND)
        self.time = 1_000 * HOUR_NS

    def tell(self, *messages: Message, marks: float = 100_000.0) -> list[Message]:
        """These, then marks of both legs, then what it decided."""
        for message in messages:
            msgspec.structs.force_setattr(message, "time", self.time)
        priced = [MarkPrice(time=self.time, source="feed", instrument=name, price=marks) for name in (A, B)]
        self.time += 10 * SECOND
        return self.stage.tell(*messages, *priced, until=self.time)

    def fund(self, a: float, b: float) -> list[Message]:
        told = [(self.time - HOUR_NS, 0.0, 0.0), (self.time, a, b)]
        return [
            FundingRate(source="feed", instrument=name, rate=rate, funding_time=time)
            for time, *rates in told
            for name, rate in zip((A, B), rates, strict=True)
        ]

    def restarted(self) -> None:
        """The state goes through the same encoder as a snapshot's."""
        state = msgspec.msgpack.decode(msgspec.msgpack.encode(self.actor.state()))
        self.actor = FundingArbitrage("arb", self.config, self.context)
        self.actor.restore(state)


def balance(account: str, amount: int) -> Balance:
    instrument = "one.-" if account == "a" else "two.-"
    return Balance(
        source="ledger", strategy=NO_STRATEGY, account=account, instrument=instrument,
        total=money("USDT", amount * 10**8),
    )  # fmt: skip


def amount_of(currency: str, text: str) -> Money:
    return money(currency, int(Decimal(text) * 10**8))


def held(account: str, quantity: float, price: float = 100_000.0) -> list[Message]:
    about: dict[str, Any] = {
        "source": "ledger", "account": account, "instrument": A if account == "a" else B, "quantity": quantity,
        "average_price": price, "realised": money("USDT", 0),
    }  # fmt: skip
    return [Position(strategy="arb", **about), Position(strategy=NO_STRATEGY, **about)]


def stands(signal: int, state: str = "standing", complete: bool = True) -> BasketUpdate:
    return BasketUpdate(
        source="capital", strategy="arb", account="a", instrument=A, signal=signal, state=state, held=(),
        complete=complete,
    )  # fmt: skip


def opened() -> Scene:
    """One contract is held, long at one and short at two, which stand at 40,000 each."""
    scene = Scene()
    said = scene.tell(balance("a", 40_000), balance("b", 40_000), *scene.fund(0.0, 0.0001))
    assert [basket.legs for basket in of_kind(said, Basket)] == [((A, 1.2), (B, -1.2))]
    scene.tell(*held("a", 1.2), *held("b", -1.2), stands(1))
    return scene


def test_it_asks_for_both_legs_at_once_in_whole_lots_of_both() -> None:
    scene = Scene()
    said = scene.tell(balance("a", 41_500), balance("b", 90_000), *scene.fund(0.0, 0.0001))
    (basket,) = of_kind(said, Basket)
    assert basket.legs == ((A, 1.24), (B, -1.24))
    assert (basket.accounts, basket.naked_ns_max, basket.signal) == (("a", "b"), 10 * SECOND, 1)
    assert scene.tell() == []  # while it is under way


def test_without_balances_prices_or_two_payments_it_says_nothing() -> None:
    scene = Scene()
    assert scene.tell(*scene.fund(0.0, 0.0001)) == []
    assert scene.tell(balance("a", 40_000)) == []
    assert of_kind(scene.tell(balance("b", 40_000)), Basket)


def test_a_leg_short_of_margin_reduces_both_at_once_and_says_so() -> None:
    """At 120,000 the short leg has 16,000 left for a notional of 144,000."""
    said = opened().tell(marks=120_000.0)
    (basket,) = of_kind(said, Basket)
    assert basket.legs == ((A, 0.4), (B, -0.4))
    assert [(alert.code, alert.account) for alert in of_kind(said, Alert)] == [("margin_short", "b")]


def test_money_is_sent_once_and_does_not_carry_anything_before_it_has_arrived() -> None:
    """At 107,000 the short leg is beyond four times: it asks. Nothing more is held until the money is there."""
    scene = opened()
    scene.tell(balance("a", 90_000))
    (request,) = of_kind(scene.tell(marks=107_000.0), TransferRequest)
    assert (request.account, request.to_account, request.instrument) == ("a", "b", "one.-")
    lacking = 107_000 * 1.2 / 3 - (40_000 - 1.2 * 7_000) + 1
    assert abs(float(request.amount.decimal) - lacking) < 0.01
    about: dict[str, Any] = {
        "source": "capital", "strategy": "arb", "account": "a", "instrument": "one.-",
        "transfer_id": request.transfer_id, "to_account": "b", "amount": request.amount,
    }  # fmt: skip
    assert scene.tell(TransferUpdate(**about, state="pending"), marks=107_000.0) == []
    said = scene.tell(marks=113_000.0)  # 15.6 thousand lost: beyond five times, and the money is still on its way
    assert [basket.legs for basket in of_kind(said, Basket)] == [((A, 0.64), (B, -0.64))]
    assert of_kind(said, TransferRequest) == []
    reduced = [*held("a", 0.64), *held("b", -0.64), balance("b", 32_720), stands(2)]
    assert scene.tell(*reduced, marks=113_000.0) == []
    said = scene.tell(TransferUpdate(**about, state=DONE), balance("b", 43_920), marks=113_000.0)
    assert [basket.legs for basket in of_kind(said, Basket)] == [((A, 0.94), (B, -0.94))]


def test_what_was_asked_to_leave_is_not_counted_on_until_its_account_has_paid_it() -> None:
    scene = opened()
    scene.tell(balance("a", 90_000))
    (request,) = of_kind(scene.tell(marks=107_000.0), TransferRequest)
    amount = float(request.amount.decimal)
    assert scene.actor.money.purses({A: 1.0, B: 1.0})["a"].leaving == amount
    paid = {
        OUT: money("USDT", -request.amount.integer + 100, request.amount.scale),
        FEE: money("USDT", -100, request.amount.scale),
    }
    for part, sum_paid in paid.items():
        scene.tell(
            CashEntry(
                source="capital", strategy=NO_STRATEGY, account="a", instrument="one.-",
                entry_id=entry_of(request.transfer_id, part), origin="transfer", amount=sum_paid,
            ),
            marks=107_000.0,
        )  # fmt: skip
    purses = scene.actor.money.purses({A: 1.0, B: 1.0})
    assert purses["a"].leaving < 0.005
    assert abs(purses["b"].coming - (amount - 1)) < 1e-9


def test_a_transfer_or_basket_that_was_refused_is_asked_for_again_after_its_patience() -> None:
    scene = opened()
    scene.tell(balance("a", 90_000))
    (request,) = of_kind(scene.tell(marks=107_000.0), TransferRequest)
    refused = TransferUpdate(
        source="capital", strategy="arb", account="a", instrument="one.-", transfer_id=request.transfer_id,
        to_account="b", amount=request.amount, state=REFUSED,
    )  # fmt: skip
    assert of_kind(scene.tell(refused, marks=107_000.0), TransferRequest) == []
    again = [each for _ in range(7) for each in of_kind(scene.tell(marks=107_000.0), TransferRequest)]
    assert [each.transfer_id for each in again] == ["arb-2"]
    fresh = Scene()
    fresh.tell(balance("a", 40_000), balance("b", 40_000), *fresh.fund(0.0, 0.0001))
    assert fresh.tell(stands(1, "refused", complete=False)) == []
    assert [each.signal for _ in range(7) for each in of_kind(fresh.tell(), Basket)] == [2]


def test_a_restart_goes_on_where_it_stopped() -> None:
    scene = opened()
    scene.tell(balance("a", 90_000))
    scene.tell(marks=107_000.0)
    before = scene.actor.state()
    scene.restarted()
    assert scene.actor.state() == before
    assert scene.actor.money.moving


@pytest.mark.parametrize(
    ("share", "coins", "counts"),
    [(-0.00000166, "-0.00000166", 0.0), (0.0005, "0.0000005", 0.0), (0.0005, "-1", 0.0), (0.4, "0.39999", 0.39999),
     (-0.40000033, "-0.40000033", -0.4), (0.4, None, 0.4)],
)  # fmt: skip
def test_what_fees_and_interest_leave_of_a_spot_leg_is_no_leg(share: float, coins: str | None, counts: float) -> None:
    spot = msgspec.structs.replace(BTC, instrument="one.BTC-USDT")
    legs = (FundingLeg(instrument=spot.instrument, account="a"), LEGS[1])
    actor = FundingArbitrage(
        "arb", FundingArbitrageConfig(legs=legs, size_max=2.0), context(spot, *PERPS, settings=settings())
    )
    actor.held["a", spot.instrument] = share
    if coins is not None:
        told = Balance(strategy=NO_STRATEGY, account="a", instrument="one.-", total=amount_of("BTC", coins))
        actor.money.hear_balance(told)
    assert [leg.held for leg in actor.view()] == [counts, 0.0]


def test_legs_and_leverages_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="two or more"):
        FundingArbitrageConfig(legs=LEGS[:1], size_max=1.0)
    with pytest.raises(ConfigurationError, match="leverage"):
        FundingArbitrageConfig(legs=LEGS, size_max=1.0, leverage=6.0)


def test_funding_is_expected_to_go_on_as_it_was_told_and_no_longer_than_it_is_told() -> None:
    rates = FundingRates(4 * HOUR_NS)
    for hour, rate in enumerate((0.9, 0.0001, 0.0003, 0.0001, 0.0003), 1):
        rates.hear(FundingRate(instrument=A, rate=rate, funding_time=hour * HOUR_NS))
    assert abs((rates.of_an_hour(A, 5 * HOUR_NS) or 0.0) - 0.0002) < 1e-12
    assert rates.of_an_hour(A, 8 * HOUR_NS) is None
    eight = FundingRates(24 * HOUR_NS)
    for hour in (0, 8, 16, 24):
        eight.hear(FundingRate(instrument=A, rate=0.0008, funding_time=hour * HOUR_NS))
    assert abs((eight.of_an_hour(A, 25 * HOUR_NS) or 0.0) - 0.0001) < 1e-12
