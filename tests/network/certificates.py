"""Certificates for tests, made with the openssl command: an authority, and certificates of servers and clients."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from letrade.core.network.link import Tls


class Authority:
    """Signs certificates; each is a pair of files <name>.pem and <name>.key."""

    def __init__(self, directory: Path, name: str) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("no openssl command on PATH to make certificates with")
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._name = name
        self._request(name, "-x509", "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE")

    @property
    def file(self) -> Path:
        return self._directory / f"{self._name}.pem"

    def issue(self, name: str, alternative_names: str) -> tuple[Path, Path]:
        """A certificate for names such as "IP:127.0.0.1,DNS:localhost", and its key."""
        pem, key = self._directory / f"{name}.pem", self._directory / f"{name}.key"
        authority = ("-CA", str(self.file), "-CAkey", str(self.file.with_suffix(".key")))
        self._request(name, "-x509", "-days", "2", *authority, "-addext", f"subjectAltName={alternative_names}")
        return pem, key

    def _request(self, name: str, *arguments: str) -> None:
        files = ("-keyout", str(self._directory / f"{name}.key"), "-out", str(self._directory / f"{name}.pem"))
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        command = ["openssl", "req", "-subj", f"/CN={name}", *key, *files, *arguments]
        subprocess.run(command, check=True, capture_output=True)


class Certificates:
    """What a server and a client with TLS need, and what they must not accept."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority(directory, "authority")
        self.stranger = Authority(directory, "stranger")
        self.server = self.authority.issue("server", "IP:127.0.0.1,DNS:localhost")
        self.elsewhere = self.authority.issue("elsewhere", "DNS:desk.example")
        self.client = self.authority.issue("client", "DNS:client")

    def server_body(self, pair: tuple[Path, Path] | None = None, extra: str = "") -> str:
        """The `tls` part of a server's configuration."""
        certificate, key = pair or self.server
        files = f'cert_file: "{certificate}", key_file: "{key}", ca_file: "{self.authority.file}"'
        return f"tls {{ {files}, timeout: 5 {', ' + extra if extra else ''} }}"

    def tls(self, *, first: bool = False, shown: bool = False, hostname: str | None = None) -> Tls:
        """How a client connects; `shown`: with its own certificate."""
        certificate, key = self.client if shown else (None, None)
        trusted = self.authority.file
        return Tls(authorities=trusted, certificate=certificate, key=key, first=first, hostname=hostname)
