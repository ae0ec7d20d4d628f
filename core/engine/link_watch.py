"""What goes wrong between a process and its NATS server, told to an operator: an alert each, by what it was."""

from __future__ import annotations

from collections.abc import Callable

from letrade.core.errors import NatsError
from letrade.core.network.link import Link, LinkCounters, PermissionRefused, ServerError
from letrade.core.network.refusals import LoginRefused

LOST, BACK, LOGIN = "nats_connection", "nats_reconnected", "nats_login"
REFUSED, COMPLAINT, HANDLER = "nats_permission", "nats_error", "nats_handler"


def watch_link(link: Link, complain: Callable[[str, str], None]) -> None:
    """From now on `complain` gets (code, text) of each trouble of the link."""

    def back() -> None:
        complain(BACK, f"connected to NATS again, to {link.server.name}, for the {link.counters.reconnects}. time")

    link.on_error.append(lambda error: complain(code_of(error), _said(error)))
    link.on_reconnected.append(back)


def code_of(error: Exception) -> str:
    """What an error of a link is to an operator."""
    if isinstance(error, PermissionRefused):
        return REFUSED
    if isinstance(error, ServerError):
        return COMPLAINT
    if isinstance(error, LoginRefused):
        return LOGIN
    return LOST if isinstance(error, NatsError) else HANDLER


def link_troubles(counters: LinkCounters) -> dict[str, int]:
    """The counts that an operator should see; they are 0 when all is well."""
    return {
        "reconnects": counters.reconnects, "server_errors": counters.server_errors,
        "handler_errors": counters.handler_errors, "slow_consumer": counters.slow_consumer,
        "dropped": counters.dropped,
    }  # fmt: skip


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, NatsError) else repr(error)
