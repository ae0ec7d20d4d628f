"""Where the NATS of a desk is and who we are there: for the desk itself, its workers, and commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import msgspec

from letrade.core.clock import SECOND
from letrade.core.config.desk import Nats, NatsTls
from letrade.core.config.secrets import without_user_info
from letrade.core.network.identity import read_key, tls_context
from letrade.core.network.link import ClientName, LinkConfig, Tls


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Paths are absolute, secrets are values: a file that holds it is for one user alone."""

    urls: list[str]
    client: ClientName = "letrade"
    user: str | None = None
    password: str | None = None
    token: str | None = None
    nkey_seed: str | None = None
    credentials: str | None = None
    tls: NatsTls | None = None
    ping_interval_seconds: float = 5.0

    def __repr__(self) -> str:
        """Without the secrets that an error or a log would carry away; subclasses are shown by this too."""
        return f"{type(self).__name__}(urls={self.places!r}, client={self.client!r}, user={self.user!r})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("urls", self.places), ("client", self.client), ("user", self.user)]

    @property
    def places(self) -> str:
        """The servers, to be shown: without the logins that their URLs may hold."""
        return ", ".join(map(without_user_info, self.urls))

    @property
    def has_login(self) -> bool:
        return any((self.user, self.token, self.nkey_seed, self.credentials))

    def link_config(self, name: str, **settings: Any) -> LinkConfig:
        """How whoever has this access connects, under this name."""
        return LinkConfig(
            servers=tuple(self.urls), name=name, client=self.client, user=self.user, password=self.password,
            token=self.token, nkey_seed=_path(self.nkey_seed), credentials=_path(self.credentials),
            tls=_tls(self.tls), ping_interval_seconds=self.ping_interval_seconds, **settings,
        )  # fmt: skip

    def fields(self) -> dict[str, Any]:
        """The access alone, to make one of another type with it."""
        return {name: getattr(self, name) for name in Access.__struct_fields__}

    def as_user(self, user: str | None, password: str | None) -> Self:
        """The same servers as somebody else; None is nobody."""
        return msgspec.structs.replace(self, user=user, password=password, token=None, nkey_seed=None, credentials=None)

    def check_files(self) -> None:
        """ConfigurationError names a file of keys or certificates that is missing or holds something else."""
        config = self.link_config("check")
        read_key(config)
        if config.tls is not None:
            tls_context(config.tls)


def access_of(nats: Nats) -> Access:
    """What [nats] of a desk file says. ConfigurationError when a secret of it is not set."""
    return Access(
        urls=nats.urls, client=nats.client, user=nats.user,
        password=nats.password.reveal() if nats.password is not None else None,
        token=nats.token.reveal() if nats.token is not None else None,
        nkey_seed=_absolute(nats.nkey_seed), credentials=_absolute(nats.credentials), tls=_absolute_tls(nats.tls),
        ping_interval_seconds=nats.ping_interval / SECOND,
    )  # fmt: skip


def files_of(nats: Nats) -> Access:
    """The same without user and secrets, which need not be set where a desk is only checked, or has its own server."""
    return access_of(msgspec.structs.replace(nats, user=None, password=None, token=None))


def _absolute(path: str | None) -> str | None:
    return str(Path(path).expanduser().absolute()) if path is not None else None


def _absolute_tls(tls: NatsTls | None) -> NatsTls | None:
    if tls is None:
        return None
    return msgspec.structs.replace(
        tls, authorities=_absolute(tls.authorities), certificate=_absolute(tls.certificate), key=_absolute(tls.key)
    )


def _path(path: str | None) -> Path | None:
    return Path(path) if path is not None else None


def _tls(tls: NatsTls | None) -> Tls | None:
    if tls is None:
        return None
    return Tls(
        authorities=_path(tls.authorities), certificate=_path(tls.certificate), key=_path(tls.key),
        first=tls.first, hostname=tls.hostname,
    )  # fmt: skip
