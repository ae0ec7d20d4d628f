"""What goes wrong on a link is told by what it was, and counted."""

from __future__ import annotations

from typing import Any

import pytest

from letrade.core.engine.link_watch import code_of, link_troubles, watch_link
from letrade.core.errors import DataError, NatsError
from letrade.core.network.link import LinkCounters, PermissionRefused, ServerError, ServerInfo
from letrade.core.network.refusals import LoginRefused


class QuietLink:
    """The part of a link that is watched."""

    def __init__(self) -> None:
        self.on_error: list[Any] = []
        self.on_reconnected: list[Any] = []
        self.counters = LinkCounters(reconnects=2, server_errors=3, handler_errors=4, dropped=5)
        self.server = ServerInfo("n1", "2.12.0", True, 1024)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionRefused("no"), "nats_permission"), (ServerError("slow consumer"), "nats_error"),
        (LoginRefused("revoked"), "nats_login"), (NatsError("lost"), "nats_connection"),
        (ValueError("x"), "nats_handler"), (DataError("x"), "nats_handler"),
    ],
)  # fmt: skip
def test_each_kind_of_trouble_has_its_code(error: Exception, code: str) -> None:
    assert code_of(error) == code


def test_troubles_and_the_return_are_told() -> None:
    link, told = QuietLink(), []
    watched: Any = link
    watch_link(watched, lambda code, text: told.append((code, text)))
    link.on_error[0](NatsError("the connection is lost"))
    link.on_error[0](KeyError("x"))
    link.on_reconnected[0]()
    assert told[:2] == [("nats_connection", "the connection is lost"), ("nats_handler", "KeyError('x')")]
    assert told[2][0] == "nats_reconnected"
    assert link_troubles(link.counters) == {
        "reconnects": 2, "server_errors": 3, "handler_errors": 4, "slow_consumer": 0, "dropped": 5,
    }  # fmt: skip
