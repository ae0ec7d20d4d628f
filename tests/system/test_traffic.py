"""Rates of what passes, and what was lost on the way, told from what the desk says that it sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs

import letrade.traffic
from letrade.core.codec import encode
from letrade.core.messages.events import Heartbeat
from letrade.sieve import Sieve
from letrade.traffic import MORE, Losses, Traffic
from tests.core.samples import SAMPLES

TRADE: Any = next(each for each in SAMPLES if type(each).__name__ == "Trade")
TRADES = "letrade.main.md.trade.x.A-B"
BEATS = "letrade.main.ev.heartbeat.desk"


def beat(sent: Mapping[str, int], process: str = "desk", epoch: int = 1) -> bytes:
    return encode(Heartbeat(process=process, sent=dict(sent), source=process, epoch=epoch, sequence=1))


class Listener:
    """Hears trades and beats as the connection hands them over."""

    def __init__(self, *patterns: str) -> None:
        self.traffic = Traffic(Sieve())
        self.losses = Losses(self.traffic, list(patterns or ["letrade.>"]))

    def trades(self, count: int) -> None:
        self.traffic.count([TRADES] * count, [encode(TRADE)] * count)

    def beat(self, sent: int, process: str = "desk", epoch: int = 1) -> None:
        desk = self.losses.hear(BEATS, beat({"trade": sent}, process, epoch))
        self.losses.close_at(desk)


def test_what_was_sent_and_did_not_come_is_lost() -> None:
    listener = Listener()
    listener.trades(7)  # before the first beat nothing is known
    listener.beat(100)
    listener.trades(10)
    listener.beat(110)
    assert listener.losses.found() == {}
    listener.trades(4)
    listener.beat(120)
    assert listener.losses.found() == {"trade": 6}
    listener.trades(3)  # not told of yet
    assert listener.losses.found() == {"trade": 6}


def test_of_a_kind_that_several_processes_send_the_least_loss_is_told() -> None:
    listener = Listener()
    listener.beat(0, "one")
    listener.beat(50, "two")
    listener.trades(12)
    listener.beat(10, "one")
    listener.beat(60, "two")
    assert listener.losses.found() == {"trade": 8}


def test_a_process_that_is_started_again_counts_from_nothing() -> None:
    listener = Listener()
    listener.beat(100)
    listener.trades(10)
    listener.beat(110)
    listener.trades(5)
    listener.beat(5, epoch=2)
    assert listener.losses.found() == {}
    listener.trades(1)
    listener.beat(8, epoch=2)
    assert listener.losses.found() == {"trade": 2}


def test_nothing_is_said_of_kinds_that_are_not_heard_whole() -> None:
    for pattern, found in (
        ("letrade.main.md.trade.x.A-B", {}), ("letrade.*.md.*.*.*", {"trade": 9}), ("letrade.other.>", {}),
        ("letrade.main.md.>", {"trade": 9}), ("letrade.main.do.>", {}),
    ):  # fmt: skip
        listener = Listener(pattern)
        listener.beat(0)
        listener.trades(1)
        listener.beat(10)
        assert listener.losses.found() == found


def test_what_is_no_beat_is_left_alone() -> None:
    listener = Listener()
    assert listener.losses.hear(BEATS, b"no message") == ""
    assert listener.losses.hear(BEATS, encode(TRADE)) == ""
    assert listener.losses.hear("elsewhere", beat({})) == ""


def test_rates_are_those_since_they_were_asked_last() -> None:
    listener = Listener()
    listener.trades(10)
    size = len(encode(TRADE))
    first = listener.traffic.rows("kind", 2.0)[0]
    assert (first.name, first.messages_per_second, first.bytes_per_second) == ("md.trade", 5.0, 5.0 * size)
    listener.trades(3)
    second = listener.traffic.rows("kind", 1.0)[0]
    assert (second.messages_per_second, second.messages, second.bytes) == (3.0, 13, 13 * size)
    assert listener.traffic.rows("kind", 1.0)[0].messages_per_second == 0.0


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("kind", {"md.trade", "do.fill", "ev.alert", "journal.desk", "req.status", "_INBOX.x"}),
        ("instrument", {"x.A-B", "-"}), ("strategy", {"fast", "-"}), ("account", {"paper", "-"}),
    ],
)  # fmt: skip
def test_traffic_is_counted_by_what_its_subjects_say(by: str, names: set[str]) -> None:
    traffic = Traffic(Sieve())
    subjects = [TRADES, "letrade.main.do.fill.fast.paper.x.A-B", "letrade.main.ev.alert.desk"]
    subjects += ["letrade.main.journal.desk", "letrade.main.req.status", "_INBOX.x.y"]
    traffic.count(subjects, [b"12"] * len(subjects))
    totals = traffic.totals(by)
    assert set(totals) == names
    assert sum(messages for messages, _ in totals.values()) == len(subjects)
    assert len(traffic.totals("subject")) == len(subjects)


def test_messages_are_read_where_the_filter_needs_it() -> None:
    traffic = Traffic(Sieve(conditions=["price>2"]))
    dear, cheap, other = (encode(structs.replace(TRADE, price=price)) for price in (2.5, 2.0, 3.0))
    payloads = [dear, cheap, other, b"no message"]
    traffic.count([TRADES] * 4, payloads)
    traffic.count_chosen([TRADES] * 4, payloads)
    assert traffic.totals("kind") == {"md.trade": (2, len(dear) + len(other))}


def test_beyond_a_limit_subjects_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letrade.traffic, "SUBJECTS_MAX", 3)
    traffic = Traffic(Sieve())
    for number in range(10):
        traffic.count([f"_INBOX.a.{number}"], [b""])
    assert set(traffic.cells) == {"_INBOX.a.0", "_INBOX.a.1", "_INBOX.a.2", MORE}
    assert traffic.cells[MORE].messages == 7
    assert Losses(traffic, ["letrade.>"]).found() == {}
