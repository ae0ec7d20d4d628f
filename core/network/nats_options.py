"""The configuration of a link as nats-py wants it."""

from __future__ import annotations

import os
import zlib
from typing import Any
from urllib.parse import urlsplit

from nats import errors

from letrade.core.errors import ConfigurationError, LetradeError
from letrade.core.network.identity import Key, read_key, tls_context
from letrade.core.network.link import LinkConfig

PINGS_OUTSTANDING_MAX = 2
ATTEMPT_TIMEOUT_SECONDS = 1


def connect_options(config: LinkConfig) -> dict[str, Any]:
    """Arguments of `connect_with`, but for the callbacks; ConfigurationError for a file that cannot be used."""
    check_servers(config)
    # Each process waits a little differently, so that a returned server does not meet all of them at once.
    jitter = zlib.crc32(f"{config.name}:{os.getpid()}".encode()) / 2**32
    options: dict[str, Any] = {
        "servers": list(config.servers), "name": config.name, "no_echo": config.no_echo,
        "user": config.user, "password": config.password, "token": config.token,
        "max_reconnect_attempts": -1, "reconnect_time_wait": config.reconnect_wait_seconds * (1 + jitter),
        "connect_timeout": ATTEMPT_TIMEOUT_SECONDS,
        "ping_interval": config.ping_interval_seconds, "max_outstanding_pings": PINGS_OUTSTANDING_MAX,
    }  # fmt: skip
    tls = config.tls
    if tls is not None or any(urlsplit(server).scheme == "tls" for server in config.servers):
        options["tls"] = tls_context(tls)
    if tls is not None:
        options |= {"tls_hostname": tls.hostname, "tls_handshake_first": tls.first}
    key = read_key(config)
    if key is not None:
        options |= _answers_to_a_challenge(config, key)
    return options


def _answers_to_a_challenge(config: LinkConfig, key: Key) -> dict[str, Any]:
    """The file is read again for each login, since a JWT is replaced before it expires."""

    def current() -> Key:
        try:
            return read_key(config) or key
        except LetradeError as error:
            raise errors.Error(f"nats: {error}") from error  # which nats-py takes for a login that failed

    def sign(nonce: str) -> bytes:
        return current().sign(nonce).encode()

    def jwt() -> bytes:
        return current().jwt.encode()

    return {"signature_cb": sign, "user_jwt_cb": jwt} if key.jwt else {"signature_cb": sign, "public_nkey": key.public}


def check_servers(config: LinkConfig) -> None:
    """ConfigurationError for what is no URL of a server; it does not repeat it, since a password may be in it."""
    if not config.servers:
        raise ConfigurationError("expected at least one NATS server, found none")
    for place, server in enumerate(config.servers, start=1):
        try:
            url = urlsplit(server)
            good = url.scheme in ("nats", "tls") and bool(url.hostname) and (url.port is None or url.port > 0)
        except ValueError:
            good = False
        if not good:
            raise ConfigurationError(
                f"expected a URL such as nats://host:4222 as NATS server {place}, found another form "
                "(IPv6 hosts stand in brackets; @ : / ? # in a password are written as %40 %3A %2F %3F %23)"
            )


def places(config: LinkConfig) -> str:
    """The servers without the passwords that their URLs may hold."""
    parts = (urlsplit(server) for server in config.servers)
    return ", ".join(f"{part.hostname}:{part.port or 4222}" for part in parts)
