"""The NATS of a running desk: its private server or a given one, the link to it, the lease on the desk's name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from letrade.core.config.desk import DeskConfig
from letrade.core.engine.access import Access, access_of, files_of
from letrade.core.engine.data_dir import DataDirectory, RunRecord
from letrade.core.engine.link_watch import watch_link
from letrade.core.engine.options import EngineOptions
from letrade.core.errors import LetradeError, NatsError, TimeoutExpired
from letrade.core.network.key_value import KeyValue
from letrade.core.network.lease import Lease
from letrade.core.network.link import Link, check_server
from letrade.core.network.links import new_link
from letrade.core.network.server import PrivateServer, ServerConfig, ServerEvent

DESK_USER = "letrade"
OPERATOR_USER = "operator"
SYSTEM_USER = "sys"


class DeskNetwork:
    """Opened before the desk and closed after it; `report` takes (code, text)."""

    def __init__(
        self, config: DeskConfig, options: EngineOptions, data: DataDirectory, report: Callable[[str, str], None]
    ) -> None:
        self.config = config
        self.options = options
        self.data = data
        self.report = report
        self.server: PrivateServer | None = None
        self.access = Access(urls=[])
        self.link: Link | None = None
        self.lease: Lease | None = None
        self.store: KeyValue
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, on_lost: Callable[[LetradeError], None]) -> tuple[Link, int]:
        """The link, and the epoch that the lease gives."""
        await self._find_server(on_lost)
        self.link = new_link(self.access.link_config(f"letrade-{self.config.desk.name}-desk", no_echo=True))
        watch_link(self.link, self.report)
        await self.link.connect()
        check_server(self.link.server)
        store = self.store = KeyValue(self.link, self.config.desk.name)
        owner = str(self.data.path.resolve())
        self.lease = Lease(store, self.config.desk.name, owner, on_overdue=self._overdue, on_lost=on_lost)
        try:
            epoch = await self.lease.acquire()
        except TimeoutExpired as error:
            user = self.access.user
            nobody = "a user without a login (--nats nats://user:password@host)"
            who = f"user {user!r}" if user else "this user" if self.access.has_login else nobody
            raise NatsError(
                f"{self.access.places} lets {who} in, but does not answer on JetStream: expected a user that may "
                f"publish and use JetStream ({error})"
            ) from error
        self._watch(asyncio.create_task(self.lease.renew(), name="lease"), on_lost)
        return self.link, epoch

    @property
    def needs_login(self) -> bool:
        """Whether a plain `nats` is not let in, as far as we know: at a private server it is the viewer."""
        return self.server is None and self.access.has_login

    def address(self, pid: int, started: int) -> RunRecord:
        """What commands need to reach the desk."""
        passwords = self.server.address.passwords if self.server is not None else {}
        return RunRecord(
            **self.access.fields(), desk=self.config.desk.name, pid=pid,
            operator_user=OPERATOR_USER if passwords else self.access.user,
            operator_password=passwords.get(OPERATOR_USER, self.access.password),
            system_user=SYSTEM_USER if passwords else None, system_password=passwords.get("system"), started=started,
        )  # fmt: skip

    async def close(self) -> None:
        """Lease, link, server: in this order, whatever state they are in."""
        if self.lease is not None:
            try:
                await asyncio.wait_for(self.lease.release(), 2.0)
            except (LetradeError, TimeoutError) as error:
                self.report("lease", f"the lease was not given back, it lapses by itself: {error}")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.link is not None:
            await self._close_link(self.link)
        if self.server is not None:
            await self.server.stop()

    async def _close_link(self, link: Link) -> None:
        try:
            await asyncio.wait_for(link.drain() if link.connected else link.close(), 5.0)
        except (LetradeError, TimeoutError) as error:
            self.report("nats", f"the link did not close in order: {error}")

    def _watch(self, task: asyncio.Task[None], on_lost: Callable[[LetradeError], None]) -> None:
        """Without its lease or its server's keeper a desk does not go on unnoticed."""

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                on_lost(LetradeError(f"{task.get_name()} has stopped: {error!r}"))

        task.add_done_callback(ended)
        self._tasks.append(task)

    async def _find_server(self, on_lost: Callable[[LetradeError], None]) -> None:
        nats, options = self.config.nats, self.options
        urls = list(options.nats_urls or nats.urls)
        if urls:
            self.access = msgspec.structs.replace(access_of(nats), urls=urls)
            if options.user:
                self.access = self.access.as_user(options.user, options.password or self.access.password)
            return
        settings = ServerConfig(desk=self.config.desk.name, directory=self.data.nats, port=nats.port)
        self.server = PrivateServer(settings, self._told)
        address = await self.server.start()
        self.access = msgspec.structs.replace(
            files_of(nats), urls=[address.url], user=DESK_USER, password=address.passwords["desk"]
        )
        self._watch(asyncio.create_task(self.server.watch(), name="nats-server"), on_lost)

    def _told(self, event: ServerEvent) -> None:
        self.report(f"nats_server_{event.kind}", event.text)

    def _overdue(self, error: LetradeError) -> None:
        self.report("lease", str(error))
