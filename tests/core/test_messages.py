"""What every message type owes the others: a tag, a header, defaults, no memory of its own."""

from __future__ import annotations

import re

import msgspec
import pytest

from letrade.core.messages.base import DeskMessage, EventMessage, MarketMessage, Message, Timer, tag_of
from letrade.core.messages.registry import BY_TAG, JOURNALLED, MESSAGE_TYPES, VENUE_ONLY, tag
from tests.core.samples import SAMPLES

HEADER = ("version", "time", "source", "epoch", "sequence", "cause")
OWNER = {"md": ("instrument",), "do": ("strategy", "account", "instrument"), "ev": ()}


@pytest.mark.parametrize("kind", MESSAGE_TYPES, ids=tag)
def test_every_type_has_the_header_its_family_and_a_tag_of_its_name(kind: type[Message]) -> None:
    assert kind.__struct_fields__[:6] == HEADER
    assert tag(kind) == tag_of(kind.__name__)
    assert re.fullmatch(r"[a-z_]+", tag(kind))
    families: list[type] = [MarketMessage, DeskMessage, EventMessage]
    (base,) = [base for base in families if base in kind.__mro__]
    assert ("md", "do", "ev")[families.index(base)] == kind.FAMILY
    assert kind.__struct_fields__[6:][: len(OWNER[kind.FAMILY])] == OWNER[kind.FAMILY]


@pytest.mark.parametrize("kind", MESSAGE_TYPES, ids=tag)
def test_every_type_is_frozen_an_array_on_the_wire_and_says_what_it_is(kind: type[Message]) -> None:
    config = kind.__struct_config__
    assert (config.frozen, config.array_like, config.gc) == (True, True, False)
    assert (kind.__doc__ or "").strip()


def test_tags_are_unique_and_a_timer_is_not_one_that_travels() -> None:
    assert len(BY_TAG) == len(MESSAGE_TYPES)
    assert Timer not in MESSAGE_TYPES
    assert tag(Timer) == "timer"
    assert tag_of("BookDelta") == "book_delta"


def test_decisions_orders_fills_cash_and_halts_are_journalled_and_market_data_is_not() -> None:
    assert {tag(kind) for kind in MESSAGE_TYPES if kind.FAMILY == "do"} <= JOURNALLED
    assert {"halt", "resume", "flatten", "failure"} <= JOURNALLED
    assert not {tag(kind) for kind in MESSAGE_TYPES if kind.FAMILY == "md"} & JOURNALLED
    assert set(BY_TAG) >= VENUE_ONLY


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: tag(type(message)))
def test_messages_can_be_compared_and_not_changed(message: Message) -> None:
    assert message == msgspec.structs.replace(message)
    assert message != msgspec.structs.replace(message, sequence=9)
    with pytest.raises(AttributeError):
        message.time = 5  # type: ignore[misc]


def test_an_id_names_source_epoch_and_sequence() -> None:
    assert Timer(key="k", source="risk", epoch=3, sequence=9).id == "risk:3:9"
