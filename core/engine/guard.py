"""Watches what the desk stands on: a full disk or a journal that falls behind stops whatever opens, and says so."""

from __future__ import annotations

import shutil

from letrade.core.engine.driver import Driver
from letrade.core.engine.station import BEHIND, FULL, Station
from letrade.core.errors import LetradeError
from letrade.core.messages.events import Halt, Resume
from letrade.core.network.key_value import KeyValue
from letrade.core.network.server import PrivateServer
from letrade.core.network.shipper import ShipperState

ALL_ACCOUNTS = "*"
STUCK_LOOKS = 15
"""So many looks in a row at a server that is there and stores nothing, before it is started again."""
ROOM_BYTES = 128 * 2**20


class Guard:
    """`look` once a second. Cancels and reductions go on whatever it finds."""

    def __init__(self, station: Station, driver: Driver, store: KeyValue, server: PrivateServer | None = None) -> None:
        self.station = station
        self.driver = driver
        self.store = store
        self.server = server
        self._disk_told = False
        self._behind = False
        self._stuck = 0
        self._manifest_turn = 0

    async def look(self) -> None:
        """Halt, pause or resume as the journals' state asks; show the newest snapshot's manifest."""
        troubled = self.driver.troubled()
        self._judge_disks([process for process, trouble in troubled.items() if trouble == FULL])
        self._judge_lags([process for process, trouble in troubled.items() if trouble == BEHIND])
        self._free_the_server()
        await self._show_manifest()

    def _judge_disks(self, full: list[str]) -> None:
        if full and not self._disk_told:
            self._disk_told = True
            text = f"the disk of the journal of {', '.join(full)} is full: nothing new opens"
            self.station.complain("disk_full", text)
            self.driver.command(Halt(account=ALL_ACCOUNTS, reason="the disk of the journal is full"))

    def _judge_lags(self, behind: list[str]) -> None:
        if behind and not self._behind:
            self._behind = True
            text = f"too much of the journal of {', '.join(behind)} is not in the stream: nothing new opens"
            self.station.complain("journal-behind", text)
            self.driver.command(Halt(account=ALL_ACCOUNTS, reason="journal-behind", pause=True))
        elif self._behind and not behind:
            self._behind = False
            self.driver.command(Resume(account=ALL_ACCOUNTS, reason="the journal has caught up", pauses_only=True))

    def _free_the_server(self) -> None:
        """A server whose disk was full answers no writer, also when there is room again: it has to start anew."""
        shipper = self.station.shipper
        away = shipper is not None and shipper.state is ShipperState.AWAY and self.station.link.connected
        self._stuck = self._stuck + 1 if away else 0
        if self._stuck < STUCK_LOOKS or self.server is None:
            return
        if shutil.disk_usage(self.server.config.directory).free > ROOM_BYTES:
            self._stuck = 0
            text = "nats-server stores nothing, though there is room: it is started again"
            self.station.complain("nats_server_stuck", text)
            self.server.restart()

    async def _show_manifest(self) -> None:
        manifest = self.station.last_manifest
        if manifest is None or manifest["turn"] == self._manifest_turn or not self.station.link.connected:
            return
        try:
            await self.store.put_json(f"snapshot.{self.station.name}", manifest)
        except LetradeError as error:
            self.station.complain("manifest", str(error))
        else:
            self._manifest_turn = manifest["turn"]
