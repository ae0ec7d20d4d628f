"""Every message type goes through the codec and back; what is no message is a DataError and nothing else."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from letrade.core import codec
from letrade.core.errors import DataError
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.features import Features
from letrade.core.messages.market import FundingRate, Quote, Trade
from letrade.core.messages.registry import MESSAGE_TYPES, tag
from letrade.core.messages.signals import Quotes
from tests.core.samples import SAMPLES, with_number

TRADE = Trade(instrument="x.A-B", price=1.5, size=2.0, time=7, source="feed", epoch=1, sequence=3)
PAYLOADS = [encode(message) for message in SAMPLES for encode in (codec.encode, codec.encode_json)]
BAD_NUMBERS = (math.nan, math.inf, -math.inf, 1.1e15, -1.1e15)


def fields_of(message: Message) -> list[Any]:
    fields: list[Any] = msgspec.msgpack.decode(msgspec.msgpack.encode(message))
    return fields


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: tag(type(message)))
def test_every_type_comes_back_from_msgpack_and_from_json(message: Message) -> None:
    assert codec.decode(codec.encode(message)) == message
    assert codec.decode(codec.encode_json(message)) == message
    assert codec.decode(msgspec.msgpack.encode(message)) == message


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: tag(type(message)))
def test_no_number_out_of_range_passes_in_either_direction_at_any_depth(message: Message) -> None:
    for number in BAD_NUMBERS:
        for bad in with_number(message, number):
            with pytest.raises(DataError, match=tag(type(message))):
                codec.encode(bad)
            with pytest.raises(DataError):
                codec.encode_json(bad)
            with pytest.raises(DataError, match="malformed"):
                codec.decode(msgspec.msgpack.encode(bad))


def test_the_samples_hold_numbers_at_every_depth_that_messages_have() -> None:
    counted = {tag(type(message)): len(list(with_number(message, 0.0))) for message in SAMPLES}
    expected = {"features": 2, "quotes": 2, "proposal": 7, "approved_order": 5, "approved_amend": 2, "basket": 1}
    assert {kind: counted[kind] for kind in expected} == expected
    assert counted["venue_state"] == 7
    assert counted["market_flow"] == 2
    assert len(SAMPLES) == len(MESSAGE_TYPES) > 30


@given(st.sampled_from(SAMPLES), st.floats(allow_nan=True, allow_infinity=True))
def test_what_is_encoded_can_be_decoded_and_what_is_refused_would_be(message: Message, number: float) -> None:
    for changed in with_number(message, number):
        raw = msgspec.msgpack.encode(changed)
        try:
            payload = codec.encode(changed)
        except DataError:
            with pytest.raises(DataError):
                codec.decode(raw)
        else:
            assert codec.decode(payload) == codec.decode(raw) == changed


def test_a_refusal_names_the_field_and_what_was_found() -> None:
    with pytest.raises(DataError, match=r"^trade\.price: .*found nan"):
        codec.encode(msgspec.structs.replace(TRADE, price=math.nan))
    with pytest.raises(DataError, match=r"^quotes\.orders: .*price=-1"):
        codec.encode(next(with_number(next(each for each in SAMPLES if type(each) is Quotes), -1.0)))


def test_numbers_of_numpy_are_sent_as_pythons_own() -> None:
    features = Features(
        instrument="x.A-B", feature_set="f", names=("a",), values=(np.float64(1.5),), price=np.float64(2.5),
        bar_end=0, count=int(np.int64(3)),
    )  # fmt: skip
    assert codec.decode(codec.encode(features)) == features


@pytest.mark.parametrize("value", [object(), "\ud800", 2**64, "1.0"])
def test_what_no_payload_can_carry_is_a_data_error(value: Any) -> None:
    for field in ("trade_id", "side", "price"):
        bad = msgspec.structs.replace(TRADE, **{field: value})
        if field == "trade_id" and value == "1.0":
            continue
        with pytest.raises(DataError, match="trade"):
            codec.decode(codec.encode(bad))


@given(st.sampled_from(PAYLOADS), st.data())
def test_a_payload_cut_or_changed_anywhere_is_a_message_or_a_data_error(payload: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(payload)))
    start = data.draw(st.integers(0, len(payload)))
    put = data.draw(st.binary(max_size=9))
    for changed in (payload[:cut], payload[:start] + put + payload[start + len(put) :], payload + put):
        decode_or_data_error(changed)


@given(st.binary(max_size=200))
@example(b"")
@example(b"[" * 100_000)
@example(b"\x91" * 100_000)
@example(b'["trade",1,1,"\xff",0,0,"","x",1.0,1.0]')
@example(b"\x92\xa4tra\xff\x01")
@example(b"\xdd\xff\xff\xff\xff")
@example(b'["trade",' + b"9" * 5_000 + b"]")
@example(b'["trade",1,1e400]')
@example(b"\x92\xa4nope\xd6\xff\xff\xff\xff\xff")
@example(b"\x92\xa4nope\x81\x90\xc0")
def test_any_bytes_are_a_message_or_a_data_error(payload: bytes) -> None:
    decode_or_data_error(payload)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists), st.data())
def test_any_array_is_a_message_or_a_data_error(value: Any, data: st.DataObject) -> None:
    fields = fields_of(data.draw(st.sampled_from(SAMPLES)))
    fields[data.draw(st.integers(0, len(fields) - 1))] = value
    decode_or_data_error(msgspec.json.encode(fields))


def decode_or_data_error(payload: bytes) -> None:
    try:
        message = codec.decode(payload)
    except DataError:
        return
    assert codec.decode(codec.encode_json(message)) == message


def test_an_unknown_kind_is_told_from_a_malformed_one() -> None:
    for encode in (msgspec.msgpack.encode, msgspec.json.encode):
        with pytest.raises(codec.UnknownTag, match=r"'moon_phase' of version \[3\]"):
            codec.decode(encode(["moon_phase", 3, 1, 2]))
        with pytest.raises(DataError, match="malformed 'trade'") as caught:
            codec.decode(encode(["trade", 1]))
        assert not isinstance(caught.value, codec.UnknownTag)


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: tag(type(message)))
def test_fields_that_a_newer_version_appended_are_ignored(message: Message) -> None:
    newer = [*fields_of(message), "appended", {"more": [1]}]
    newer[1] = 2
    for encode in (msgspec.msgpack.encode, msgspec.json.encode):
        # A field of bytes is text in JSON, which msgspec reads back as base64.
        decoded = codec.decode(encode(newer))
        assert decoded == msgspec.structs.replace(message, version=2)


def test_defaults_stand_for_fields_that_an_older_version_had_not() -> None:
    older = fields_of(TRADE)[:10]
    assert codec.decode(msgspec.msgpack.encode(older)) == TRADE


@pytest.mark.parametrize("number", [-1, 2**63, 2**64 - 1, 2**200])
def test_a_header_that_no_encoder_could_repeat_is_refused(number: int) -> None:
    for place in range(1, 6):
        fields = fields_of(TRADE)
        if isinstance(fields[place], int):
            fields[place] = number
            with pytest.raises(DataError, match="malformed 'trade'"):
                codec.decode(msgspec.json.encode(fields))


def test_data_travels_as_msgpack_and_events_as_json() -> None:
    assert codec.encode(TRADE)[:1] != b"["
    assert codec.encode(Alert(level="info", code="c", text="t"))[:1] == b"["


@pytest.mark.parametrize(
    "message",
    [
        Quote(instrument="x.A-B", bid=-1.0, bid_size=1.0, ask=2.0, ask_size=1.0),
        Quote(instrument="x.A-B", bid=1.0, bid_size=1.0, ask=-2.0, ask_size=1.0),
        FundingRate(instrument="x.A-B", rate=1.5, funding_time=1),
        FundingRate(instrument="x.A-B", rate=-1.5, funding_time=1),
    ],
)
def test_no_price_is_below_0_and_no_payment_more_than_the_position(message: Message) -> None:
    with pytest.raises(DataError, match="expected finite numbers in the range of this field"):
        codec.encode(message)
