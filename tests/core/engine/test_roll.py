"""A loss between processes is known by the counts in heartbeats."""

from __future__ import annotations

from collections import Counter

from letrade.core.engine.roll import Roll
from letrade.core.messages.events import Heartbeat
from letrade.core.messages.market import Trade


def beat(trades: int, epoch: int = 1) -> Heartbeat:
    return Heartbeat(process="market", sent={"trade": trades, "quote": 7}, epoch=epoch)


def roll_of(told: list[str]) -> Roll:
    return Roll(frozenset({"trade"}), {"feed": "market"}, lambda code, text: told.append(f"{code} {text}"))


def receive(roll: Roll, count: int) -> None:
    for _ in range(count):
        roll.note(Trade(instrument="x.A-B", price=1.0, size=1.0, source="feed"))


def test_what_was_sent_before_we_listened_is_not_lost() -> None:
    told: list[str] = []
    roll = roll_of(told)
    receive(roll, 2)
    for sent in (100, 100, 100):
        roll.hear(beat(sent))
    assert told == []


def test_what_was_sent_before_a_heartbeat_and_has_not_come_is_lost_and_told_once() -> None:
    told: list[str] = []
    roll = roll_of(told)
    roll.hear(beat(0))
    receive(roll, 6)
    roll.hear(beat(8))
    roll.hear(beat(8))
    assert roll.lost == {"trade": 2}
    assert told == ["lost 2 messages of kind trade from market did not arrive"]


def test_a_loss_is_not_hidden_by_what_comes_after_it() -> None:
    told: list[str] = []
    roll = roll_of(told)
    roll.hear(beat(0))
    for beats in range(1, 5):
        receive(roll, 100 if beats != 2 else 90)
        roll.hear(beat(100 * beats))
    assert roll.lost == {"trade": 10}


def test_what_is_sent_again_is_missing_until_it_comes_and_the_rest_is_lost() -> None:
    told: list[str] = []
    roll = Roll(frozenset({"cash_entry"}), {"purse": "desk"}, lambda code, text: told.append(text))
    roll.hear(Heartbeat(process="desk", sent={}, epoch=1))
    roll.hear(Heartbeat(process="desk", sent={"cash_entry": 5}, epoch=1))
    assert (roll.missing, roll.lost) == ({"desk": {"cash_entry": 5}}, {})
    roll.found("desk", Counter(cash_entry=4))
    assert (roll.missing, roll.lost) == ({}, {"cash_entry": 1})
    assert told == ["1 messages of kind cash_entry from desk did not arrive"]


def test_a_process_that_starts_again_counts_anew() -> None:
    told: list[str] = []
    roll = roll_of(told)
    roll.hear(beat(50))
    roll.hear(beat(3, epoch=2))
    receive(roll, 2)
    roll.hear(beat(5, epoch=2))
    roll.hear(beat(5, epoch=2))
    assert told == []
