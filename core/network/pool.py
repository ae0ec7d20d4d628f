"""The servers that a link may connect to: those that it was given, and those that they tell of."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import msgspec

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.errors import ConfigurationError

DEFAULT_PORT = 4222
SERVERS_MAX = 256
LEAVING_NS = 10 * SECOND
_PLAIN, _SECURE = ("nats", ""), ("tls",)


class Address(msgspec.Struct, frozen=True):
    """Where a server listens, and who its URL says that we are."""

    host: str
    port: int
    secure: bool = False
    user: str | None = None
    password: str | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self})"


def address_of(url: str) -> Address:
    """Reads `nats://user:password@host:port`, `tls://…`, `nats://token@host` or `host:port`."""
    try:
        parts = urlsplit(url if "://" in url else f"nats://{url}")
        host, port = parts.hostname, parts.port
        if "\0" in (host or "").encode("idna").decode():  # as the resolver does, which raises all kinds of errors
            host = None
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or parts.scheme not in (*_PLAIN, *_SECURE):
        shown = url.rpartition("@")[2]
        raise ConfigurationError(f"expected a server such as nats://host:4222 or tls://host:4222, found {shown!r}")
    return Address(
        host, port or DEFAULT_PORT, parts.scheme in _SECURE,
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
    )  # fmt: skip


def _address_or_none(url: str) -> Address | None:
    """For what a server says of others: a hint, and no more."""
    try:
        return address_of(url)
    except ConfigurationError:
        return None


def _place(address: Address) -> tuple[str, int]:
    return address.host, address.port


class _Known:
    def __init__(self, address: Address, given: bool) -> None:
        self.address = address
        self.given = given
        self.tried_ns = 0
        self.leaving_until_ns = 0


class ServerPool:
    """Hands out the servers in turn: the one that was tried longest ago first, those that are leaving last."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self._known = [_Known(address_of(url), True) for url in urls]
        if not self._known:
            raise ConfigurationError("expected at least one NATS server, found none")

    def __len__(self) -> int:
        return len(self._known)

    def next(self) -> tuple[Address, int]:
        """(the server to try, when it was tried last, 0 for never, monotonic ns)."""
        now = monotonic_ns()
        known = min(self._known, key=lambda each: (each.leaving_until_ns > now, each.tried_ns))
        before, known.tried_ns = known.tried_ns, now
        return known.address, before

    def discover(self, urls: list[str], teller: Address) -> None:
        """Take what a server tells of its cluster: new ones come in, those that it no longer tells of go.

        They are reached as the teller is. One that tells of nobody, or of what is no address, changes nothing.
        """
        told = {(address.host, address.port) for url in urls[:SERVERS_MAX] if (address := _address_or_none(url))}
        if not told:
            return
        self._known = [each for each in self._known if each.given or _place(each.address) in told]
        ours = {_place(each.address) for each in self._known}
        for host, port in sorted(told - ours):
            self._known.append(_Known(Address(host, port, teller.secure, teller.user, teller.password), False))

    def mark(self, address: Address, leaving: bool) -> None:
        """A server that is shutting down is tried last for a while: it may come back, and the others go."""
        for each in self._known:
            if each.address == address:
                each.leaving_until_ns = monotonic_ns() + LEAVING_NS if leaving else 0

    def has_other(self, address: Address) -> bool:
        """Whether there is somewhere else to go."""
        now = monotonic_ns()
        return any(each.address != address and each.leaving_until_ns <= now for each in self._known)

    def __str__(self) -> str:
        """Without the passwords that URLs may hold."""
        return ", ".join(str(each.address) for each in self._known)
