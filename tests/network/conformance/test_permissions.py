"""What the server does not allow is told to whoever asked for it, and stops nothing else."""

from __future__ import annotations

import pytest

from letrade.core.network.link import PermissionRefused
from tests.network.conformance.links import Links, errors_of, subscribed
from tests.network.running import eventually
from tests.network.servers import Servers

EVERYTHING = '[">"]'
SOME = '["ok.>", "_INBOX.>"]'


def users(publish: str, subscribe: str) -> str:
    """A user who may do all, and one who may do this."""
    permissions = f"permissions: {{ publish: {publish}, subscribe: {subscribe} }}"
    return (
        "authorization { users: [ { user: free, password: free-password }, "
        f"{{ user: bound, password: bound-password, {permissions} }} ] }}"
    )


FREE = {"user": "free", "password": "free-password"}
BOUND = {"user": "bound", "password": "bound-password"}


async def test_a_refused_subscription_says_so_and_the_flush_too(links: Links, servers: Servers) -> None:
    link = await links.connect(servers.start(users(EVERYTHING, SOME)), **BOUND)
    errors = errors_of(link)
    allowed, refused = await subscribed(link, "ok.x"), link.subscribe("No.x", lambda *message: None)
    with pytest.raises(PermissionRefused, match=r"No\.x"):
        await link.flush()
    assert "No.x" in refused.refused
    assert any(isinstance(error, PermissionRefused) and "No.x" in str(error) for error in errors)
    await link.flush()
    link.publish("ok.x", b"1")
    await allowed.reach(1)
    assert (link.connected, link.counters.reconnects) == (True, 0)


async def test_a_refused_queue_subscription_and_a_refused_wildcard_say_so(links: Links, servers: Servers) -> None:
    link = await links.connect(servers.start(users(EVERYTHING, SOME)), **BOUND)
    in_queue = link.subscribe("no.q", lambda *message: None, queue="group")
    everything = link.subscribe(">", lambda *message: None)
    good = link.subscribe("ok.>", lambda *message: None)
    with pytest.raises(PermissionRefused):
        await link.flush()
    assert "no.q" in in_queue.refused
    assert everything.refused
    assert good.refused == ""


async def test_a_refused_publish_is_reported_with_its_subject(links: Links, servers: Servers) -> None:
    server = servers.start(users(SOME, EVERYTHING))
    link, free = await links.connect(server, **BOUND), await links.connect(server, **FREE)
    errors, seen = errors_of(link), await subscribed(free, ">")
    link.publish("No.order", b"1")
    link.publish("ok.x", b"2")
    await seen.reach(1)
    await link.flush()
    await eventually(lambda: bool(errors), "the refusal")
    assert isinstance(errors[0], PermissionRefused)
    assert "No.order" in str(errors[0])
    assert seen == [("ok.x", b"2")]
    assert (link.connected, link.counters.reconnects, link.counters.server_errors) == (True, 0, 1)


async def test_a_refused_request_fails_at_once_and_no_other_does(links: Links, servers: Servers) -> None:
    server = servers.start(users(SOME, EVERYTHING))
    link, free = await links.connect(server, **BOUND), await links.connect(server, **FREE)
    free.subscribe("ok.twice", lambda subject, payload, reply: free.publish(reply, payload * 2))
    free.subscribe("No.twice", lambda subject, payload, reply: free.publish(reply, payload * 2))
    await free.flush()
    with pytest.raises(PermissionRefused, match=r"No\.twice"):
        await link.request("No.twice", b"1", 3600.0)
    assert await link.request("ok.twice", b"1", 30.0) == b"11"


async def test_a_permission_taken_away_while_running_is_told_where_it_hurts(links: Links, servers: Servers) -> None:
    server = servers.start(users(EVERYTHING, EVERYTHING))
    link, free = await links.connect(server, **BOUND), await links.connect(server, **FREE)
    errors = errors_of(link)
    seen: list[str] = []
    kept = link.subscribe("ok.x", lambda subject, payload, reply: seen.append(subject))
    lost = link.subscribe("secret.x", lambda subject, payload, reply: seen.append(subject))
    await link.flush()
    server.reload(users(SOME, SOME))
    await eventually(lambda: bool(lost.refused) and link.connected and free.connected, "the refusal")
    free.publish("secret.x", b"")
    free.publish("ok.x", b"")
    await free.flush()
    await eventually(lambda: "ok.x" in seen, "what is still allowed")
    assert (seen, kept.refused) == (["ok.x"], "")
    with pytest.raises(PermissionRefused):
        await link.request("secret.y", b"", 3600.0)
    assert any("secret.x" in str(error) for error in errors)


async def test_a_permission_given_back_is_used_after_a_reconnect(links: Links, servers: Servers) -> None:
    server = servers.start(users(EVERYTHING, SOME))
    link = await links.connect(server, **BOUND)
    seen: list[str] = []
    subscription = link.subscribe("later.x", lambda subject, payload, reply: seen.append(subject))
    with pytest.raises(PermissionRefused):
        await link.flush()
    server.kill()
    await eventually(lambda: not link.connected, "the loss")
    server.body = users(EVERYTHING, EVERYTHING)
    server.start()
    await eventually(lambda: link.connected, "the return")
    link.publish("later.x", b"")
    await eventually(lambda: bool(seen), "the message")
    assert subscription.refused == ""
