"""The little of JetStream that Letrade needs, as plain requests on a Link: streams, fenced writes, reads by subject."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from letrade.core.errors import NatsError
from letrade.core.network.link import Link

API_TIMEOUT_SECONDS = 5.0
NO_MESSAGE = 10037
STREAM_NOT_FOUND = 10059
STREAM_NAME_IN_USE = 10058
# A cluster without a leader says so while it elects one.
NO_LEADER = (10008, 10009)
# The fence did not hold, or the id is stored already: the subject is further than the writer thinks.
SUBJECT_MOVED = (10071, 10164, 10201)
EXPECTED_LAST = "Nats-Expected-Last-Subject-Sequence"
MESSAGE_ID = "Nats-Msg-Id"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_Answer = TypeVar("_Answer")


class ApiError(msgspec.Struct, frozen=True):
    """Why JetStream refused."""

    code: int = 0
    err_code: int = 0
    description: str = ""


NO_STREAM = ApiError(code=503, description="no stream takes this subject at the moment")


class Stored(msgspec.Struct, frozen=True, gc=False):
    """JetStream's answer to a write: where it is, or why not."""

    seq: int = 0
    duplicate: bool = False
    error: ApiError | None = None
    stream: str = ""


class StreamState(msgspec.Struct, frozen=True):
    """What a stream holds."""

    messages: int = 0
    first_seq: int = 0
    last_seq: int = 0


class StreamSettings(msgspec.Struct, frozen=True):
    """Of a stream's settings, those that its writers must know."""

    duplicate_window: int = 0  # nanoseconds for which message ids are remembered


class StreamInfo(msgspec.Struct, frozen=True):
    """A stream: when it was made (RFC 3339), its settings, and what it holds."""

    created: str
    state: StreamState
    config: StreamSettings


class _Made(msgspec.Struct, frozen=True):
    """A stream's settings, with those that we do not know of."""

    config: dict[str, Any]


class _Found(msgspec.Struct, frozen=True):
    """A message as the API tells it: payload and header block in base64."""

    seq: int
    subject: str
    time: str
    data: bytes = b""
    hdrs: bytes = b""


class StoredMessage(msgspec.Struct, frozen=True):
    """One message of a stream."""

    sequence: int  # in the stream
    subject: str
    payload: bytes
    headers: dict[str, str]
    time: str  # RFC 3339, the server's clock


class JetStreamRefusal(NatsError):
    """JetStream answered, and the answer is no."""

    def __init__(self, what: str, error: ApiError) -> None:
        super().__init__(f"JetStream refused {what}: {error.description} (error {error.err_code or error.code})")
        self.error = error


class JetStream:
    """JetStream of the server behind a link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def ask(self, verb: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """One request of the JetStream API, such as `STREAM.INFO.X`.

        JetStreamRefusal when it answers with an error, NatsError when the answer makes no sense.
        """
        payload = msgspec.json.encode(body) if body is not None else b""
        text = await self._link.request(f"$JS.API.{verb}", payload, API_TIMEOUT_SECONDS)
        answer = _decode(text, dict[str, Any], verb)
        if "error" in answer:
            raise JetStreamRefusal(verb, _convert(answer["error"], ApiError, verb))
        return answer

    async def ensure_stream(self, name: str, configuration: Mapping[str, object]) -> dict[str, Any]:
        """Make the stream unless it is there, and return its settings; what an operator changed on it stays."""
        try:
            return await self._settings(name)
        except JetStreamRefusal as refusal:
            if refusal.error.err_code != STREAM_NOT_FOUND:
                raise
        try:
            await self.ask(f"STREAM.CREATE.{name}", {"name": name, **configuration})
        except JetStreamRefusal as refusal:
            if refusal.error.err_code != STREAM_NAME_IN_USE:  # another process of the desk was quicker
                raise
        return await self._settings(name)

    async def stream(self, name: str) -> StreamInfo:
        """The stream as its leader knows it; JetStreamRefusal when there is none."""
        verb = f"STREAM.INFO.{name}"
        return _convert(await self.ask(verb), StreamInfo, verb)

    async def _settings(self, name: str) -> dict[str, Any]:
        verb = f"STREAM.INFO.{name}"
        return _convert(await self.ask(verb), _Made, verb).config

    async def write(self, subject: str, payload: bytes, expected_last: int | None = None) -> int:
        """Store one message and return its sequence; with `expected_last`, only if that is the subject's last one."""
        headers = {} if expected_last is None else {EXPECTED_LAST: str(expected_last)}
        answer = await self._link.request(subject, payload, API_TIMEOUT_SECONDS, headers)
        stored = decode_stored(answer)
        if stored.error is not None:
            raise JetStreamRefusal(f"a message on {subject}", stored.error)
        return stored.seq

    async def last(self, stream: str, subject: str) -> StoredMessage | None:
        """The last message on a subject, from the stream's leader."""
        return await self._get(stream, {"last_by_subj": subject})

    async def next(self, stream: str, subject: str, sequence: int) -> StoredMessage | None:
        """The first message on a subject at or after a sequence of the stream."""
        return await self._get(stream, {"seq": sequence, "next_by_subj": subject})

    async def _get(self, stream: str, which: Mapping[str, object]) -> StoredMessage | None:
        verb = f"STREAM.MSG.GET.{stream}"
        try:
            answer = await self.ask(verb, which)
        except JetStreamRefusal as refusal:
            if refusal.error.err_code == NO_MESSAGE:
                return None
            raise
        found = _convert(answer.get("message"), _Found, verb)
        return StoredMessage(found.seq, found.subject, found.data, parse_headers(found.hdrs), found.time)


def decode_stored(answer: bytes) -> Stored:
    """Reads the answer to a write; an empty one means that no stream listens on the subject. NatsError for nonsense."""
    if not answer:
        return Stored(error=NO_STREAM)
    return _decode(answer, Stored, "a write")


def _decode(answer: bytes, kind: type[_Answer], verb: str) -> _Answer:
    try:
        return msgspec.json.decode(answer, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NatsError(f"expected JetStream's answer to {verb}, found {answer[:80]!r}: {error}") from error


def _convert(answer: object, kind: type[_Answer], verb: str) -> _Answer:
    try:
        return msgspec.convert(answer, kind)
    except msgspec.MsgspecError as error:
        raise NatsError(f"expected JetStream's answer to {verb}, found {str(answer)[:80]}: {error}") from error


def check_name(name: str, what: str) -> str:
    """The name, if it can be a token of subjects, streams and keys alike; else NatsError."""
    if _NAME.fullmatch(name) is None:
        raise NatsError(f"expected {what} of letters, digits, _ and -, found {name!r}")
    return name


def parse_headers(block: bytes) -> dict[str, str]:
    """The keys and values of a header block; of a key that comes twice, the last value."""
    lines = block.decode(errors="replace").split("\r\n")[1:]
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {key: value.strip() for key, value in pairs}
