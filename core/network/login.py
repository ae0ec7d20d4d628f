"""What a client says of itself when it connects: CONNECT, with the proof of who it is."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from letrade.core.network.identity import read_key
from letrade.core.network.link import LinkConfig
from letrade.core.network.pool import Address

ENGINE_VERSION = "1.0.0"
"""What `nats server report connections` shows of us."""


class Greeting(msgspec.Struct, frozen=True):
    """The server's INFO, as far as it concerns a client."""

    server_name: str = ""
    version: str = "0"
    jetstream: bool = False
    headers: bool = False
    max_payload: Annotated[int, msgspec.Meta(ge=0, le=2**40)] = 1024 * 1024
    tls_required: bool = False
    tls_available: bool = False
    auth_required: bool = False
    nonce: str = ""
    connect_urls: list[str] = []
    ldm: bool = False


def connect_command(config: LinkConfig, address: Address, greeting: Greeting, secure: bool) -> bytes:
    """CONNECT; secrets are read from their files anew each time, so that they may be exchanged while we run."""
    options: dict[str, Any] = {
        "verbose": False, "pedantic": False, "tls_required": secure, "name": config.name, "lang": "letrade",
        "version": ENGINE_VERSION, "protocol": 1, "headers": True, "no_responders": True, "echo": not config.no_echo,
        **_proof(config, address, greeting.nonce),
    }  # fmt: skip
    return b"CONNECT " + msgspec.json.encode(options) + b"\r\n"


def _proof(config: LinkConfig, address: Address, nonce: str) -> dict[str, str]:
    """Who we are: by credentials, key, token or password, whichever is configured; else as the URL says."""
    key = read_key(config)
    if key is not None:
        signed = {"sig": key.sign(nonce)}
        return {"jwt": key.jwt, **signed} if key.jwt else {"nkey": key.public, **signed}
    if config.token is not None:
        return {"auth_token": config.token}
    if config.user is not None:
        return {"user": config.user, "pass": config.password or ""}
    if address.user and address.password is None:
        return {"auth_token": address.user}
    if address.user:
        return {"user": address.user, "pass": address.password or ""}
    return {}
