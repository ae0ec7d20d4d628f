"""What replaces a basket: it answers for its legs until that is accepted, and the newest wish is what is held."""

from __future__ import annotations

from decimal import Decimal

from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.config.desk import RiskLimit
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert, Flatten
from letrade.core.messages.margin import Reduce
from letrade.core.messages.orders import BasketUpdate, OrderRefused
from letrade.core.messages.signals import Target
from letrade.core.messages.venue import VenueSubmit
from tests.actors.basket_parts import LOSE, REFUSE, SECOND, BasketDesk, updates
from tests.actors.desk_parts import LINEAR, MS, SPOT, settings
from tests.actors.margin_parts import stamped
from tests.stage import of_kind

PAIR = ((SPOT, 1.0), (LINEAR, -1.0))
OFF_TICK = 60_000.05
MAIN, OTHER = ("main", "main"), ("other", "other")


def small_orders() -> BasketDesk:
    """Risk refuses larger ones of the contract than 1."""
    limit = RiskLimit(name="small", instrument=LINEAR, max_order_size=Decimal(1))
    return BasketDesk(
        settings(balances={"USDT": Decimal(1_000_000)}, risk=RiskTable(stale_after=None, limits=[limit]))
    )


def rules(said: list[Message]) -> list[str]:
    return [refused.rule for refused in of_kind(said, OrderRefused)]


def test_a_wish_that_is_refused_leaves_a_basket_under_way_to_answer_for_its_legs() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR)
    assert rules(desk.target(-1.0, instrument=LINEAR, price=OFF_TICK)) == ["tick"]
    assert rules(desk.quotes((1, OFF_TICK, 0.1), instrument=LINEAR)) == ["grid"]
    desk.tell(wait=4 * SECOND)
    assert desk.pair() == (0.0, 0.0)


def test_a_basket_that_waits_outlives_a_wish_that_is_refused() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR)
    desk.basket((SPOT, 2.0), (LINEAR, -2.0))
    assert rules(desk.quotes((1, OFF_TICK, 0.1), instrument=LINEAR)) == ["grid"]
    desk.tell(wait=8 * SECOND)
    assert desk.pair() == (2.0, -2.0)


def test_a_wish_about_a_leg_of_a_basket_under_way_is_followed_after_it() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR)
    said = desk.target(0.5)
    assert of_kind(said, VenueSubmit) == []
    said = desk.tell(wait=4 * SECOND)
    assert desk.pair() == (0.5, 0.0)
    assert "naked_leg" not in {alert.code for alert in of_kind(said, Alert)}


def test_what_risk_refuses_ends_no_watch() -> None:
    desk = small_orders()
    desk.basket(*PAIR)
    assert rules(desk.target(-3.0, instrument=LINEAR)) == ["order_size"]
    desk.cut(LINEAR, 0.5, "liquidation")
    assert desk.pair() == (0.5, -0.5)


def test_what_the_venue_refuses_ends_no_watch() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.script(LINEAR, REFUSE)
    desk.target(-3.0, instrument=LINEAR)
    desk.cut(LINEAR, 0.5, "liquidation")
    assert desk.pair() == (0.5, -0.5)


def test_what_the_venue_takes_ends_the_watch_before_it_fills() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.target(-3.0, instrument=LINEAR, price=70_000.0)
    desk.cut(LINEAR, 0.5, "liquidation")
    assert desk.held() == 1.0


def test_a_wish_for_what_is_held_ends_the_watch() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    desk.target(1.0)
    desk.cut(LINEAR, 0.5, "liquidation")
    assert desk.pair() == (1.0, -0.5)


def test_a_wish_that_waits_for_its_legs_reduction_is_followed_after_the_basket_is_in_proportion() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR)
    cut = Reduce(strategy="-", account="main", instrument=LINEAR, reduction_id="m-1", size=0.5, reason="test")
    desk.tell(stamped(cut, "monitor"), wait=0)
    desk.target(-0.75, instrument=LINEAR, wait=5 * SECOND)
    assert desk.pair() == (0.5, -0.75)


def test_an_older_wish_that_waited_does_not_override_a_newer_one() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR, accounts=OTHER)
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR, accounts=MAIN)
    both = ((SPOT, 0.0), (LINEAR, 0.0))
    desk.basket(*both, *both, accounts=MAIN + OTHER)
    desk.basket((SPOT, 2.0), (LINEAR, -2.0), accounts=OTHER, wait=10 * SECOND)
    assert desk.pair() == (0.0, 0.0)
    assert (desk.held(account="other"), desk.held(instrument=LINEAR, account="other")) == (2.0, -2.0)


