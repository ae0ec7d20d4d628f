"""Dispatch: what becomes of a handler that raises, and of one that never ends."""

from __future__ import annotations

import math
from typing import Any

import pytest

from letrade.core.actor import Actor
from letrade.core.messages.base import Timer
from letrade.core.messages.events import Failure
from letrade.core.messages.market import Trade
from letrade.core.stage import SKIPS_BAD_MESSAGES, Stage
from letrade.hotpath.dispatch import STEP_MESSAGES_MAX
from tests.core.listeners import Listener, features, node_of, on, target, trade


def fails(actor: Actor, message: Any) -> None:
    actor.publish(target())
    actor.set_timer(100, "after")
    raise RuntimeError("broken \ud800")


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage >= 0])
def test_a_handler_that_raises_says_nothing_but_a_failure_and_owners_of_money_stop(stage: Stage) -> None:
    actor = Listener("a", stage, on(Trade, fails))
    monitor = Listener("z", Stage.MONITOR)
    node = node_of(actor, monitor)
    for sequence in (1, 2):
        node.post(trade(sequence, sequence))
    said = node.run(1_000)
    stops = stage not in SKIPS_BAD_MESSAGES
    assert [type(each) for each in said] == [Failure] if stops else [Failure, Failure]
    failure = said[0]
    assert isinstance(failure, Failure)
    assert (failure.actor, failure.kind, failure.message_id, failure.stopped) == ("a", "trade", "feed:1:1", stops)
    assert (failure.cause, failure.time, failure.error) == ("feed:1:1", 1, "RuntimeError: broken ?")
    assert len(actor.heard) == len(said)
    assert node.next_time() is None
    assert actor.timers_set == []
    assert actor.outgoing == []


def test_the_stages_that_own_money_are_the_ones_that_stop() -> None:
    owners = {Stage.VENUE, Stage.CAPITAL, Stage.RISK, Stage.EXECUTION, Stage.LEDGER, Stage.FEED}
    assert set(Stage) - SKIPS_BAD_MESSAGES == owners


def test_a_timer_of_an_actor_that_raises_later_stays_set() -> None:
    def act(actor: Actor, message: Any) -> None:
        if message.time == 1:
            actor.set_timer(50, "kept")
        else:
            fails(actor, message)

    actor = Listener("a", Stage.STRATEGY, on(Trade, act))
    node = node_of(actor)
    node.post(trade(1, 1))
    node.post(trade(2, 2))
    node.run(1_000)
    assert [each.key for each in actor.heard if type(each) is Timer] == ["kept"]


def test_a_strategy_is_stopped_when_its_failures_are_too_many() -> None:
    actor = Listener("a", Stage.STRATEGY, on(Trade, fails))
    node = node_of(actor, failures_max=3)
    for sequence in range(1, 9):
        node.post(trade(sequence, sequence))
    said = node.run(1_000)
    assert [each.stopped for each in said if type(each) is Failure] == [False, False, True]
    assert len(actor.heard) == 3


@pytest.mark.parametrize("price", [math.nan, math.inf, 2e15])
def test_a_message_that_could_not_be_sent_is_the_failure_of_its_author(price: float) -> None:
    actor = Listener("a", Stage.FEATURE, on(Trade, lambda actor, _: actor.publish(features(price))))
    reader = Listener("b", Stage.STRATEGY)
    node = node_of(actor, reader)
    node.post(trade(1, 1))
    (failure,) = node.run(1)
    assert isinstance(failure, Failure)
    assert "features.price" in failure.error
    assert [type(each) for each in reader.heard] == [Trade]


def test_an_actor_that_cannot_start_fails_like_one_that_cannot_handle() -> None:
    class Broken(Listener):
        def start(self) -> None:
            raise RuntimeError("no")

    actor = Broken("a", Stage.RISK)
    node = node_of(actor)
    node.post(trade(1, 1))
    (failure,) = node.run(1)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.stopped) == ("start", True)
    assert actor.heard == []


def test_an_actor_that_sends_without_end_is_stopped_and_the_others_go_on() -> None:
    def spin(actor: Actor, message: Any) -> None:
        if type(message) in (Trade, Timer):
            actor.publish(features())
            actor.set_timer(actor.now(), "again")

    loop = Listener("loop", Stage.FEATURE, spin)
    reader = Listener("reader", Stage.STRATEGY)
    node = node_of(loop, reader)
    node.post(trade(1, 1))
    said = node.run(10**9)
    (failure,) = [each for each in said if type(each) is Failure]
    assert (failure.actor, failure.stopped) == ("loop", True)
    assert "100000 messages" in failure.error
    assert node.handled < 2 * STEP_MESSAGES_MAX
    assert not next(slot for slot in node.slots if slot.actor is reader).stopped


def test_one_handler_that_floods_is_stopped_before_anybody_hears_it() -> None:
    def flood(actor: Actor, message: Any) -> None:
        for _ in range(STEP_MESSAGES_MAX + 1):
            actor.publish(features())

    reader = Listener("reader", Stage.STRATEGY)
    node = node_of(Listener("loop", Stage.FEATURE, on(Trade, flood)), reader)
    node.post(trade(1, 1))
    (failure,) = node.run(1)
    assert isinstance(failure, Failure)
    assert failure.stopped
    assert [type(each) for each in reader.heard] == [Trade]


def test_a_backlog_of_inputs_is_no_loop() -> None:
    node = node_of(*(Listener(f"a{number}", Stage.FEATURE) for number in range(3)))
    for sequence in range(1, STEP_MESSAGES_MAX // 2):
        node.post(trade(1, sequence))
    assert node.run(1) == []
    assert node.handled == 3 * (STEP_MESSAGES_MAX // 2 - 1)
