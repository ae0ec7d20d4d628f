"""JSON Schema of messages: all that the codec writes is valid by it, and what it refuses is not."""

from __future__ import annotations

import base64
import json
from typing import Any

import jsonschema
import msgspec
import pytest

from letrade.core import schemas
from letrade.core.codec import encode, encode_json
from letrade.core.engine.requests import verbs_of
from letrade.core.engine.verb_schemas import VERBS, of_verb, schema_of
from letrade.core.errors import DataError
from letrade.core.messages.base import Message
from letrade.core.messages.registry import BY_TAG, tag
from tests.core.samples import SAMPLES, with_number

Validator = jsonschema.Draft202012Validator
EVERYTHING = Validator(schemas.of_all_messages())
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)


def as_json(value: Any) -> Any:
    """Msgpack's values as JSON has them."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return {key: as_json(item) for key, item in value.items()} if isinstance(value, dict) else value


@each_sample
def test_what_the_codec_writes_is_valid(sample: Message) -> None:
    schema = schemas.of_message(tag(type(sample)))
    Validator.check_schema(schema)
    written = json.loads(encode_json(sample))
    Validator(schema).validate(written)
    EVERYTHING.validate(written)
    decoder = json.loads if sample.FAMILY == "ev" else msgspec.msgpack.decode
    Validator(schema).validate(as_json(decoder(encode(sample))))


@each_sample
def test_another_kind_a_missing_field_and_a_number_out_of_range_are_not_valid(sample: Message) -> None:
    schema = Validator(schemas.of_message(tag(type(sample))))
    written = json.loads(encode_json(sample))
    assert not schema.is_valid(["other", *written[1:]])
    assert not schema.is_valid(written[: schema.schema["$defs"][type(sample).__name__]["minItems"] - 1])
    for changed in with_number(sample, 1e16):
        assert not schema.is_valid(json.loads(msgspec.json.encode(changed)))


@each_sample
def test_items_are_called_as_the_fields_are(sample: Message) -> None:
    items = schemas.of_message(tag(type(sample)))["$defs"][type(sample).__name__]["prefixItems"]
    assert [item["title"] for item in items] == ["kind", *sample.__struct_fields__]


def test_items_of_what_a_message_holds_are_named_too() -> None:
    money = schemas.of_message("fill")["$defs"]["Money"]
    assert [item["title"] for item in money["prefixItems"]] == ["currency", "scale", "units"]


def test_a_later_version_may_append_fields() -> None:
    assert EVERYTHING.is_valid([*json.loads(encode_json(SAMPLES[0])), "a new field"])


def test_there_is_a_valid_schema_of_each_verb_that_a_desk_has() -> None:
    host: Any = None
    assert set(verbs_of(host)) == set(VERBS)
    for verb in VERBS:
        schema = of_verb(verb)
        Validator.check_schema(schema)
        assert set(schema["properties"]) == {"request", "answer", "refusal"}
        Validator({**schema["properties"]["request"], "$defs": schema["$defs"]}).validate({})


def test_a_misspelt_account_is_no_valid_request() -> None:
    schema = of_verb("flatten")
    request = Validator({**schema["properties"]["request"], "$defs": schema["$defs"]})
    assert request.is_valid({"account": "paper", "reason": "enough"})
    assert not request.is_valid({"acount": "paper"})


def test_schemas_are_asked_for_by_kind_by_verb_or_all_at_once() -> None:
    assert schema_of() == {"kinds": sorted(BY_TAG), "verbs": sorted(VERBS)}
    assert schema_of("fill") == schemas.of_message("fill")
    assert len(schema_of("*")["anyOf"]) == len(BY_TAG)
    assert schema_of(None, "status")["title"] == "status"
    for kind, verb in (("fil", None), (1, None), (None, "stat"), (None, 1), ("fill", "status")):
        with pytest.raises(DataError, match="expected"):
            schema_of(kind, verb)