def test_a_basket_that_a_newer_one_replaces_while_it_waits_is_told_as_refused() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR)
    desk.basket((SPOT, 5.0), (LINEAR, -5.0))
    said = desk.basket((SPOT, 2.0), (LINEAR, -2.0))
    assert [(each.signal, each.state, each.reason) for each in of_kind(said, BasketUpdate)] == [
        (2, "refused", "signal 3 is newer")
    ]


def test_flattening_another_account_leaves_a_basket_to_go_on() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, REFUSE)
    desk.basket(*PAIR, wait=0)
    desk.tell(stamped(Flatten(account="other", reason="test")), wait=SECOND)
    assert desk.pair() == (1.0, -1.0)


def test_flattening_the_account_of_one_leg_takes_the_other_along() -> None:
    desk = BasketDesk()
    desk.basket(*PAIR, accounts=("main", "other"))
    desk.tell(stamped(Flatten(account="other", reason="test")), wait=5 * SECOND)
    assert (desk.held(), desk.held(instrument=LINEAR, account="other")) == (0.0, 0.0)


def test_flattening_gives_up_what_waits_and_says_so() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR)
    desk.basket((SPOT, 2.0), (LINEAR, -2.0))
    desk.target(3.0)
    said = desk.tell(stamped(Flatten(account="main", reason="test")), wait=8 * SECOND)
    assert desk.pair() == (0.0, 0.0)
    assert (2, "refused") in [(each.signal, each.state) for each in of_kind(said, BasketUpdate)]


def test_what_a_cut_leaves_alone_while_a_basket_waits_to_be_sent_follows_it() -> None:
    desk = small_orders()
    desk.basket(*PAIR)
    desk.target(1.0, price=50_000.0, account="other")
    desk.basket((SPOT, 3.0), (LINEAR, -3.0), (SPOT, 0.5), accounts=("main", "main", "other"), wait=0)
    desk.cut(LINEAR, 0.25, "liquidation")
    assert desk.pair() == (0.75, -0.75)


def test_what_waits_and_its_order_survive_a_restart() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR)
    desk.basket((SPOT, 2.0), (LINEAR, -2.0))
    desk.target(1.5)
    fresh = desk.restarted()
    assert fresh.actor("capital").state() == desk.actor("capital").state()
    fresh.tell(wait=10 * SECOND)
    assert fresh.pair() == (1.5, -2.0)


def test_a_newer_wish_of_the_same_instant_outlives_the_refusal_of_the_older() -> None:
    for price in (None, 61_000.0):
        desk = small_orders()
        wishes = [
            Target(
                strategy="alpha", account="main", instrument=LINEAR, signal=signal, position=size, price=price,
                source="alpha", epoch=1,
            )
            for signal, size in ((1, 5.0), (2, 0.5))
        ]  # fmt: skip
        desk.tell(*wishes)
        assert desk.held(instrument=LINEAR) == 0.5


def test_an_order_that_fills_while_it_is_taken_off_is_traded_back() -> None:
    for gap in (0, 1, MS, 2 * MS, 3 * MS, 4 * MS):
        desk = BasketDesk()
        desk.target(1.0, instrument=LINEAR, wait=gap)
        desk.target(0.0, instrument=LINEAR)
        assert desk.held(instrument=LINEAR) == 0.0


def test_a_wish_waits_for_a_reduction_of_the_account_whoevers_share_is_cut() -> None:
    desk = BasketDesk()
    desk.target(1.0, instrument=LINEAR, strategy="beta")
    cut = Reduce(strategy="-", account="main", instrument=LINEAR, reduction_id="m-1", size=0.5, reason="test")
    desk.tell(stamped(cut, "monitor"), wait=0)
    desk.target(0.25, instrument=LINEAR, wait=SECOND)
    assert (desk.held(instrument=LINEAR), desk.held("beta", LINEAR)) == (0.25, 0.5)


def test_a_basket_tells_what_became_of_it_also_where_it_waited() -> None:
    desk = BasketDesk()
    desk.script(LINEAR, LOSE)
    desk.basket(*PAIR)
    desk.basket((SPOT, 2.0), (LINEAR, -2.0), wait=8 * SECOND)
    assert updates(desk.said)[-1] == ("standing", True)
