"""A key-value bucket of JSON, as `nats kv ls|get|watch` reads it: manifests, status, leases."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from letrade.core.errors import DataError, NatsError
from letrade.core.network.jetstream import SUBJECT_MOVED, JetStream, JetStreamRefusal, check_name
from letrade.core.network.link import Link

HISTORY = 5
MAX_BYTES = 64 * 2**20
DUPLICATE_WINDOW_NS = 120_000_000_000
_KEY = re.compile(r"[A-Za-z0-9_=/-]+(\.[A-Za-z0-9_=/-]+)*")


class Entry(msgspec.Struct, frozen=True):
    """A value and its revision, which grows with every write to the bucket."""

    value: Any
    revision: int


class KeyMoved(NatsError):
    """Somebody else wrote the key since it was read."""


class KeyValue:
    """One bucket, by default of a desk's state; `ensure` it before the first use."""

    def __init__(self, link: Link, desk: str) -> None:
        self.bucket = f"LETRADE_{check_name(desk, 'a desk name')}_STATE"
        self._stream = f"KV_{self.bucket}"
        self._jetstream = JetStream(link)

    async def ensure(self) -> None:
        """Make the bucket unless it is there."""
        configuration = {
            "subjects": [f"$KV.{self.bucket}.>"], "description": "state of the desk, in JSON", "storage": "file",
            "max_msgs_per_subject": HISTORY, "max_bytes": MAX_BYTES, "discard": "new", "allow_rollup_hdrs": True,
            "deny_delete": True, "allow_direct": True, "duplicate_window": DUPLICATE_WINDOW_NS,
        }  # fmt: skip
        await self._jetstream.ensure_stream(self._stream, configuration)

    async def put_json(self, key: str, value: object, expected_revision: int | None = None) -> int:
        """Write and return the new revision; with an expected one (0: no value yet) KeyMoved when it is another."""
        try:
            return await self._jetstream.write(self._subject(key), msgspec.json.encode(value), expected_revision)
        except JetStreamRefusal as refusal:
            if refusal.error.err_code in SUBJECT_MOVED:
                raise KeyMoved(f"{key} in {self.bucket} is not at revision {expected_revision} any more") from refusal
            raise

    async def get_json(self, key: str) -> Entry | None:
        """The last value, None when there is none; a deleted key still has a revision, with the value None."""
        message = await self._jetstream.last(self._stream, self._subject(key))
        if message is None:
            return None
        if "KV-Operation" in message.headers or "Nats-Marker-Reason" in message.headers:
            return Entry(None, message.sequence)
        try:
            return Entry(msgspec.json.decode(message.payload), message.sequence)
        except msgspec.DecodeError as error:
            raise DataError(f"expected JSON under {key} in {self.bucket}, found something else: {error}") from error

    def _subject(self, key: str) -> str:
        if _KEY.fullmatch(key) is None:
            raise NatsError(f"expected a key of letters, digits, _ = / - and dots, found {key!r}")
        return f"$KV.{self.bucket}.{key}"
