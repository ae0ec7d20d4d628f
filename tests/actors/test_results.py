"""Results counts what a desk did from its messages alone, and hashes what it decided."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.actors.monitor.numbering import Numbering
from letrade.actors.monitor.results import Results
from letrade.core import node_state
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.messages.accounts import Account, Balance, Position
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert, BookCheck, Failure
from letrade.core.messages.features import Features
from letrade.core.messages.orders import CashEntry, Fill, OrderRefused, OrderUpdate
from letrade.core.money import Money, money
from tests.stage import StageOf, context

BTC = "paper.BTC-USDT"
KEY = {"strategy": "cross", "account": "main", "instrument": BTC}
SETTINGS = DeskConfig(
    venues=[VenueConfig(name="paper")],
    accounts=[AccountConfig(name="main", venue="paper", balances={"USDT": Decimal("1000")})],
)


def usdt(units: int) -> Money:
    return money("USDT", units * 10**8)


def update(order: str, state: str, time: int = 1, filled: float = 0.0, **changes: Any) -> OrderUpdate:
    fields = {
        "client_order_id": "c",
        "venue_order_id": "v",
        "side": 1,
        "size": 2.0,
        "price": None,
        "reduce_only": False,
    }
    return OrderUpdate(**KEY, **{**fields, **changes}, order_id=order, state=state, filled=filled, time=time)


def fill(order: str, number: int, time: int = 2, **changes: Any) -> Fill:
    fields = {"client_order_id": "c", "trade_id": str(number), "side": 1, "price": 100.0, "size": 1.0, "fee": usdt(1)}
    return Fill(**KEY, **{**fields, **changes}, order_id=order, maker=False, fill_number=number, time=time)


def position(quantity: float, time: int = 2, strategy: str = "cross") -> Position:
    return Position(
        **{**KEY, "strategy": strategy}, quantity=quantity, average_price=100.0, realised=usdt(0), time=time
    )


def told(*messages: Message) -> Results:
    results = Results("results", Results.Config(), context(settings=SETTINGS))
    StageOf(results).tell(*messages)
    return results


def test_an_order_counts_once_however_often_it_is_told_of() -> None:
    states = ("pending", "sent", "open", "partly_filled", "filled")
    results = told(*(update("cross.1.1", state, time) for time, state in enumerate(states)))
    assert results.summary()["orders"] == 1
    assert results.view()["working"] == 0
    assert results.view()["recent_orders"][0]["state"] == "filled"


@pytest.mark.parametrize(
    ("quantities", "entries", "exits"),
    [([1.0, 2.0, 0.0], 1, 1), ([1.0, -1.0, 0.0], 2, 2), ([0.0], 0, 0), ([-1.0, 0.0, 0.5], 2, 1)],
)
def test_leaving_flat_is_an_entry_and_coming_back_is_an_exit(quantities: list[float], entries: int, exits: int) -> None:
    summary = told(*(position(quantity, time) for time, quantity in enumerate(quantities, 1))).summary()
    assert (summary["entries"], summary["exits"]) == (entries, exits)


def test_an_accounts_own_position_is_no_entry_of_a_strategy() -> None:
    summary = told(position(1.0, strategy="-")).summary()
    assert summary["entries"] == 0
    assert [held["strategy"] for held in summary["positions"]] == ["-"]


def test_fees_funding_and_profit_are_exact() -> None:
    nowhere = {"strategy": "-", "account": "main", "instrument": "paper.-"}
    funding = CashEntry(**KEY, entry_id="f", origin="funding", amount=money("USDT", -1), time=3)
    equity = Account(**nowhere, equity=money("USDT", 1_000_00000001), unrealised=None, time=4)
    wallet = Balance(**nowhere, total=Money("USDT", 18, "1000000000010000000000"), time=4)
    summary = told(fill("a", 1), fill("a", 2), funding, equity, wallet).summary()
    assert summary["fees"] == {"USDT": "2"}
    assert summary["funding"] == {"USDT": "-0.00000001"}
    assert summary["pnl"] == "0.00000001"
    assert summary["balances"] == {"main": {"USDT": "1000.00000001"}}
    assert summary["final_balance"] == summary["equity"] == "1000.00000001"


def test_an_unknown_equity_makes_the_profit_unknown() -> None:
    nowhere = {"strategy": "-", "account": "main", "instrument": "paper.-"}
    summary = told(Account(**nowhere, equity=None, unrealised=None, missing=("BTC",), time=1)).summary()
    assert (summary["pnl"], summary["equity"], summary["missing_prices"]) == (None, None, ["BTC"])


def test_a_missing_fill_number_is_lost_and_a_repeated_one_doubled() -> None:
    summary = told(fill("a", 1), fill("a", 4), fill("a", 2), fill("a", 2)).summary()
    assert (summary["lost"], summary["doubled"]) == (1, 1)
    numbers = Numbering()
    for number in (3, 1, 2):
        numbers.take(number)
    assert (numbers.lost, numbers.doubled) == (0, 0)


def test_refusals_alerts_failures_and_book_checks_are_counted() -> None:
    check = {"compared": 5, "equal": 4, "late_compared": 2, "gaps": 1, "crossed": 0, "source": "books"}
    results = told(
        OrderRefused(**KEY, order_id="a", rule="stale", limit="5 s", value="9 s"),
        Alert(level="warning", code="late-trade", text="one"),
        Failure(actor="cross", kind="bar", message_id="x:1:1", error="boom", stopped=False),
        BookCheck(**check),
        BookCheck(**{**check, "compared": 7, "equal": 7}),
    )
    summary = results.summary()
    assert summary["refused"] == {"stale": 1}
    assert summary["alerts"] == {"failure": 1, "late-trade": 1}
    assert summary["failures"] == summary["gaps"] == 1
    assert summary["book_checks"] == {"compared": 7, "equal": 7, "late_compared": 2, "late_equal": 0}
    assert [alert["code"] for alert in results.view()["alerts"]] == ["late-trade", "failure"]


def test_prices_come_from_bars_features_and_fills() -> None:
    features = Features(instrument=BTC, feature_set="a", names=(), values=(), price=101.5, bar_end=1, count=1)
    assert told(features).view()["prices"] == {BTC: "101.5"}


RUN = [update("a", "sent"), fill("a", 1), position(1.0), update("a", "filled", 3, 2.0)]


def test_the_hash_knows_nothing_of_epochs_and_client_ids() -> None:
    other = [
        update("a", "sent", client_order_id="x", epoch=7),
        fill("a", 1, client_order_id="y", epoch=7, trade_id="z"),
    ]
    assert told(*RUN[:2]).summary()["result_hash"] == told(*other).summary()["result_hash"]


@pytest.mark.parametrize(
    "changed",
    [update("b", "sent"), update("a", "sent", time=2), update("a", "sent", size=3.0), update("a", "sent", price=9.0)],
)
def test_the_hash_changes_with_what_was_decided(changed: OrderUpdate) -> None:
    assert told(RUN[0]).summary()["result_hash"] != told(changed).summary()["result_hash"]


def test_a_snapshot_in_the_middle_changes_nothing() -> None:
    whole = told(*RUN)
    first, second = (StageOf(Results("results", Results.Config(), context(settings=SETTINGS))) for _ in range(2))
    first.tell(*RUN[:2])
    taken = msgspec.msgpack.decode(msgspec.msgpack.encode(node_state.take(first.node)))
    node_state.give_back(second.node, taken)
    second.sequence = first.sequence
    second.tell(*RUN[2:])
    restored = second.node.slots[0].actor
    assert isinstance(restored, Results)
    assert restored.summary() == whole.summary()
    assert restored.view() == whole.view()
