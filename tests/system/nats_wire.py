"""What the `nats` command sends and expects, said by a plain socket: for where that command is not installed.

Each method is named after the command whose requests it makes (nats 0.4, read from its source): the same subjects and
bodies, and the same checks of what comes back.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

INBOX = "_INBOX.nats_wire"
TIMEOUT_SECONDS = 10.0


class Received(NamedTuple):
    """What a subscription got; what a stream delivers to an inbox keeps its own subject."""

    subscription: str
    subject: str
    reply: str
    headers: dict[str, str]
    data: bytes


class NatsWire:
    """One connection, from a context as `letrade context` writes it: url, user, password."""

    def __init__(self, context: dict[str, Any]) -> None:
        place = urlsplit(context["url"].split(",")[0])
        self._socket = socket.create_connection((place.hostname, place.port), TIMEOUT_SECONDS)
        self._stream = self._socket.makefile("rwb")
        self._tokens = 0
        self.refusals: list[str] = []
        assert self._stream.readline().startswith(b"INFO ")
        login = {"user": context["user"], "pass": context["password"]} if context.get("user") else {}
        options = {"verbose": False, "headers": True, "no_responders": True, "lang": "go", "name": "NATS CLI", **login}
        self._send(b"CONNECT " + json.dumps(options).encode())
        self.flush()

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> NatsWire:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # The protocol

    def _send(self, line: bytes, body: bytes | None = None) -> None:
        self._stream.write(line + b"\r\n" + (body + b"\r\n" if body is not None else b""))
        self._stream.flush()

    def flush(self) -> None:
        """The server has taken all; what came meanwhile is dropped, refusals are kept."""
        self._send(b"PING")
        while (found := self._next()) is not None:
            assert isinstance(found, Received)

    def _next(self) -> Received | None:
        """The next message, None for a PONG."""
        while True:
            words = self._stream.readline().split()
            assert words, "the server closed the connection"
            if words[0] == b"PING":
                self._send(b"PONG")
            elif words[0] == b"PONG":
                return None
            elif words[0] == b"-ERR":
                self.refusals.append(b" ".join(words[1:]).decode())
            elif words[0] in (b"MSG", b"HMSG"):
                return self._message(words)

    def _message(self, words: list[bytes]) -> Received:
        sizes = 2 if words[0] == b"HMSG" else 1
        total = int(words[-1])
        block = self._stream.read(total + 2)[:total]
        split = int(words[-2]) if sizes == 2 else 0
        lines = block[:split].decode().split("\r\n")
        headers = {key: value.strip() for key, _, value in (line.partition(":") for line in lines[1:] if line)}
        if lines[0].strip() not in ("", "NATS/1.0"):
            headers["Status"] = lines[0].split()[1]
        reply = words[3].decode() if len(words) - sizes == 4 else ""
        return Received(words[2].decode(), words[1].decode(), reply, headers, block[split:])

    def request(self, subject: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Received:
        """`nats req SUBJECT BODY -H K:V`."""
        return next(self._ask(subject, body, headers))

    def _subscribe(self, subject: str) -> str:
        self._tokens += 1
        self._send(f"SUB {subject} {self._tokens}".encode())
        return str(self._tokens)

    def _ask(self, subject: str, body: bytes, headers: dict[str, str] | None = None) -> Iterator[Received]:
        inbox = f"{INBOX}.{id(self)}.{self._tokens}"
        asked = self._subscribe(inbox)
        if headers is None:
            self._send(f"PUB {subject} {inbox} {len(body)}".encode(), body)
        else:
            block = (
                "NATS/1.0\r\n" + "".join(f"{key}: {value}\r\n" for key, value in headers.items()) + "\r\n"
            ).encode()
            self._send(f"HPUB {subject} {inbox} {len(block)} {len(block) + len(body)}".encode(), block + body)
        while True:
            found = self._next()
            if found is not None and found.subscription == asked:
                assert found.headers.get("Status") != "503", f"nobody listens on {subject}"
                yield found

    def api(self, subject: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """A JSON request; AssertionError when the answer is an error, as the command ends with one."""
        payload = json.dumps(body).encode() if body is not None else b""
        answer: dict[str, Any] = json.loads(self.request(subject, payload).data)
        assert "error" not in answer, answer
        return answer

    # The commands

    def sub(self, subject: str, count: int, translate: list[str] | None = None) -> list[tuple[str, bytes]]:
        """`nats sub SUBJECT --count N --translate CMD`: (subject, what is shown of the body)."""
        subscription = self._subscribe(subject)
        found: list[Received] = []
        while len(found) < count:
            message = self._next()
            if message is not None and message.subscription == subscription:
                found.append(message)
        self._send(f"UNSUB {subscription}".encode())
        return [(each.subject, self.translated(each.data, translate)) for each in found]

    @staticmethod
    def translated(body: bytes, command: list[str] | None) -> bytes:
        """The body on the standard input of a command; one that fails is shown as an error."""
        if command is None:
            return body
        done = subprocess.run(command, input=body, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
        assert done.returncode == 0, f"Error while translating msg body: {done.stderr!r}"
        return done.stdout + done.stderr

    def streams(self) -> list[dict[str, Any]]:
        """`nats stream ls --all`."""
        found: list[dict[str, Any]] = self.api("$JS.API.STREAM.LIST", {"offset": 0})["streams"]
        return found

    def stream_view(self, stream: str, count: int) -> list[Received]:
        """`nats stream view STREAM`: an ephemeral pull consumer, a page of it."""
        name = f"view{id(self)}"
        settings = {"name": name, "deliver_policy": "all", "ack_policy": "none", "replay_policy": "instant"}
        self.api(f"$JS.API.CONSUMER.CREATE.{stream}.{name}", {"stream_name": stream, "config": settings})
        pull = json.dumps({"batch": count, "no_wait": True}).encode()
        page: list[Received] = []
        for message in self._ask(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}", pull):
            if "Status" in message.headers:
                break
            page.append(message)
            if len(page) == count:
                break
        self.api(f"$JS.API.CONSUMER.DELETE.{stream}.{name}")
        return page

    def stream_get(self, stream: str, sequence: int) -> tuple[str, bytes]:
        """`nats stream get STREAM N`."""
        message = self.api(f"$JS.API.STREAM.MSG.GET.{stream}", {"seq": sequence})["message"]
        return message["subject"], base64.b64decode(message.get("data", ""))

    def buckets(self) -> list[str]:
        """`nats kv ls`."""
        return [name.removeprefix("KV_") for each in self.streams() if (name := each["config"]["name"])[:3] == "KV_"]

    def keys(self, bucket: str) -> list[str]:
        """`nats kv ls BUCKET`."""
        info = self.api(f"$JS.API.STREAM.INFO.KV_{bucket}", {"subjects_filter": f"$KV.{bucket}.>"})
        return [subject.removeprefix(f"$KV.{bucket}.") for subject in info["state"]["subjects"]]

    def kv_get(self, bucket: str, key: str) -> bytes:
        """`nats kv get BUCKET KEY --raw`."""
        return self.request(f"$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.{key}").data

    def kv_history(self, bucket: str, key: str) -> list[bytes]:
        """`nats kv history BUCKET KEY`, and what `nats kv watch` begins with: an ordered push consumer."""
        inbox = f"{INBOX}.watch{self._tokens}"
        name = f"watch{id(self)}-{self._tokens}"
        settings = {
            "name": name, "deliver_subject": inbox, "filter_subject": f"$KV.{bucket}.{key}", "ack_policy": "none",
            "deliver_policy": "all", "max_deliver": 1, "flow_control": True, "idle_heartbeat": 5_000_000_000,
            "mem_storage": True, "num_replicas": 1,
        }  # fmt: skip
        watching = self._subscribe(inbox)
        body = json.dumps({"stream_name": f"KV_{bucket}", "config": settings}).encode()
        create = f"$JS.API.CONSUMER.CREATE.KV_{bucket}.{name}.$KV.{bucket}.{key}"
        self._send(f"PUB {create} {INBOX}.made {len(body)}".encode(), body)
        values: list[bytes] = []
        while True:
            message = self._next()
            if message is not None and message.subscription == watching and "Status" not in message.headers:
                values.append(message.data)
                if message.reply.split(".")[-1] == "0":  # so many are left
                    return values

    def events(self, subject: str) -> None:
        """`nats events --js-advisory`: only that the server lets us listen."""
        self._subscribe(subject)
        self.flush()
