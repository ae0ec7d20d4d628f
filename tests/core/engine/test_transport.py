"""What is published shows on the subject that its kind and its source say, whatever was published before."""

from __future__ import annotations

from typing import Any

from letrade.core import codec
from letrade.core.engine.transport import MAY_BE_LATE, Transport
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.registry import tag


class Link:
    """Keeps what is published, and hands over what the test says has come."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.handlers: list[Any] = []

    def publish(self, subject: str, payload: bytes, **options: Any) -> None:
        self.subjects.append(subject)

    def subscribe_decoded(self, subject: str, decode: Any, handler: Any, refuse: Any) -> None:
        self.handlers.append(lambda subject, payload: handler(subject, decode(payload), payload))


def alert(source: str) -> Alert:
    return Alert(level="info", code="c", text="t", source=source, epoch=1, sequence=1, time=1)


def test_alerts_of_different_sources_have_their_own_subjects_and_none_is_taken_for_a_forgery() -> None:
    link: Any = Link()
    transport = Transport(link, "main", "desk", {"risk": "desk", "one": "one", "two": "two"})
    transport.send([alert("risk"), alert("desk")])
    assert link.subjects == ["letrade.main.ev.alert.risk", "letrade.main.ev.alert.desk"]
    taken: list[Message] = []
    told: list[str] = []
    transport.listen(frozenset({"alert"}), lambda each, _: taken.append(each), lambda *text: told.append(str(text)))
    for source in ("one", "two"):
        link.handlers[0](f"letrade.main.ev.alert.{source}", codec.encode(alert(source)))
    assert [message.source for message in taken] == ["one", "two"]
    assert told == []
    link.handlers[0]("letrade.main.ev.alert.one", codec.encode(alert("two")))
    assert transport.counters["forged"] == 1


def test_no_wish_or_order_is_kept_to_be_sent_after_an_outage() -> None:
    wishes = {"target", "proposal", "approved_order", "venue_submit", "transfer_request", "transfer_order"}
    assert not {kind for kind in MAY_BE_LATE if tag(kind) in {*wishes, "venue_transfer"}}
    assert {"venue_deposit", "venue_cancel", "transfer_update", "reduce"} <= {tag(kind) for kind in MAY_BE_LATE}
