"""Filters and conditions of `letrade tap`: what is wanted, told from subjects where they tell it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core.codec import encode
from letrade.core.errors import UsageError
from letrade.core.messages.base import Message
from letrade.core.messages.registry import tag
from letrade.core.money import Money
from letrade.core.subjects import of_message
from letrade.sieve import Place, Sieve, covers, place_of
from letrade.where import Condition
from tests.core.samples import SAMPLES, sample

FILL: Any = msgspec.structs.replace(
    next(each for each in SAMPLES if tag(type(each)) == "fill"),
    strategy="fast", account="paper", instrument="x.A-B", side=-1, price=100.5, size=0.1, maker=False,
    fee=Money("USDT", 8, 150_000_000), order_id="fast.7.1", source="execution",
)  # fmt: skip
PROPOSAL: Any = next(each for each in SAMPLES if tag(type(each)) == "proposal")
TARGET: Any = msgspec.structs.replace(next(each for each in SAMPLES if tag(type(each)) == "target"), price=None)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("size=0.1", True), ("size>=0.1", True), ("size > 0.1", False), ("size<0.10001", True), ("size!=0.1", False),
        ("side=-1", True), ("side==-1", True), ("side<0", True), ("maker=false", True), ("maker=true", False),
        ("maker>0", False), ("fee>1.4", True), ("fee=1.5", True), ("fee.currency=USDT", True), ("fee.units>10", True),
        ("order_id~^fast", True), ("order_id~slow", False), ("order_id=fast.7.1", True), ("strategy>a", True),
        ("kind=fill", True), ("kind!=fill", False), ("id~:1$", True), ("source=execution", True),
        ("position>1", False), ("fee.nothing=1", False), ("order_id=", False), ("order_id>1", False),
    ],
)  # fmt: skip
def test_a_condition_holds_of_a_fill(text: str, holds: bool) -> None:
    assert Condition(text).holds(FILL) is holds


def test_of_several_items_one_that_holds_is_enough_and_one_can_be_chosen() -> None:
    size = PROPOSAL.orders[0].size
    assert Condition(f"orders.size={size}").holds(PROPOSAL)
    assert Condition(f"orders.0.size={size}").holds(PROPOSAL)
    assert not Condition(f"orders.9.size={size}").holds(PROPOSAL)
    assert Condition("cancels=text").holds(PROPOSAL)


def test_what_is_not_there_is_null_and_in_no_order() -> None:
    assert Condition("price=null").holds(TARGET)
    assert not Condition("price!=null").holds(TARGET)
    assert not Condition("price>0").holds(TARGET)
    assert not Condition("price=0").holds(TARGET)


@pytest.mark.parametrize("text", ["", "size", ">1", "sise>1", "size~(", "a b>1"])
def test_what_is_no_condition_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError, match="--where"):
        Condition(text)


def test_a_field_that_no_wanted_kind_has_is_refused() -> None:
    with pytest.raises(UsageError, match="no message of kind trade has a field 'strategy'"):
        Condition("strategy=x", ["trade"])
    with pytest.raises(UsageError, match="did you mean 'fill'"):
        Sieve(kinds=["fil"])


@given(st.sampled_from(SAMPLES), st.text(max_size=20), st.sampled_from(["=", "!=", ">", "<=", "~"]))
def test_no_condition_on_a_field_fails_on_any_message(message: Message, wanted: str, sign: str) -> None:
    for name in message.__struct_fields__:
        try:
            condition = Condition(f"{name}{sign}{wanted}")
        except UsageError:
            assert sign == "~"  # no regular expression
        else:
            assert condition.holds(message) in (True, False)


def test_a_subject_says_where_a_message_belongs() -> None:
    assert place_of("letrade.main.md.trade.x.A-B") == Place("main", "md", "trade", "x.A-B")
    assert place_of("letrade.main.do.fill.fast.paper.x.A-B") == Place("main", "do", "fill", "x.A-B", "fast", "paper")
    assert place_of("letrade.main.ev.alert.desk") == Place("main", "ev", "alert", source="desk")
    assert place_of("letrade.main.journal.desk") == Place("main", "journal")
    for other in ("letrade.main.md.trade", "foo", "$SRV.PING", "_INBOX.a.b.c", "letrade.main"):
        assert place_of(other).kind == ""


@pytest.mark.parametrize(
    ("filters", "subjects"),
    [
        ({}, ["letrade.main.>"]),
        ({"kinds": ["fill"]}, ["letrade.main.do.fill.*.*.*.*"]),
        ({"kinds": ["trade", "fill"]}, ["letrade.main.do.fill.*.*.*.*", "letrade.main.md.trade.*.*"]),
        ({"kinds": ["trade"], "instruments": ["x.A-B"]}, ["letrade.main.md.trade.x.A-B"]),
        ({"kinds": ["trade"], "instruments": ["x.*"]}, ["letrade.main.md.trade.x.*"]),
        ({"kinds": ["trade"], "instruments": ["x.A", "y.A"]}, ["letrade.main.md.trade.*.*"]),
        ({"strategies": ["fast"]}, ["letrade.main.do.*.fast.*.*.*"]),
        ({"kinds": ["alert"], "sources": ["desk"]}, ["letrade.main.ev.alert.desk"]),
        ({"conditions": ["size>1"]}, ["letrade.main.do.*.*.*.*.*", "letrade.main.ev.*.*", "letrade.main.md.*.*.*"]),
    ],
)
def test_the_server_is_asked_for_no_more_than_is_wanted(filters: dict[str, Any], subjects: list[str]) -> None:
    assert Sieve(**filters).subjects("main") == subjects


def test_filters_that_no_message_can_pass_are_refused() -> None:
    with pytest.raises(UsageError, match="no kind of message has all"):
        Sieve(kinds=["trade"], strategies=["fast"]).subjects("main")


@given(
    st.sampled_from(SAMPLES), st.sampled_from(["fill", "trade", "alert", ""]), st.sampled_from(["s", "t*", "?", ""]),
    st.sampled_from(["x.A-B", "x.*", "y.*", ""]), st.sampled_from(["feed", "f*", "g", ""]),
)  # fmt: skip
def test_what_is_wanted_comes_on_a_subject_that_is_asked_for(
    message: Message, kind: str, strategy: str, instrument: str, source: str
) -> None:
    given_kind = [kind] if kind else []
    given_names = [[name] if name else [] for name in (instrument, strategy, source)]
    sieve = Sieve(given_kind, given_names[0], given_names[1], (), given_names[2])
    subject, payload = of_message("main", tag(type(message)), message), encode(message)
    place = place_of(subject)
    if sieve.wants_place(place) and sieve.wants(place, payload):
        assert any(covers(pattern, subject) for pattern in sieve.subjects("main"))
        assert not kind or tag(type(message)) == kind


def test_the_journal_is_looked_into_only_where_it_is_asked_for() -> None:
    place, payload = place_of("letrade.main.journal.desk"), encode(FILL)
    assert not Sieve(kinds=["fill"]).wants_place(place)
    reading = Sieve(kinds=["fill"], journal=True)
    assert reading.wants_place(place)
    assert reading.wants(place, payload)
    assert not Sieve(kinds=["trade"], journal=True).wants(place, payload)
    assert not Sieve(strategies=["slow"], journal=True).wants(place, payload)
    assert Sieve(journal=True).wants(place, b"no message")
    assert not reading.wants(place, b"no message")


@pytest.mark.parametrize(
    ("pattern", "subject", "covered"),
    [
        ("letrade.>", "letrade.main.md.trade.>", True), ("letrade.*.md.>", "letrade.main.md.trade.>", True),
        ("letrade.main.md.trade.*.*", "letrade.main.md.trade.>", False),
        ("letrade.main.md.trade.*.*", "letrade.main.md.trade.*.*", True),
        ("letrade.main.md.trade.x.*", "letrade.main.md.trade.*.*", False),
        ("letrade.main.md.trade.>", "letrade.main.md.>", False),
        ("letrade.main.md.*.>", "letrade.main.md.trade.>", True), ("a.b", "a.b", True), ("a.b", "a.b.c", False),
        ("a.*", "a.>", False), ("a.>", "a", False), (">", "a", True),
    ],
)  # fmt: skip
def test_one_subscription_covers_another(pattern: str, subject: str, covered: bool) -> None:
    assert covers(pattern, subject) is covered


def test_samples_are_what_these_tests_think() -> None:
    assert sample(type(FILL)).strategy == "s"
