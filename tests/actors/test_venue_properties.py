"""Whatever two accounts do at the simulated venue: no money is made or lost, no order overfilled."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.config.desk import FaultsConfig
from letrade.core.ids import generator
from letrade.core.messages.base import Message
from letrade.core.messages.market import MarkPrice
from letrade.core.messages.venue import VenueFill, VenueOrder
from tests.actors.venue_parts import (
    LINEAR,
    SPOT,
    Desk,
    amend,
    bar,
    bar_open,
    cancel,
    delta,
    flow,
    query,
    quote,
    snapshot,
    submit,
    trade,
)
from tests.models.venue import AccountModel
from tests.stage import BTC, PERP, of_kind

ACCOUNTS = ("a", "b")
KINDS = ("bars", "book", "matching", "trades")
BALANCES = {"USDT": Decimal(700), "BTC": Decimal(6), "BNB": Decimal(5)}
FEES: list[dict[str, Any]] = [
    {"maker_fee": Decimal("-0.0001"), "taker_fee": Decimal("0.00053")},
    {"fee_currency": "base", "maker_fee": Decimal("0.0003")},
    {"fee_currency": "BNB", "fee_prices": {"BNB-USDT": Decimal(313)}},
]

COUNT = 150
IOC, POST_ONLY, REDUCE_ONLY = {"time_in_force": "ioc"}, {"post_only": True}, {"reduce_only": True}
FLAGS: list[dict[str, Any]] = [{}, {}, {}, IOC, POST_ONLY, REDUCE_ONLY, {**REDUCE_ONLY, **IOC}]
seeds = st.integers(0, 2**32)


class Script:
    """A random play of two accounts among others, dense in trades: all of it follows from the seed."""

    def __init__(self, kind: str, seed: int) -> None:
        self.random = generator(seed, kind)
        self.kind = kind
        self.orders = 0
        self.commands = 0

    def steps(self) -> list[Message]:
        opening = [self.data(instrument) for instrument in (SPOT, LINEAR) for _ in range(3)]
        return [*opening, *(self.step() for _ in range(COUNT))]

    def step(self) -> Message:
        instrument = self.random.choice([SPOT, LINEAR])
        return self.data(instrument) if self.random.random() < 0.4 else self.request(instrument)

    def price(self) -> float:
        return float(self.random.randint(94, 106))

    def size(self) -> float:
        return self.random.randint(1, 8) * 0.5

    def side(self) -> int:
        return self.random.choice([1, -1])

    def name(self) -> str:
        """Of one of the last orders."""
        return f"order-{max(1, self.orders - self.random.randint(0, 6))}"

    def request(self, instrument: str) -> Message:
        account, choice = self.random.choice(ACCOUNTS), self.random.random()
        if choice < 0.1:
            return cancel(self.name(), account)
        if choice < 0.25:
            return amend(self.name(), self.price(), self.size(), account)
        if choice < 0.3:
            return query(self.name(), account)
        self.orders += self.random.random() < 0.95
        name, price = f"order-{self.orders}", self.price() if choice < 0.85 else None
        flags = self.random.choice(FLAGS) if price else self.random.choice([{}, REDUCE_ONLY])
        return submit(name, self.side(), self.size(), price, account, instrument, **flags)

    def data(self, instrument: str) -> Message:
        if self.random.random() < 0.1:
            return MarkPrice(instrument=LINEAR, price=self.price())
        return {"matching": self.flow, "trades": self.trade, "bars": self.bar, "book": self.book}[self.kind](instrument)

    def flow(self, instrument: str) -> Message:
        orders = []
        for _ in range(self.random.randint(1, 3)):
            self.commands += 1
            verb = self.random.choice(["limit", "limit", "limit", "market", "cancel"])
            number = self.commands if verb != "cancel" else self.random.randint(1, self.commands)
            orders.append((verb, number, self.side(), self.price(), self.size()))
        return flow(*orders, instrument=instrument)

    def trade(self, instrument: str) -> Message:
        return trade(self.price(), self.size(), instrument)

    def bar(self, instrument: str) -> Message:
        price = self.price()
        if self.random.random() < 0.6:
            return bar_open(0, price, instrument)
        return bar(0, (price, price + 3, price - 3, price), instrument)

    def book(self, instrument: str) -> Message:
        price, choice = self.price(), self.random.random()
        if choice < 0.5:
            return trade(price, self.size(), instrument)
        if instrument == LINEAR:
            return quote(price, price + 1, self.size(), instrument)
        self.commands += 1
        levels = [(price + distance, self.size()) for distance in range(1, 4)]
        if self.commands % 5 == 1:
            return snapshot([(price - 1, self.size())], levels, update=self.commands)
        return delta(self.commands, self.commands, asks=levels)


def played(steps: list[Message], restarts: frozenset[int], **venue: Any) -> tuple[Desk, list[Message]]:
    desk = Desk(balances=BALANCES, max_leverage=Decimal(3), **venue)
    said: list[Message] = []
    for number, step in enumerate(steps):
        if number in restarts:
            desk.restarted()
        said += desk.tell(step)
    return desk, said


def audited(desk: Desk, said: list[Message]) -> None:
    for name in ACCOUNTS:
        model = AccountModel(BALANCES, (BTC, PERP))
        for fill in of_kind(said, VenueFill):
            if fill.account == name:
                model.book(fill)
        account, state = desk.venue.exchange.accounts[name], desk.account(name)
        assert model.numbers == list(range(1, state.last_fill_number + 1))
        assert len(set(model.trade_ids)) == len(model.trade_ids)
        assert {each.instrument: exact_size(each.quantity) for each in state.positions} == {
            instrument: quantity for instrument, quantity in model.positions.items() if quantity
        }
        rules = desk.venue.context.instruments.at(LINEAR, 0)
        wallet = {money.currency: Fraction(money.decimal) for money in state.balances}
        assert {key: wallet[key] for key in ("BTC", "BNB")} == {key: model.money[key] for key in ("BTC", "BNB")}
        equity = wallet["USDT"] + account.unrealised(LINEAR, 123.4, rules)
        assert equity == model.equity("USDT", {LINEAR: Fraction("123.4")})
        assert wallet["BTC"] >= 0
        for client_order_id, order in account.orders.items():
            market = desk.venue.exchange.markets[order.instrument]
            assert model.filled[client_order_id] == market.scales.exact_size(order.filled)
            assert order.filled <= order.size or not order.size
            assert order.working == (order.number in account.working)
        assert [each.client_order_id for each in state.open_orders] == [
            order.client_order_id for order in account.orders.values() if order.working
        ]


def exact_size(value: float) -> Fraction:
    return Fraction(Decimal(repr(value)))


@pytest.mark.parametrize("fees", FEES, ids=lambda fees: str(fees.get("fee_currency", "quote")))
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8)
@given(seed=seeds, restarts=st.frozensets(st.integers(0, COUNT), min_size=1, max_size=3))
def test_everything_adds_up_and_a_restart_changes_nothing(
    kind: str, fees: dict[str, Any], seed: int, restarts: frozenset[int]
) -> None:
    steps = Script(kind, seed).steps()
    desk, said = played(steps, frozenset(), fill_model=kind, **fees)
    audited(desk, said)
    assert played(steps, restarts, fill_model=kind, **fees)[1] == said


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8)
@given(seed=seeds)
def test_each_request_is_answered_once_and_each_order_told_to_its_end(kind: str, seed: int) -> None:
    steps = Script(kind, seed).steps()
    _, said = played(steps, frozenset(), fill_model=kind)
    answers = [each for each in of_kind(said, VenueOrder) if each.request]
    asked = [step for step in steps if hasattr(step, "client_order_id")]
    assert [each.client_order_id for each in answers] == [step.client_order_id for step in asked]
    last: dict[tuple[str, str], VenueOrder] = {}
    for each in of_kind(said, VenueOrder):
        if each.status not in ("rejected", "not_found"):
            last[(each.account, each.client_order_id)] = each
    filled: dict[tuple[str, str], Fraction] = {}
    for fill in of_kind(said, VenueFill):
        key = (fill.account, fill.client_order_id)
        filled[key] = filled.get(key, Fraction(0)) + exact_size(fill.size)
    assert {key: exact_size(each.filled) for key, each in last.items() if each.filled} == filled


@settings(max_examples=8)
@given(seed=seeds)
def test_faults_touch_answers_and_requests_but_never_the_truth(seed: int) -> None:
    steps = Script("book", seed).steps()
    faults = FaultsConfig(seed=3, lose=0.3, delay=0.3, repeat=0.3, delay_time=30_000_000)
    desk, said = played(steps, frozenset(), fill_model="book", faults=faults)
    for name in ACCOUNTS:
        truth = [fill.fill_number for fill in desk.venue.exchange.accounts[name].fills]
        heard = {fill.fill_number for fill in of_kind(said, VenueFill) if fill.account == name}
        assert truth == list(range(1, len(truth) + 1))
        assert heard <= set(truth)
        model = AccountModel(BALANCES, (BTC, PERP))
        for fill in desk.venue.exchange.accounts[name].fills:
            model.book(fill)
        assert Fraction(desk.venue.exchange.accounts[name].wallet.total("BTC").value) == model.money["BTC"]
