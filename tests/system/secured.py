"""A nats-server with TLS and users as docs/operate.md wants them, and desks that run on it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.network.certificates import Certificates
from tests.network.jwt import USER, KeyPair, Operator
from tests.network.servers import NatsServer, Servers
from tests.system.desks import TRADES_FEED, desk_text, write
from tests.system.programs import Desk, letrade
from tests.tree import ROOT

PERMISSIONS = re.search(r"^permissions: \{\n.*?^\}\n", (ROOT / "docs/operate.md").read_text(), re.DOTALL | re.MULTILINE)


def permissions_told() -> str:
    """What the documentation says that the desk `main` must be permitted."""
    assert PERMISSIONS is not None
    return PERMISSIONS[0]


def claims_told() -> dict[str, Any]:
    """The same as the claims of a JWT."""
    lists = re.findall(r"(publish|subscribe): \[(.*?)\]", permissions_told(), re.DOTALL)
    return {name[:3]: {"allow": re.findall(r'"([^"]+)"', subjects)} for name, subjects in lists}


class SecuredWorld:
    """One server with one user, and one desk with two workers on it; `proof` is who the desk is: nkey or jwt."""

    def __init__(self, folder: Path, client: str, proof: str) -> None:
        self.folder = folder
        self.certificates = Certificates(folder / "certificates")
        self.servers = Servers(folder / "servers")
        self.store = f'jetstream {{ store_dir: "{folder}/js", max_mem: 64MB, max_file: 8GB }}\n'
        self.user = KeyPair(USER)
        self.operator = operator = Operator()
        self.secret = operator.credentials(permissions=claims_told()) if proof == "jwt" else self.user.seed
        self.key = {"nkey": "nkey_seed", "jwt": "credentials"}[proof]
        (folder / "desk.key").write_text(self.secret)
        users = operator.server_body(jetstream=True) if proof == "jwt" else self.users(permissions_told())
        self.server: NatsServer = self.servers.start(self.body(users))
        self.desk = Desk(folder, self.desk_file(client))

    def viewer(self) -> Path:
        """The .creds file of somebody who may look; only where the desk's proof is a JWT."""
        permissions = {"pub": {"allow": ["letrade.*.req.status"]}, "sub": {"allow": ["letrade.>", "_INBOX.>"]}}
        file = self.folder / "viewer.creds"
        file.write_text(self.operator.credentials(permissions=permissions))
        return file

    def body(self, users: str) -> str:
        return f"{self.certificates.server_body()}\n{self.store}{users}"

    def users(self, permissions: str) -> str:
        return f"authorization {{ users: [ {{ nkey: {self.user.public}, {permissions} }} ] }}\n"

    def desk_file(self, client: str, authority: Path | None = None, name: str = "desk.toml") -> Path:
        nats = f"""
[nats]
url = "tls://{self.server.place}"
client = "{client}"
{self.key} = "desk.key"
ping_interval = "1s"
[nats.tls]
authorities = "{authority or self.certificates.authority.file}"
"""
        feed = TRADES_FEED.format(seconds=600, speed="live")
        text = desk_text(feed, name="main", workers={"thinker": ["alpha", "beta"]}, venue_worker="exchange")
        return write(self.folder, text + nats, name)

    def status(self) -> dict[str, Any]:
        """What `letrade status` tells; {} while the desk starts."""
        answer = letrade("status", "--json", "--data-dir", self.desk.data)
        found: dict[str, Any] = json.loads(answer.stdout) if answer.returncode == 0 else {}
        return found

    def close(self) -> None:
        self.desk.end()
        self.servers.stop()
