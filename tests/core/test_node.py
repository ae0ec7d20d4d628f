"""Dispatch: who gets what, when, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from letrade.core.actor import Actor, handlers_of
from letrade.core.errors import ConfigurationError
from letrade.core.messages.base import Message, Timer
from letrade.core.messages.events import Alert
from letrade.core.messages.features import Features
from letrade.core.messages.market import BarOpen, MarketFlow, Trade
from letrade.core.messages.orders import CashEntry, Proposal
from letrade.core.messages.signals import Target
from letrade.core.money import money
from letrade.core.node import Node, directory_of
from letrade.core.stage import Stage
from letrade.hotpath.slots import STALE_TIMERS_MAX
from tests.core.listeners import CONTEXT, Listener, X, features, node_of, on, target, trade


def test_a_mailbox_is_read_by_time_then_venue_timers_data_and_what_was_derived() -> None:
    maker = Listener("maker", Stage.FEATURE, on(Trade, lambda actor, _: actor.publish(features())))
    reader = Listener("reader", Stage.STRATEGY)
    node = node_of(maker, reader, feeds=(("feed2", Stage.FEED), ("feed", Stage.FEED), ("venue", Stage.VENUE)))
    slot = next(slot for slot in node.slots if slot.actor is reader)
    node.post(trade(10, 7, "feed2"))
    for sequence, source in ((2, "feed"), (1, "feed"), (9, "venue")):
        node.post(trade(20, sequence, source))
    reader.set_timer(20, "t")
    node.let_out(slot, "")
    node.run(20)
    assert [(type(each).__name__, each.time, each.source) for each in reader.heard] == [
        ("Trade", 10, "feed2"), ("Features", 10, "maker"), ("Trade", 20, "venue"), ("Timer", 20, "reader"),
        ("Trade", 20, "feed"), ("Trade", 20, "feed"),
        ("Features", 20, "maker"), ("Features", 20, "maker"), ("Features", 20, "maker"),
    ]  # fmt: skip
    assert [each.sequence for each in reader.heard if each.source == "feed"] == [1, 2]


def test_the_order_does_not_depend_on_the_order_of_arrival() -> None:
    heard = []
    for turn in (1, -1):
        reader = Listener("reader", Stage.STRATEGY)
        node = node_of(reader, feeds=(("a", Stage.FEED), ("b", Stage.FEED)))
        messages = [trade(time, sequence, source) for time in (5, 6) for sequence in (1, 2) for source in ("a", "b")]
        for message in messages[::turn]:
            node.post(message)
        node.run(10)
        heard.append([each.id for each in reader.heard])
    assert heard[0] == heard[1] == ["a:1:1", "a:1:2", "b:1:1", "b:1:2"] * 2


def test_messages_that_claim_the_same_place_time_and_number_do_not_break_the_node() -> None:
    reader = Listener("reader", Stage.STRATEGY)
    node = node_of(reader)
    for source in ("nobody", "knows", "these", "these"):
        node.post(trade(5, 1, source))
    node.run(5)
    assert [each.source for each in reader.heard] == ["knows", "nobody", "these", "these"]


def test_only_higher_stages_hear_at_once_and_the_others_when_feedback_may_enter() -> None:
    actors = {stage: Listener(stage.name.lower(), stage) for stage in Stage if stage >= 0}
    actors[Stage.CAPITAL].act = on(Trade, lambda actor, _: actor.publish(target()))
    node = node_of(*actors.values())
    node.post(trade(5, 1))
    node.run(9)
    at_once = {stage for stage, actor in actors.items() if any(type(each) is Target for each in actor.heard)}
    assert at_once == {stage for stage in Stage if stage > Stage.CAPITAL}
    assert node.next_time() is None
    assert node.resume(10)
    node.run(19)
    heard = {stage: [each.time for each in actor.heard if type(each) is Target] for stage, actor in actors.items()}
    assert heard == {stage: [5] for stage in actors}
    assert actors[Stage.STRATEGY].now() == 10
    assert not node.resume(20)


def test_feedback_sent_for_later_enters_then() -> None:
    payer = Listener("payer", Stage.EXECUTION, on(Trade, lambda actor, _: actor.publish(entry(), at=50)))
    purse = Listener("purse", Stage.CAPITAL)
    node = node_of(payer, purse)
    node.post(trade(5, 1))
    node.run(9)
    node.resume(10)
    assert node.next_time() == 50
    node.run(49)
    assert [type(each) for each in purse.heard] == [Trade]
    node.run(50)
    assert (type(purse.heard[1]), purse.now()) == (CashEntry, 50)


def entry() -> CashEntry:
    return CashEntry(strategy="s", account="a", instrument=X, entry_id="e", origin="transfer", amount=money("USDT", 1))


def test_inputs_from_before_the_window_enter_at_its_start() -> None:
    reader = Listener("reader", Stage.STRATEGY)
    node = node_of(reader)
    node.floor = 100
    node.post(trade(5, 1))
    assert node.next_time() == 100
    node.run(100)
    assert (reader.heard[0].time, reader.now()) == (5, 100)


def test_a_pass_over_some_stages_leaves_the_rest_for_another() -> None:
    maker = Listener("maker", Stage.FEATURE, on(Trade, lambda actor, _: actor.publish(features())))
    reader = Listener("reader", Stage.STRATEGY)
    node = node_of(maker, reader)
    node.post(trade(5, 1))
    node.run(9, (Stage.STRATEGY, Stage.STRATEGY))
    assert [type(each) for each in reader.heard] == [Trade]
    assert maker.heard == []
    said = node.run(9, (Stage.FEATURE, Stage.FEATURE))
    assert [type(each) for each in said] == [Features]
    node.run(9, (Stage.STRATEGY, Stage.STRATEGY))
    assert [type(each) for each in reader.heard] == [Trade, Features]


def test_what_is_published_carries_time_source_sequence_and_cause() -> None:
    def answer(actor: Actor, message: Any) -> None:
        actor.publish(target(1.0))
        actor.publish(target(2.0), at=3)
        actor.publish(target(3.0), at=70, cause="other:1:1")
        assert actor.now() == 5

    node = node_of(Listener("maker", Stage.STRATEGY, on(Trade, answer)))
    node.post(trade(5, 9))
    said = node.run(9)
    assert [(each.time, each.source, each.epoch, each.sequence, each.cause) for each in said] == [
        (5, "maker", 1, 1, "feed:1:9"), (5, "maker", 1, 2, "feed:1:9"), (70, "maker", 1, 3, "other:1:1"),
    ]  # fmt: skip


def test_a_message_published_twice_or_passed_on_is_a_message_of_its_own() -> None:
    kept = target()

    def act(actor: Actor, message: Any) -> None:
        actor.publish(kept)
        actor.publish(message)

    node = node_of(Listener("maker", Stage.STRATEGY, on(Trade, act)))
    given = [trade(5, 8), trade(6, 9)]
    for message in given:
        node.post(message)
    said = node.run(9)
    assert [(each.time, each.sequence, each.source) for each in said] == [
        (5, 1, "maker"), (5, 2, "maker"), (6, 3, "maker"), (6, 4, "maker"),
    ]  # fmt: skip
    assert [(each.sequence, each.source) for each in given] == [(8, "feed"), (9, "feed")]


def test_only_a_venue_is_told_what_is_still_to_come() -> None:
    class Spy(Actor):
        def __init__(self, name: str) -> None:
            super().__init__(name, None, CONTEXT)
            self.heard = 0

        def on_future(self, message: BarOpen | MarketFlow) -> None:
            self.heard += 1

    spies = [Spy(stage.name.lower()) for stage in Stage if stage >= 0]
    node = Node(
        directory_of([(spy.name, stage) for spy, stage in zip(spies, [s for s in Stage if s >= 0], strict=True)])
    )
    for spy in spies:
        node.add(spy)
    node.post(BarOpen(instrument=X, start=0, open=1.0, time=1, source="feed", sequence=1))
    node.post(MarketFlow(instrument=X, orders=(), time=1, source="feed", sequence=2))
    node.run(1)
    assert {spy.name: spy.heard for spy in spies if spy.heard} == {"venue": 2}


def test_wants_chooses_by_instrument_and_strategy() -> None:
    class Picky(Listener):
        def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
            return (instrument, strategy) in ((X, "-"), (X, "mine"))

    picky = Picky("picky", Stage.MONITOR)
    node = node_of(picky)
    for sequence, message in enumerate((trade(1, 1), target(strategy="mine"), target(strategy="other")), 1):
        node.post(replace(message, source="feed", sequence=sequence))
    node.run(1)
    assert [getattr(each, "strategy", "-") for each in picky.heard] == ["mine", "-"]


def test_a_timer_fires_once_at_its_time_or_just_after_now() -> None:
    def act(actor: Actor, message: Any) -> None:
        actor.set_timer(3, "past")
        actor.set_timer(50, "replaced")
        actor.set_timer(60, "replaced")
        actor.set_timer(70, "cancelled")
        actor.cancel_timer("cancelled")
        actor.cancel_timer("never set")

    actor = Listener("a", Stage.STRATEGY, on(Trade, act))
    node = node_of(actor)
    node.post(trade(5, 1))
    node.run(1_000)
    fired = [each for each in actor.heard if type(each) is Timer]
    assert [(each.key, each.time, each.cause) for each in fired] == [
        ("past", 6, "feed:1:1"),
        ("replaced", 60, "feed:1:1"),
    ]
    assert node.next_time() is None


def test_timers_that_were_replaced_or_cancelled_are_nothing_to_wait_for() -> None:
    def act(actor: Actor, message: Any) -> None:
        actor.set_timer(message.time + 1_000, "stale")
        actor.set_timer(90_000, "end")
        if message.time == 20:
            actor.cancel_timer("stale")

    actor = Listener("a", Stage.STRATEGY, on(Trade, act))
    node = node_of(actor)
    node.post(trade(10, 1))
    node.run(10)
    assert node.next_time() == 1_010
    node.post(trade(20, 2))
    node.run(20)
    assert node.next_time() == 90_000


def test_a_timer_moved_at_every_message_does_not_fill_the_mailbox() -> None:
    actor = Listener("a", Stage.STRATEGY, on(Trade, lambda actor, trade: actor.set_timer(10**9 + trade.time, "stale")))
    node = node_of(actor)
    for time in range(1, 10 * STALE_TIMERS_MAX):
        node.post(trade(time, time))
        node.run(time)
    assert len(node.slots[0].inbox) <= STALE_TIMERS_MAX + 2
    assert node.next_time() == 10**9 + 10 * STALE_TIMERS_MAX - 1
    node.run(2 * 10**9)
    assert sum(type(each) is Timer for each in actor.heard) == 1


def test_handlers_are_told_by_their_annotation() -> None:
    found = handlers_of(Listener("a", Stage.MONITOR))
    assert set(found) == {Trade, Features, Target, Proposal, CashEntry, Alert, Timer}


def test_a_handler_that_takes_no_message_is_a_configuration_error() -> None:
    class Wrong(Actor):
        def on_number(self, number: int) -> None: ...

    class Two(Actor):
        def on_both(self, trade: Trade, other: Trade) -> None: ...

    for kind in (Wrong, Two):
        with pytest.raises(ConfigurationError, match=kind.__name__):
            handlers_of(kind("a", None, CONTEXT))


def test_observers_see_inputs_and_outputs_once() -> None:
    node = node_of(Listener("a", Stage.STRATEGY, on(Trade, lambda actor, _: actor.publish(target()))))
    seen: list[Message] = []
    node.observers.append(seen.append)
    node.post(trade(1, 1))
    node.run(1)
    node.resume(2)
    node.run(3)
    assert [type(each) for each in seen] == [Trade, Target]
