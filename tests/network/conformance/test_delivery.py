"""What is delivered, to whom, and in which order."""

from __future__ import annotations

import asyncio

from letrade.core.network.jetstream import JetStream
from letrade.core.network.link import DESK_INBOX
from tests.network.conformance.links import Links, Seen, errors_of, subscribed
from tests.network.running import eventually
from tests.network.servers import NatsServer


async def test_order_holds_over_all_subscriptions(links: Links, plain: NatsServer) -> None:
    sender, link = await links.connect(plain), await links.connect(plain)
    seen = Seen()
    for kind in "abc":
        link.subscribe(f"t.{kind}", seen)
    await link.flush()
    sent = [(f"t.{'abc'[number % 3]}", b"%d" % number) for number in range(3000)]
    for subject, payload in sent:
        sender.publish(subject, payload)
    await seen.reach(len(sent))
    assert seen == sent
    assert (link.counters.received, link.counters.received_bytes) == (3000, sum(len(payload) for _, payload in sent))
    assert (sender.counters.sent, sender.counters.sent_bytes) == (3000, link.counters.received_bytes)


async def test_wildcards_match_one_token_or_the_tail(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    one, tail = await subscribed(link, "w.*.c"), await subscribed(link, "w.>")
    for subject in ("w.b.c", "w.b.b.c", "w.b", "w", "x.b.c"):
        link.publish(subject, b"")
    await link.flush()
    assert [subject for subject, _ in one] == ["w.b.c"]
    assert [subject for subject, _ in tail] == ["w.b.c", "w.b.b.c", "w.b"]


async def test_a_queue_group_shares_messages_and_others_get_them_all(links: Links, plain: NatsServer) -> None:
    sender, first, second = [await links.connect(plain) for _ in range(3)]
    shared = [await subscribed(first, "q.x", "group"), await subscribed(second, "q.x", "group")]
    alone = await subscribed(second, "q.x")
    sent = [b"%d" % number for number in range(400)]
    for payload in sent:
        sender.publish("q.x", payload)
    await alone.reach(400)
    await eventually(lambda: sum(map(len, shared)) >= 400, "the group's messages")
    assert sorted(shared[0].payloads + shared[1].payloads) == sorted(sent)
    assert all(shared)
    assert alone.payloads == sent


async def test_a_limited_subscription_ends_by_itself_also_at_the_server(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    seen = await subscribed(link, "l.x", limit=3)
    for number in range(10):
        link.publish("l.x", b"%d" % number)
    await link.flush()
    assert seen.payloads == [b"0", b"1", b"2"]
    connection = plain.monitor("connz?subs=1")["connections"][-1]
    assert "l.x" not in connection.get("subscriptions_list", [])


async def test_after_unsubscribing_nothing_more_is_handed_over(links: Links, plain: NatsServer) -> None:
    sender, link = await links.connect(plain), await links.connect(plain)
    seen: list[bytes] = []

    def take(subject: str, payload: bytes, reply: str) -> None:
        seen.append(payload)
        if payload == b"4":
            subscription.unsubscribe()

    subscription = link.subscribe("u.x", take)
    after = await subscribed(link, "u.end")
    for number in range(1000):
        sender.publish("u.x", b"%d" % number)
    sender.publish("u.end", b"")
    await after.reach(1)
    assert seen == [b"0", b"1", b"2", b"3", b"4"]
    subscription.unsubscribe()
    await link.flush()
    assert link.connected


async def test_payloads_are_bytes_of_any_kind_and_size(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    seen = await subscribed(link, "p.x")
    sent = [b"", b"\r\n", b"a\r\nMSG p.x 1 1\r\nz\r\n", bytes(range(256)), b"\x00" * 70_000, b"+OK\r\n", b"x" * 2**20]
    for payload in sent:
        link.publish("p.x", payload)
    await seen.reach(len(sent))
    assert seen.payloads == sent


async def test_replies_are_handed_over_as_they_were_sent(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    replies: list[str] = []
    link.subscribe("r.x", lambda subject, payload, reply: replies.append(reply))
    link.publish("r.x", b"", reply="some.where")
    link.publish("r.x", b"", reply="some.where", headers={"K": "v"})
    link.publish("r.x", b"")
    await link.flush()
    assert replies == ["some.where", "some.where", ""]


async def test_decoded_messages_come_as_objects_and_what_cannot_be_decoded_is_refused(
    links: Links, plain: NatsServer
) -> None:
    link = await links.connect(plain)
    seen: list[tuple[str, int, bytes]] = []
    refused: list[tuple[str, bytes, str]] = []
    link.subscribe_decoded(
        "d.x",
        int,
        lambda subject, message, payload: seen.append((subject, message, payload)),
        lambda subject, payload, error: refused.append((subject, payload, type(error).__name__)),
    )
    for payload in (b"1", b"no number", b"3"):
        link.publish("d.x", payload)
    await link.flush()
    assert seen == [("d.x", 1, b"1"), ("d.x", 3, b"3")]
    assert refused == [("d.x", b"no number", "ValueError")]
    assert link.counters.handler_errors == 0


async def test_conflation_keeps_the_newest_of_each_subject_and_counts_the_others(
    links: Links, plain: NatsServer
) -> None:
    sender, link = await links.connect(plain), await links.connect(plain)
    seen: list[tuple[str, int]] = []
    link.subscribe_decoded(
        "c.*",
        int,
        lambda subject, message, payload: seen.append((subject, message)),
        lambda subject, payload, error: None,
        conflate=True,
    )
    await link.flush()
    for number in range(3000):
        sender.publish(f"c.{number % 3}", b"%d" % number)
    newest = {("c.0", 2997), ("c.1", 2998), ("c.2", 2999)}
    await eventually(lambda: newest <= set(seen), "the newest messages")
    assert link.counters.received == 3000
    assert 0 < link.counters.conflated == 3000 - len(seen)
    for subject in ("c.0", "c.1", "c.2"):
        of_subject = [number for name, number in seen if name == subject]
        assert of_subject == sorted(of_subject)


async def test_batches_hold_all_messages_in_order(links: Links, plain: NatsServer) -> None:
    sender, link = await links.connect(plain), await links.connect(plain)
    batches: list[list[tuple[str, bytes]]] = []
    link.subscribe_batches("b.*", lambda subjects, payloads: batches.append(list(zip(subjects, payloads, strict=True))))
    await link.flush()
    sent = [(f"b.{number % 2}", b"%d" % number) for number in range(3000)]
    for subject, payload in sent:
        sender.publish(subject, payload)
    await eventually(lambda: sum(map(len, batches)) == 3000, "all batches")
    assert [message for batch in batches for message in batch] == sent
    assert len(batches) < 1500


async def test_what_a_stream_delivers_reaches_inboxes_alone(links: Links, jetstream: NatsServer) -> None:
    link = await links.connect(jetstream, inbox_prefix=DESK_INBOX)
    plain_seen, taken, others = await subscribed(link, "f.x"), list[tuple[bytes, bytes]](), list[object]()
    link.subscribe_decoded("f.x", bytes, lambda *message: others.append(message), lambda *message: None)
    link.subscribe_batches("f.x", lambda subjects, payloads: others.append(payloads))
    link.subscribe_service("f.x", lambda *message: others.append(message))
    inbox = link.new_inbox()
    link.subscribe_stream(inbox, lambda subject, payload, reply, head: taken.append((payload, head)))
    await link.flush()
    await JetStream(link).ensure_stream("S", {"subjects": ["s.>"], "storage": "memory"})
    await link.request("s.1", b"plain", 30.0)
    await link.request("s.1", b"with headers", 30.0, {"K": "v"})
    for name, target in (("forger", "f.x"), ("reader", inbox)):
        consumer = {"name": name, "deliver_subject": target, "ack_policy": "none"}
        await JetStream(link).ask(f"CONSUMER.CREATE.S.{name}", {"stream_name": "S", "config": consumer})
    await eventually(lambda: len(taken) == 2 and link.counters.forged == 8, "what the stream delivers")
    assert (plain_seen, others) == ([], [])
    assert taken == [(b"plain", b""), (b"with headers", b"NATS/1.0\r\nK: v\r\n\r\n")]
    await JetStream(link).ask("STREAM.DELETE.S")


async def test_a_handler_that_raises_stops_nothing_and_is_counted_and_reported(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    errors, seen = errors_of(link), list[object]()

    def refuse(subject: str, payload: bytes, error: Exception) -> None:
        raise KeyError

    link.subscribe("h.x", lambda subject, payload, reply: seen.append(int(payload)))
    link.subscribe_decoded("h.x", int, lambda subject, message, payload: seen.append(1 / message), refuse)
    link.subscribe_batches("h.y", lambda subjects, payloads: seen.append(subjects[2]))
    for payload in (b"1", b"no number", b"0"):
        link.publish("h.x", payload)
    link.publish("h.y", b"")
    await link.flush()
    await eventually(lambda: len(errors) == 4, "the errors")
    assert seen == [1, 1.0, 0]
    assert sorted(type(error).__name__ for error in errors) == [
        "IndexError", "KeyError", "ValueError", "ZeroDivisionError",
    ]  # fmt: skip
    assert link.counters.handler_errors == 4


async def test_a_link_without_echo_does_not_hear_itself(links: Links, plain: NatsServer) -> None:
    link, other = await links.connect(plain, no_echo=True), await links.connect(plain)
    seen = await subscribed(link, "e.x")
    link.publish("e.x", b"own")
    await link.flush()
    other.publish("e.x", b"other")
    await seen.reach(1)
    assert seen.payloads == [b"other"]


async def test_handlers_may_publish_subscribe_and_unsubscribe(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    seen = Seen()

    def spread(subject: str, payload: bytes, reply: str) -> None:
        subscription = link.subscribe(f"s.{payload.decode()}", seen)
        link.publish(f"s.{payload.decode()}", payload)
        if int(payload) % 2:
            subscription.unsubscribe()

    link.subscribe("spread", spread)
    for number in range(100):
        link.publish("spread", b"%d" % number)
    await seen.reach(50)
    await link.flush()
    assert seen.payloads == [b"%d" % number for number in range(0, 100, 2)]


async def test_a_handler_that_raises_cancellation_stops_nothing_and_is_told(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    errors, seen = errors_of(link), list[bytes]()
    cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    cancelled.cancel()

    def look(payload: bytes) -> None:
        seen.append(payload)
        if payload == b"0":
            cancelled.result()

    link.subscribe("c.x", lambda subject, payload, reply: look(payload))
    link.subscribe_decoded("c.x", bytes, lambda subject, message, payload: look(payload), lambda *message: None)
    link.subscribe_batches("c.x", lambda subjects, payloads: look(payloads[0]))
    await link.flush()
    for number in range(3):
        link.publish("c.x", b"%d" % number)
        await link.flush()
    await eventually(lambda: len(seen) == 9 and len(errors) == 3, "all messages")
    assert [str(error) for error in errors] == ["a handler raised CancelledError()"] * 3
    assert (link.counters.handler_errors, link.counters.reconnects, link.connected) == (3, 0, True)
