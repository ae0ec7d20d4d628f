"""The servers that a link may connect to: those that it was given, and those that they tell of."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import msgspec

from letrade.core.clock import monotonic_ns
from letrade.core.errors import ConfigurationError

DEFAULT_PORT = 4222
SERVERS_MAX = 256
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


class _Known:
    def __init__(self, address: Address, given: bool) -> None:
        self.address = address
        self.given = given
        self.tried_ns = 0
        self.leaving = False


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
        known = min(self._known, key=lambda each: (each.leaving, each.tried_ns))
        before, known.tried_ns = known.tried_ns, monotonic_ns()
        return known.address, before

    def discover(self, urls: list[str]) -> None:
        """Take what a server tells of its cluster: new ones come in, those that it no longer tells of go."""
        told = [address_of(url) for url in urls[:SERVERS_MAX]]
        places = {(address.host, address.port) for address in told}
        self._known = [each for each in self._known if each.given or (each.address.host, each.address.port) in places]
        ours = {(each.address.host, each.address.port) for each in self._known}
        like = self._known[0].address
        for address in told:
            if (address.host, address.port) not in ours:
                self._known.append(
                    _Known(Address(address.host, address.port, like.secure, like.user, like.password), False)
                )

    def mark(self, address: Address, leaving: bool) -> None:
        """A server that is shutting down is tried last, until it has been let in again."""
        for each in self._known:
            if each.address == address:
                each.leaving = leaving

    def has_other(self, address: Address) -> bool:
        """Whether there is somewhere else to go."""
        return any(each.address != address and not each.leaving for each in self._known)

    def __str__(self) -> str:
        """Without the passwords that URLs may hold."""
        return ", ".join(str(each.address) for each in self._known)
