"""Protect: stops and take-profits from the strategy to the venue and back, one cancelling the other."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from letrade.core.messages.accounts import Position
from letrade.core.messages.base import Message
from letrade.core.messages.market import MarkPrice
from letrade.core.messages.orders import ApprovedOrder, CancelOrder, Fill, OrderRefused, OrderUpdate, Proposal
from letrade.core.messages.signals import Protect, Target
from letrade.core.messages.venue import VenueSubmit
from tests.actors.desk_parts import LINEAR, SECOND, SPOT, TradingDesk
from tests.stage import of_kind


class ProtectedDesk(TradingDesk):
    """Tells Protect too, on the linear contract."""

    def protect(self, **more: Any) -> list[Message]:
        self.signals["alpha"] += 1
        return self.tell(
            Protect(
                strategy="alpha", account="main", instrument=LINEAR, signal=self.signals["alpha"], source="alpha",
                epoch=1, **more,
            )
        )  # fmt: skip

    def price(self, price: float, wait: int = SECOND) -> list[Message]:
        return self.trade(price, LINEAR, wait)

    def hold(self, position: float, **more: Any) -> list[Message]:
        return self.target(position, instrument=LINEAR, **more)

    def share(self) -> float:
        shares = [each for each in of_kind(self.said, Position) if each.strategy == "alpha"]
        return shares[-1].quantity if shares else 0.0


def long_two() -> ProtectedDesk:
    desk = ProtectedDesk()
    desk.price(100.0)
    desk.hold(2.0)
    assert desk.share() == 2.0
    return desk


def sent(said: list[Message]) -> list[tuple[str, int, float, float | None, bool]]:
    sent = of_kind(said, VenueSubmit)
    return [(each.order_kind, each.side, each.size, each.trigger, each.reduce_only) for each in sent]


PAIR = [("stop", -1, 2.0, 95.0, True), ("take_profit", -1, 2.0, 110.0, True)]


def test_a_pair_is_sent_that_only_reduces_and_needs_no_capital_or_reservation() -> None:
    desk = long_two()
    said = desk.protect(stop=95.0, take_profit=110.0)
    assert sent(said) == PAIR
    assert [each.opening for each in of_kind(said, ApprovedOrder)] == [False, False]
    (closed,) = of_kind(desk.hold(0.0), VenueSubmit)
    assert closed.reduce_only


@pytest.mark.parametrize(("price", "kind"), [(94.0, "stop"), (111.0, "take_profit")])
def test_what_is_reached_closes_the_position_and_the_other_is_gone(price: float, kind: str) -> None:
    desk = long_two()
    desk.protect(stop=95.0, take_profit=110.0)
    said = desk.price(price)
    assert [(fill.side, fill.price, fill.size) for fill in of_kind(said, Fill)] == [(-1, price, 2.0)]
    assert desk.share() == 0.0
    ends = {each.state for each in of_kind(said, OrderUpdate)}
    assert {"filled", "cancelled"} <= ends
    assert desk.actor("execution").table.live("main") == []
    assert desk.actor("capital").protections.orders == {}
    assert of_kind(desk.price(price) + desk.price(100.0), Fill) == []


def test_a_bracket_is_a_target_and_a_protect_in_one_breath() -> None:
    desk = ProtectedDesk()
    desk.price(100.0)
    desk.signals["alpha"] += 2
    common: dict[str, Any] = {
        "strategy": "alpha",
        "account": "main",
        "instrument": LINEAR,
        "source": "alpha",
        "epoch": 1,
    }
    said = desk.tell(
        Target(signal=1, position=2.0, **common), Protect(signal=2, stop=95.0, take_profit=110.0, **common)
    )
    assert sent(said) == [("order", 1, 2.0, None, False), *PAIR]
    desk.price(94.0)
    assert desk.share() == 0.0


def test_a_new_protect_takes_the_place_of_the_last_and_an_empty_one_takes_it_away() -> None:
    desk = long_two()
    desk.protect(stop=95.0, take_profit=110.0)
    said = desk.protect(stop=97.0)
    assert len(of_kind(said, CancelOrder)) == 2
    assert sent(said) == [("stop", -1, 2.0, 97.0, True)]
    said = desk.protect()
    assert len(of_kind(said, CancelOrder)) == 1
    assert of_kind(said, Proposal) == []
    assert of_kind(desk.price(90.0), Fill) == []
    assert desk.actor("execution").table.live("main") == []


def test_protection_grows_with_the_position_and_turns_with_it() -> None:
    desk = long_two()
    desk.protect(stop=95.0)
    assert sent(desk.hold(3.0))[-1] == ("stop", -1, 3.0, 95.0, True)
    said = desk.hold(1.0)
    assert [order[0] for order in sent(said)] == ["order"]
    desk.price(94.0)
    assert desk.share() == 0.0


def test_a_protection_on_no_grid_is_refused_and_told() -> None:
    desk = long_two()
    (refused,) = of_kind(desk.protect(stop=95.00001), OrderRefused)
    assert (refused.rule, refused.value) == ("grid", "95.00001")


def test_a_trailing_stop_follows_the_best_price_and_never_goes_back() -> None:
    desk = long_two()
    (sent_now,) = of_kind(desk.protect(trail=3.0), VenueSubmit)
    assert (sent_now.order_kind, sent_now.trigger, sent_now.trail) == ("trailing_stop", None, 3.0)
    for price in (99.0, 110.0, 107.1):
        desk.price(price)
        assert desk.share() == 2.0
    desk.price(107.0)
    assert desk.share() == 0.0


@pytest.mark.parametrize(("prices", "closes"), [([98.0, 97.0], True), ([100.0, 110.0, 107.0], True), ([99.0], False)])
def test_a_trail_beside_a_stop_begins_there_and_a_take_profit_goes_with_it(prices: list[float], closes: bool) -> None:
    desk = long_two()
    said = desk.protect(stop=98.0, trail=3.0, take_profit=150.0)
    assert sent(said) == [("trailing_stop", -1, 2.0, 98.0, True), ("take_profit", -1, 2.0, 150.0, True)]
    for price in prices:
        desk.price(price)
    assert desk.share() == (0.0 if closes else 2.0)
    assert len(desk.actor("execution").table.live("main")) == (0 if closes else 2)


def test_a_protection_by_the_mark_is_refused_by_the_venue_until_one_is_told_and_then_heeds_it() -> None:
    desk = long_two()
    said = desk.protect(stop=95.0, take_profit=110.0, trigger_by="mark")
    ends = [each for each in of_kind(said, OrderUpdate) if each.state == "rejected"]
    assert [each.reason.partition(":")[0] for each in ends] == ["trigger_by", "trigger_by"]
    desk.tell(MarkPrice(instrument=LINEAR, price=100.0, source="feed", epoch=1))
    desk.protect(stop=95.0, take_profit=110.0, trigger_by="mark")
    desk.price(94.0)
    assert desk.share() == 2.0
    desk.tell(MarkPrice(instrument=LINEAR, price=94.9, source="feed", epoch=1))
    assert desk.share() == 0.0


def test_a_trigger_that_nobody_knows_is_refused_by_name_and_the_last_protection_stands() -> None:
    desk = long_two()
    desk.protect(stop=95.0)
    (refused,) = of_kind(desk.protect(stop=96.0, trigger_by="bid"), OrderRefused)
    assert (refused.rule, refused.limit, refused.value) == ("trigger_by", "last, mark or index", "bid")
    (refused,) = of_kind(desk.protect(trail=0.00001), OrderRefused)
    assert (refused.rule, refused.value) == ("grid", "1e-05")
    desk.price(95.0)
    assert desk.share() == 0.0


def test_a_protection_that_bears_the_number_of_the_target_is_refused_and_told_and_so_is_the_reverse() -> None:
    desk = long_two()
    desk.signals["alpha"] -= 1
    (refused,) = of_kind(desk.protect(stop=95.0), OrderRefused)
    assert (refused.rule, refused.limit, refused.value) == ("signal", "a number above 1", "1")
    desk.protect(stop=95.0)
    desk.signals["alpha"] -= 1
    (refused,) = of_kind(desk.hold(1.0), OrderRefused)
    assert (refused.rule, refused.value) == ("signal", "2")
    assert desk.share() == 2.0


def test_a_protection_that_comes_twice_is_one_and_is_told_once() -> None:
    desk = long_two()
    assert sent(desk.protect(stop=95.0)) == PAIR[:1]
    desk.signals["alpha"] -= 1
    said = desk.protect(stop=95.0)
    assert (of_kind(said, OrderRefused), sent(said)) == ([], [])


def test_a_part_may_be_protected() -> None:
    desk = long_two()
    assert sent(desk.protect(take_profit=110.0, size=0.5)) == [("take_profit", -1, 0.5, 110.0, True)]
    desk.price(111.0)
    assert desk.share() == 1.5


def test_protection_is_remembered_over_a_restart() -> None:
    desk = long_two()
    desk.protect(stop=95.0, take_profit=110.0)
    protections = desk.actor("capital").protections
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(protections.state()))
    orders, by_key = dict(protections.orders), dict(protections.by_key)
    protections.restore(state)
    assert (protections.orders, protections.by_key) == (orders, by_key)
    desk.price(94.0)
    assert desk.share() == 0.0


def test_no_protection_counts_as_an_order_that_could_open() -> None:
    desk = long_two()
    desk.protect(stop=95.0, take_profit=110.0)
    assert desk.actor("execution").exposure("main", LINEAR).sells == 0
    specification = desk.shared.instruments.at(LINEAR, desk.time)
    assert desk.actor("risk").reservations.exposure("main", specification).sells == 0


def test_on_spot_a_protection_gives_way_to_a_sale_and_comes_again_for_the_rest() -> None:
    desk = ProtectedDesk()
    desk.trade(100.0, SPOT, SECOND)
    desk.target(2.0)
    desk.signals["alpha"] += 1
    protect = Protect(
        strategy="alpha", account="main", instrument=SPOT, signal=desk.signals["alpha"], stop=95.0, take_profit=110.0,
        source="alpha", epoch=1,
    )  # fmt: skip
    assert sent(desk.tell(protect)) == PAIR
    said = desk.target(0.5)
    assert [(fill.side, fill.size) for fill in of_kind(said, Fill)] == [(-1, 1.5)]
    assert [order[:3] for order in sent(said)] == [("order", -1, 1.5), ("stop", -1, 0.5), ("take_profit", -1, 0.5)]
    said = desk.trade(94.0, SPOT, SECOND)
    assert [(fill.side, fill.size) for fill in of_kind(said, Fill)] == [(-1, 0.5)]
    assert desk.actor("execution").table.live("main") == []
