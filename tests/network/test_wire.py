"""The commands that Letrade writes are the protocol's, and nothing in a subject or header can break out of its line."""

from __future__ import annotations

import pytest

from letrade.core.errors import NatsError
from letrade.core.network.wire import CommandWriter, header_block


def test_commands_are_written_as_the_protocol_says() -> None:
    writer = CommandWriter()
    assert writer.publish("a.b", b"x\r\ny") == b"PUB a.b 4\r\nx\r\ny\r\n"
    assert writer.publish("a.b", b"", reply="_INBOX.1") == b"PUB a.b _INBOX.1 0\r\n\r\n"
    for headers in ({"K": "v"}, header_block({"K": "v"})):
        assert writer.publish("a", b"xy", headers=headers) == b"HPUB a 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nxy\r\n"
    assert writer.subscribe("a.>", 7) == b"SUB a.> 7\r\n"
    assert writer.subscribe("a.*", 8, "q") == b"SUB a.* q 8\r\n"
    assert writer.unsubscribe(8) == b"UNSUB 8\r\n"


@pytest.mark.parametrize("subject", ["", "a b", "a\r\nPUB x 0", "a..b", ".a", "a.", "a\tb", "x" * 300])
def test_a_subject_that_would_break_the_line_is_refused(subject: str) -> None:
    with pytest.raises(NatsError, match="expected a NATS subject"):
        CommandWriter().publish(subject, b"")


@pytest.mark.parametrize("header", [{"a b": "c"}, {"": "c"}, {"a:": "c"}, {"a": "b\r\nc"}])
def test_a_header_that_would_break_the_block_is_refused(header: dict[str, str]) -> None:
    with pytest.raises(NatsError, match="expected a header"):
        CommandWriter().publish("a", b"", headers=header)
