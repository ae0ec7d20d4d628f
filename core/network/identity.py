"""Who we are to a NATS server, and whom we trust: TLS settings, nkey seeds and .creds files."""

from __future__ import annotations

import base64
import re
import ssl
from pathlib import Path
from typing import Any

from letrade.core.errors import ConfigurationError
from letrade.core.network.link import LinkConfig, Tls

_JWT = re.compile(r"-+ *BEGIN NATS USER JWT *-+\s+([A-Za-z0-9_.=-]+)\s")
_SEED = re.compile(r"-+ *BEGIN USER NKEY SEED *-+\s+(S[A-Z2-7]+)\s")


class Key:
    """Answers the challenge of a server; no secret of it is ever shown."""

    def __init__(self, seed: str, jwt: str, place: Path) -> None:
        self.jwt = jwt  # "" for a bare nkey
        self._seed = seed.encode()
        self._place = place
        self.public = self._pair().public_key.decode()

    def sign(self, nonce: str) -> str:
        """The signature in base64, as CONNECT wants it."""
        return base64.b64encode(self._pair().sign(nonce.encode())).decode()

    def _pair(self) -> Any:  # nkeys has no types
        try:
            import nkeys
        except ImportError as error:
            raise ConfigurationError(f"{self._place} needs `pip install letrade[keys]`") from error
        try:
            return nkeys.from_seed(bytearray(self._seed))
        except (nkeys.NkeysError, ValueError):
            raise ConfigurationError(
                f"expected the seed of a NATS user in {self._place}, found something else"
            ) from None


def read_key(config: LinkConfig) -> Key | None:
    """The key that the configuration names, read now; ConfigurationError tells the file, and never what is in it."""
    if config.credentials is not None:
        text = _read(config.credentials)
        jwt, seed = _JWT.search(text + "\n"), _SEED.search(text + "\n")
        if jwt is None or seed is None:
            raise ConfigurationError(f"expected a user's JWT and seed in {config.credentials}, as `nsc` writes them")
        return Key(seed[1], jwt[1], config.credentials)
    if config.nkey_seed is not None:
        return Key(_read(config.nkey_seed).strip(), "", config.nkey_seed)
    return None


def tls_context(tls: Tls | None) -> ssl.SSLContext:
    """Trusts the configured authorities, else the system's; ConfigurationError names a file that cannot be used."""
    tls = tls or Tls()
    for path in (tls.authorities, tls.certificate, tls.key):
        if path is not None:
            _read(path)
    try:
        context = ssl.create_default_context(cafile=tls.authorities)
    except ssl.SSLError as error:
        raise ConfigurationError(f"expected certificates of authorities (PEM) in {tls.authorities}") from error
    if tls.certificate is not None:
        try:
            context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
        except (ssl.SSLError, ValueError) as error:
            files = f"{tls.certificate} and {tls.key or 'the same file'}"
            raise ConfigurationError(
                f"expected our certificate and its key without password (PEM) in {files}"
            ) from error
    return context


def _no_password() -> str:
    """Stands where OpenSSL would ask on the terminal for the password of a key."""
    raise ValueError("the key has a password")


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
