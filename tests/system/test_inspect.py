"""The tour of docs/inspect.md against a running desk: what the `nats` command asks, answered as it expects."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from letrade.core.codec import decode
from letrade.core.messages.registry import tag
from tests.system.nats_wire import NatsWire
from tests.system.programs import Desk, command, letrade, until
from tests.tree import ROOT

ROLES = {"viewer": "letrade-main", "operator": "letrade-main-operator", "system": "letrade-main-system"}
DECODE = command("decode")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The paper desk, once a fill of it is in the stream."""
    running = Desk(tmp_path_factory.mktemp("desk"), "paper")
    running.start()
    try:
        until(lambda: (running.data / "run.json").exists(), "the desk's address")
        first = letrade("tap", "letrade.main.journal.>", "--kind", "fill", "--count", "1", "--data-dir", running.data)
        assert first.returncode == 0, first.stderr
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def contexts(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `letrade context` wrote for the desk, by role."""
    folder = tmp_path_factory.mktemp("config")
    made = letrade("context", "--data-dir", desk.data, env={**os.environ, "XDG_CONFIG_HOME": str(folder)})
    assert made.returncode == 0, made.stderr
    files = {role: folder / "nats" / "context" / f"{name}.json" for role, name in ROLES.items()}
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files.values())
    return {role: json.loads(file.read_text()) for role, file in files.items()}


@pytest.fixture
def viewer(contexts: dict[str, dict[str, Any]]) -> Iterator[NatsWire]:
    with NatsWire(contexts["viewer"]) as wire:
        yield wire


def test_each_role_logs_in_with_its_context_and_may_what_its_description_says(
    contexts: dict[str, dict[str, Any]],
) -> None:
    for role, subject in (("viewer", "letrade.>"), ("operator", "bench.x"), ("system", "$SYS.ACCOUNT.*.CONNECT")):
        with NatsWire(contexts[role]) as wire:
            wire.events(subject)
            assert wire.refusals == []
    with NatsWire(contexts["viewer"]) as wire:
        wire._send(b"PUB letrade.main.req.stop 2", b"{}")
        wire.flush()
        assert "Permissions Violation for Publish" in wire.refusals[0]
    with NatsWire(contexts["operator"]) as wire:
        wire._send(b"PUB bench.x 2", b"{}")
        wire.flush()
        assert wire.refusals == []


def test_sub_with_translate_shows_every_message_by_its_fields(viewer: NatsWire) -> None:
    shown = viewer.sub("letrade.main.md.>", 5, DECODE)
    assert all(json.loads(body)["instrument"] in subject for subject, body in shown)
    beats = viewer.sub("letrade.main.ev.heartbeat.>", 1, DECODE)
    assert json.loads(beats[0][1])["process"] == "desk"


def test_messages_of_the_wire_are_valid_by_the_schema_that_the_desk_tells(viewer: NatsWire) -> None:
    everything = jsonschema.Draft202012Validator(viewer.api("letrade.main.req.schema", {"kind": "*"}))
    for subject, body in viewer.sub("letrade.main.>", 300):
        if subject.split(".")[2] in ("md", "do", "ev", "journal"):
            message = json.loads(msgspec.json.encode(decode(body)))
            everything.validate(message)
            assert message[0] == tag(type(decode(body)))


def test_a_request_is_answered_in_json_and_by_its_schema(viewer: NatsWire) -> None:
    for verb, body in (("status", b"{}"), ("status", b""), ("show", b"{}"), ("schema", b'{"kind": "fill"}')):
        answer = viewer.request(f"letrade.main.req.{verb}", body)
        assert answer.headers["Content-Type"] == "application/json"
        schema = viewer.api("letrade.main.req.schema", {"verb": verb})
        answer_schema = {**schema["properties"]["answer"], "$defs": schema["$defs"]}
        jsonschema.validate(json.loads(answer.data), answer_schema)
        jsonschema.validate(json.loads(body or b"{}"), {**schema["properties"]["request"], "$defs": schema["$defs"]})


def test_a_request_in_msgpack_is_answered_in_msgpack_unless_json_is_asked_for(viewer: NatsWire) -> None:
    body = msgspec.msgpack.encode({"kind": "fill"})
    packed = viewer.request("letrade.main.req.schema", body)
    assert packed.headers["Content-Type"] == "application/x-msgpack"
    plain = viewer.request("letrade.main.req.schema", body, {"Accept": "application/json"})
    assert msgspec.msgpack.decode(packed.data) == json.loads(plain.data)


def test_a_wrong_request_is_refused_as_the_schema_says(viewer: NatsWire) -> None:
    refused = viewer.request("letrade.main.req.schema", b'{"kind": "fil"}')
    assert "expected one of the kinds" in refused.headers["Nats-Service-Error"]
    schema = viewer.api("letrade.main.req.schema", {"verb": "schema"})
    refusal = {**schema["properties"]["refusal"], "$defs": schema["$defs"]}
    jsonschema.validate(json.loads(refused.data), refusal)


def test_micro_tells_what_the_desk_can_be_asked_and_how_it_is(viewer: NatsWire) -> None:
    assert viewer.api("$SRV.PING.letrade")["name"] == "letrade"
    info = viewer.api("$SRV.INFO.letrade")
    assert info["metadata"]["desk"] == "main"
    for endpoint in info["endpoints"]:
        subject, _, body = endpoint["metadata"]["schema"].partition(" ")
        schema = viewer.api(subject, json.loads(body))
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["title"] == endpoint["name"]
    stats = viewer.api("$SRV.STATS.letrade")
    told = next(each for each in stats["endpoints"] if each["name"] == "status")
    assert told["num_requests"] > 0
    assert {"handled", "queue_depth", "last_record", "journal_lag"} <= set(told["data"]["desk"])


def test_every_stream_and_bucket_says_what_it_holds_and_its_values_are_text(viewer: NatsWire) -> None:
    streams = viewer.streams()
    assert {"LETRADE_main_JOURNAL", "KV_LETRADE_main_STATE"} <= {each["config"]["name"] for each in streams}
    assert all(each["config"].get("description") for each in streams)
    keys = {(bucket, key) for bucket in viewer.buckets() for key in viewer.keys(bucket)}
    assert ("LETRADE_main_STATE", "lease.main") in keys
    for bucket, key in keys:
        assert isinstance(json.loads(viewer.kv_get(bucket, key)), dict)
        assert all(json.loads(value) for value in viewer.kv_history(bucket, key))


def test_the_journal_is_readable_with_stream_view_and_get(viewer: NatsWire) -> None:
    page = viewer.stream_view("LETRADE_main_JOURNAL", 25)
    shown = [json.loads(viewer.translated(each.data, DECODE)) for each in page[:3]]
    assert [each["kind"] for each in shown] == [tag(type(decode(each.data))) for each in page[:3]]
    assert {decode(each.data).FAMILY for each in page} <= {"do", "ev"}
    subject, body = viewer.stream_get("LETRADE_main_JOURNAL", 1)
    assert (subject, body) == ("letrade.main.journal.desk", page[0].data)


def test_the_system_user_sees_the_server_and_the_desk_by_name(contexts: dict[str, dict[str, Any]]) -> None:
    with NatsWire(contexts["system"]) as wire:
        found = wire.api("$SYS.REQ.SERVER.PING.CONNZ", {"subscriptions": True, "auth": True})
        assert "letrade-main-desk" in {each.get("name") for each in found["data"]["connections"]}
        assert wire.api("$SYS.REQ.SERVER.PING.JSZ", {"streams": True})["data"]["streams"] == 2
        assert wire.api("$SYS.REQ.SERVER.PING.VARZ")["data"]["jetstream"]


def test_the_same_commands_of_the_tour_run_where_nats_is_installed(contexts: dict[str, dict[str, Any]]) -> None:
    """Each line of the tour that ends by itself, as it stands there."""
    if shutil.which("nats") is None:
        pytest.skip("no `nats` command on PATH")
    url = contexts["viewer"]["url"]
    for line in tour():
        if re.match(r"nats (req|micro (ls|info|stats)|stream (ls|report|info|subjects)|kv (ls|get))", line):
            words = line.replace("nats ", f"nats -s {url} ", 1)
            done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, line + done.stderr


def tour() -> list[str]:
    """The commands of the tour, without their comments."""
    text = (ROOT / "docs" / "inspect.md").read_text()
    return [line.split("   #")[0].strip() for block in re.findall(r"```\n(.*?)```", text, re.DOTALL)
            for line in block.splitlines() if line.startswith("nats ")]  # fmt: skip


def test_the_tour_names_subjects_streams_and_buckets_that_there_are(viewer: NatsWire) -> None:
    text = "\n".join(tour())
    verbs = {endpoint["name"] for endpoint in viewer.api("$SRV.INFO.letrade")["endpoints"]}
    assert set(re.findall(r"letrade\.main\.req\.(\w+)", text)) <= verbs
    known = {each["config"]["name"] for each in viewer.streams()}
    assert set(re.findall(r"\bLETRADE_main_JOURNAL\b", text)) <= known
    assert {f"KV_{name}" for name in re.findall(r"\bLETRADE_main_STATE\b", text)} <= known
    assert set(re.findall(r"--context (\S+)", text)) <= set(ROLES.values())
    kinds = set(viewer.api("letrade.main.req.schema")["kinds"])
    assert set(re.findall(r"letrade\.main\.(?:md|do|ev)\.([a-z_]+)", text)) <= kinds


def test_no_file_of_the_desk_but_those_of_its_owner_holds_a_password(desk: Desk, contexts: dict[str, Any]) -> None:
    secrets = [context["password"] for context in contexts.values() if context.get("password")]
    assert len(secrets) == 2
    for path in filter(Path.is_file, desk.data.rglob("*")):
        if any(secret.encode() in path.read_bytes() for secret in secrets):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
