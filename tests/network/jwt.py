"""Keys and JWTs of NATS operators, accounts and users, for servers in operator mode."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from typing import Any

import nkeys

OPERATOR = nkeys.PREFIX_BYTE_OPERATOR
ACCOUNT = nkeys.PREFIX_BYTE_ACCOUNT
USER = nkeys.PREFIX_BYTE_USER
_UNLIMITED = dict.fromkeys(("subs", "data", "payload"), -1)
_ACCOUNT_LIMITS = dict.fromkeys(("conn", "leaf", "imports", "exports"), -1) | _UNLIMITED | {"wildcards": True}

_STREAM_LIMITS = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)


class KeyPair:
    """An nkey: its seed is the secret."""

    def __init__(self, kind: int) -> None:
        self.seed: str = nkeys.encode_seed(os.urandom(32), kind).decode()
        self.public: str = nkeys.from_seed(bytearray(self.seed.encode())).public_key.decode()

    def sign(self, data: bytes) -> bytes:
        return bytes(nkeys.from_seed(bytearray(self.seed.encode())).sign(data))


def make_jwt(issuer: KeyPair, subject: str, name: str, claims: dict[str, Any]) -> str:
    """A JWT as nats-server reads it: version 2, signed by an nkey."""
    body = {"iss": issuer.public, "sub": subject, "name": name, "iat": 1, "nats": {"version": 2, **claims}}
    body["jti"] = base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode().rstrip("=")
    head = {"typ": "JWT", "alg": "ed25519-nkey"}
    signed = ".".join(_encode(json.dumps(part).encode()) for part in (head, body))
    return f"{signed}.{_encode(issuer.sign(signed.encode()))}"


class Operator:
    """One operator with one account, and as many users as a test wants."""

    def __init__(self) -> None:
        self._operator = KeyPair(OPERATOR)
        self._account = KeyPair(ACCOUNT)

    def server_body(self, *, jetstream: bool = False) -> str:
        """Operator mode with the account in memory; JetStream wants an account of the system too."""
        limits = _ACCOUNT_LIMITS | (_STREAM_LIMITS if jetstream else {})
        account = self._account_jwt(self._account, "account", limits)
        system = KeyPair(ACCOUNT)
        accounts = f"{self._account.public}: {account}"
        if jetstream:
            accounts += f"\n {system.public}: {self._account_jwt(system, 'system', _ACCOUNT_LIMITS)}"
        operator = make_jwt(self._operator, self._operator.public, "operator", {"type": "operator"})
        named = f"system_account: {system.public}\n" if jetstream else ""
        return f"operator: {operator}\n{named}resolver: MEMORY\nresolver_preload {{ {accounts} }}"

    def _account_jwt(self, account: KeyPair, name: str, limits: dict[str, int]) -> str:
        return make_jwt(self._operator, account.public, name, {"type": "account", "limits": limits})

    def credentials(self, issuer: KeyPair | None = None, permissions: dict[str, Any] | None = None) -> str:
        """The .creds file of a new user; with an issuer of its own the server will not accept it."""
        user = KeyPair(USER)
        claims = {"type": "user", "pub": {}, "sub": {}, **_UNLIMITED, **(permissions or {})}
        jwt = make_jwt(issuer or self._account, user.public, "user", claims)
        return (
            f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
        )


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
