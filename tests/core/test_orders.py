"""The life cycle of an order: every pair that can happen is in the table, and what has ended stays ended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core import orders
from letrade.core.errors import Inconsistent
from letrade.core.orders import (
    ACCEPT,
    ASK_CANCEL,
    CANCEL_REFUSED,
    CANCEL_SENT,
    CANCELLED,
    CONTRADICTIONS,
    EXPIRE,
    EXPIRED,
    FILLED,
    FULL_FILL,
    GONE,
    NOT_FOUND,
    OPEN,
    PART_FILL,
    PARTLY_FILLED,
    PENDING,
    REFUSE,
    REJECTED,
    SEND,
    SENT,
    TERMINAL,
    TIMEOUT,
    TRANSITIONS,
    UNKNOWN,
    WORKING,
    next_state,
)

STATES = frozenset(TRANSITIONS)
EVENTS = frozenset(event for row in TRANSITIONS.values() for event in row)
BEFORE_SENDING = frozenset({SEND, ASK_CANCEL, REFUSE, EXPIRE})
AFTER_SENDING = EVENTS - {SEND, CANCEL_REFUSED}


def possible(state: str, was_sent: bool, cancel_asked: bool) -> frozenset[str]:
    """What may happen: our own acts before sending; after it, any answer in any order, as answers are lost, late and
    repeated; an answer to a cancel only once one was asked for."""
    if not was_sent:
        return BEFORE_SENDING if state == PENDING else frozenset({ASK_CANCEL})
    return AFTER_SENDING | ({CANCEL_REFUSED} if cancel_asked else frozenset())


def reachable() -> set[tuple[str, str]]:
    seen: set[tuple[str, bool, bool]] = set()
    pairs: set[tuple[str, str]] = set()
    waiting = [(PENDING, False, False)]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        state, was_sent, cancel_asked = here
        for event in possible(*here):
            pairs.add((state, event))
            if (state, event) not in CONTRADICTIONS:
                after = next_state(state, event)
                waiting.append((after, was_sent or event == SEND, cancel_asked or event == ASK_CANCEL))
    return pairs


def test_the_table_has_every_pair_that_can_happen() -> None:
    pairs = reachable()
    assert {state for state, _ in pairs} == STATES
    assert len(pairs) > 80
    assert all(pair not in CONTRADICTIONS for pair in ((s, e) for s, row in TRANSITIONS.items() for e in row))


def test_every_state_of_the_table_is_known_and_of_one_sort() -> None:
    assert {after for row in TRANSITIONS.values() for after in row.values()} <= STATES
    assert TERMINAL | WORKING | {PENDING} == STATES
    assert not TERMINAL & WORKING


def test_what_has_ended_stays_ended_but_for_a_rejection_that_was_none() -> None:
    for state in TERMINAL:
        back = {event for event, after in TRANSITIONS[state].items() if after not in TERMINAL}
        assert back == ({ACCEPT, PART_FILL} if state == REJECTED else set())
    assert set(TRANSITIONS[FILLED].values()) == {FILLED}
    assert {after for state in (CANCELLED, EXPIRED) for after in TRANSITIONS[state].values()} == {
        CANCELLED, EXPIRED, FILLED,
    }  # fmt: skip


def test_a_time_out_is_left_only_by_an_answer() -> None:
    assert next_state(SENT, TIMEOUT) == UNKNOWN
    assert next_state(UNKNOWN, TIMEOUT) == UNKNOWN
    assert UNKNOWN in WORKING


def test_a_fill_before_the_acknowledgement_and_one_after_the_cancel_count() -> None:
    assert [next_state(SENT, PART_FILL), next_state(PARTLY_FILLED, ACCEPT)] == [PARTLY_FILLED, PARTLY_FILLED]
    assert [next_state(CANCELLED, PART_FILL), next_state(CANCELLED, FULL_FILL)] == [CANCELLED, FILLED]
    assert next_state(CANCEL_SENT, PART_FILL) == CANCEL_SENT
    assert next_state(CANCEL_SENT, GONE) == CANCELLED


def test_an_order_not_found_before_any_answer_is_not_believed_gone() -> None:
    assert next_state(SENT, NOT_FOUND) == UNKNOWN
    assert next_state(OPEN, NOT_FOUND) == CANCELLED


@pytest.mark.parametrize(("state", "event"), [(PENDING, ACCEPT), (SENT, SEND), (OPEN, REFUSE), ("moon", ACCEPT)])
def test_an_unknown_pair_is_an_error_that_names_it(state: str, event: str) -> None:
    with pytest.raises(Inconsistent, match=f"'{state}' cannot meet '{event}'"):
        next_state(state, event)


@given(st.lists(st.sampled_from(sorted(EVENTS))))
def test_no_run_of_events_leaves_the_table(events: list[str]) -> None:
    state = orders.PENDING
    for event in events:
        if event in TRANSITIONS[state]:
            state = next_state(state, event)
        assert state in STATES
