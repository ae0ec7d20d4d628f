"""Watches what the desk stands on: a full disk or a journal that falls behind stops whatever opens, and says so."""

from __future__ import annotations

from letrade.core.engine.driver import Driver
from letrade.core.engine.station import Station
from letrade.core.errors import LetradeError
from letrade.core.messages.events import Halt, Resume
from letrade.core.network.key_value import KeyValue

LAG_RECORDS_MAX = 200_000
ALL_ACCOUNTS = "*"


class Guard:
    """`look` once a second. Cancels and reductions go on whatever it finds."""

    def __init__(self, station: Station, driver: Driver, store: KeyValue) -> None:
        self.station = station
        self.driver = driver
        self.store = store
        self._disk_told = False
        self._behind = False
        self._manifest_turn = 0

    async def look(self) -> None:
        """Halt, pause or resume as the journal's state asks; show the newest snapshot's manifest."""
        if self.station.journal.full and not self._disk_told:
            self._disk_told = True
            self.station.complain("disk_full", f"{self.station.folder.path}: the disk is full: nothing new opens")
            self.driver.command(Halt(account=ALL_ACCOUNTS, reason="the disk of the journal is full"))
        lag = self.station.shipper.lag if self.station.shipper is not None else 0
        if lag > LAG_RECORDS_MAX and not self._behind:
            self._behind = True
            self.station.complain("journal-behind", f"{lag} records are not in the stream: nothing new opens")
            self.driver.command(Halt(account=ALL_ACCOUNTS, reason="journal-behind", pause=True))
        elif self._behind and lag < LAG_RECORDS_MAX // 2:
            self._behind = False
            self.driver.command(Resume(account=ALL_ACCOUNTS, reason="the journal has caught up", pauses_only=True))
        await self._show_manifest()

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
