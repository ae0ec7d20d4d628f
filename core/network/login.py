"""What a client says of itself when it connects: CONNECT, with the proof of who it is."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path
from typing import Any

import msgspec

from letrade import __version__
from letrade.core.errors import ConfigurationError
from letrade.core.network.link import LinkConfig
from letrade.core.network.pool import Address

_FENCE = "-----"


class Greeting(msgspec.Struct, frozen=True):
    """The server's INFO, as far as it concerns a client."""

    server_name: str = ""
    version: str = "0"
    jetstream: bool = False
    headers: bool = False
    max_payload: int = 1024 * 1024
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
        "version": __version__, "protocol": 1, "headers": True, "no_responders": True, "echo": not config.no_echo,
        **_proof(config, address, greeting.nonce),
    }  # fmt: skip
    return b"CONNECT " + msgspec.json.encode(options) + b"\r\n"


def _proof(config: LinkConfig, address: Address, nonce: str) -> dict[str, str]:
    """Who we are: by credentials, key, token or password, whichever is configured; else as the URL says."""
    if config.credentials is not None:
        token, seed = read_credentials(config.credentials)
        return {"jwt": token, "sig": _sign(seed, nonce, config.credentials)[1]}
    if config.nkey_seed is not None:
        public, signature = _sign(_read(config.nkey_seed).strip(), nonce, config.nkey_seed)
        return {"nkey": public, "sig": signature}
    if config.token is not None:
        return {"auth_token": config.token}
    if config.user is not None:
        return {"user": config.user, "pass": config.password or ""}
    if address.user and address.password is None:
        return {"auth_token": address.user}
    if address.user:
        return {"user": address.user, "pass": address.password or ""}
    return {}


def read_credentials(path: Path) -> tuple[str, bytes]:
    """(JWT, seed) of a .creds file: two blocks between lines of dashes."""
    lines = [line.strip() for line in _read(path).decode(errors="replace").splitlines() if line.strip()]
    bodies = [
        line
        for before, line in itertools.pairwise(lines)
        if before.startswith(_FENCE) and "BEGIN" in before and not line.startswith(_FENCE)
    ]
    if len(bodies) != 2:
        raise ConfigurationError(f"{path}: expected a NATS .creds file, a user's JWT and its seed, found neither")
    return bodies[0], bodies[1].encode()


def _sign(seed: bytes, nonce: str, path: Path) -> tuple[str, str]:
    """(public key, signature of the nonce). nkeys loads libsodium: only who signs needs it."""
    import nkeys

    try:
        pair = nkeys.from_seed(bytearray(seed))
        signature = pair.sign(nonce.encode())
        public: str = pair.public_key.decode()
        pair.wipe()
    except (nkeys.NkeysError, ValueError) as error:
        raise ConfigurationError(f"{path}: expected an nkey seed (SU...), found something else") from error
    return public, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
