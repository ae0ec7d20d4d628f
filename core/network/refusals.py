"""What a server refuses, read from the texts of its errors, and what our own attempts end with."""

from __future__ import annotations

import re
import ssl
from typing import NamedTuple

from letrade.core.errors import NatsError
from letrade.core.network.asking import Asking
from letrade.core.network.link import PermissionRefused
from letrade.hotpath.wire import Wire

_LOGIN_ERRORS = (
    "authorization violation",
    "authentication expired",
    "authentication revoked",
    "authentication timeout",
)
_NOT_FATAL = ("permissions violation", "invalid subject", "invalid publish subject")
_VIOLATION = re.compile(r'to "([^"]*)"(?: using queue "([^"]*)")?(?: \(sid "(\d+)"\))?')


class LoginRefused(NatsError):
    """The server does not let this user in."""


class NoTls(NatsError):
    """We ask for TLS, and the server offers none."""


class Violation(NamedTuple):
    """What the server does not permit; without a sid, all subscriptions like this one."""

    subscribing: bool
    publishing: bool
    subject: str
    queue: str | None
    sid: int | None


def is_violation(text: str) -> bool:
    return text.lower().startswith("permissions violation")


def violation_of(text: str) -> Violation:
    """Only when it takes a permission back does the server name the sid."""
    found = _VIOLATION.search(text)
    subject, queue, sid = found.groups() if found is not None else ("", None, None)
    said = text.lower()
    return Violation(
        "for subscription" in said, "for publish to" in said, subject, queue, None if sid is None else int(sid)
    )


def surface(error: PermissionRefused, refused: Violation, wire: Wire, asking: Asking) -> bool:
    """Tell whoever asked for what the server refuses: a request, or a subscription; True for the latter."""
    if refused.publishing:
        asking.refuse(refused.subject, error)
    if not refused.subscribing:
        return False
    for route in wire.routes():
        same = route.subject == refused.subject and refused.queue in (None, route.queue)
        if same and refused.sid in (None, route.sid):
            route.refused = str(error)
    return True


def is_about_login(text: str) -> bool:
    return any(each in text.lower() for each in _LOGIN_ERRORS)


def is_fatal(text: str) -> bool:
    """Whether the server closes the connection over this."""
    return not text.lower().startswith(_NOT_FATAL)


def said_of(error: BaseException | None) -> str:
    """What an error says; some of the operating system's say nothing."""
    if error is None or isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__


def is_hopeless(error: Exception) -> bool:
    """Whether trying the same server again would end in the same way."""
    return isinstance(error, ssl.SSLError | NoTls)
