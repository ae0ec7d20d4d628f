"""The lease on a desk's name: one desk runs under it, and each start gets a greater epoch than all before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from letrade.core.clock import SECOND, monotonic_ns, wall_ns
from letrade.core.errors import LetradeError, ResourceError
from letrade.core.ids import fresh_token
from letrade.core.network.key_value import Entry, KeyMoved, KeyValue

WATCH_POLL_SECONDS = 0.05
ACQUIRE_ATTEMPTS_MAX = 10
OVERDUE_PART = 0.8


class LeaseHolder(msgspec.Struct, frozen=True):
    """What the key holds; `nats kv get` shows it."""

    owner: str
    token: str
    since: str
    lapse_seconds: float
    released: bool = False


class Lease:
    """The right to run under a name; `acquire`, then run `renew` as a task, then `release`.

    An owner is a data directory on a machine: whoever asks under the same owner holds that directory's lock, so the one
    before is dead and its lease is taken at once. From another owner it is taken when it was not renewed for its time.
    """

    def __init__(
        self,
        store: KeyValue,
        name: str,
        owner: str,
        *,
        renew_seconds: float = 1.0,
        lapse_seconds: float = 10.0,
        on_overdue: Callable[[LetradeError], None] = lambda error: None,
        on_lost: Callable[[LetradeError], None] = lambda error: None,
    ) -> None:
        self.epoch = 0
        self.held = False
        self._store = store
        self._key = f"lease.{name}"
        self._name = name
        self._renew_seconds = renew_seconds
        self._lapse_seconds = lapse_seconds
        self._on_overdue = on_overdue
        self._on_lost = on_lost
        since = datetime.fromtimestamp(wall_ns() // SECOND, UTC).isoformat()
        self._own = LeaseHolder(owner, fresh_token(8), since, lapse_seconds)
        self._revision = 0
        self._renewed_ns = 0
        self._released = asyncio.Event()

    async def acquire(self) -> int:
        """Take the lease and return the epoch; ResourceError, with who and since when, while another one renews it."""
        await self._store.ensure()
        for _ in range(ACQUIRE_ATTEMPTS_MAX):
            entry = await self._free_entry()
            try:
                self._revision = await self._store.put_json(self._key, self._own, entry.revision if entry else 0)
            except KeyMoved:
                continue
            self.epoch, self.held, self._renewed_ns = self._revision, True, monotonic_ns()
            return self.epoch
        raise ResourceError(f"others took the lease on {self._name} {ACQUIRE_ATTEMPTS_MAX} times before us: try again")

    async def renew(self) -> None:
        """Renew until `release`; `on_overdue` tells that it could not in time, `on_lost` that another one has it."""
        overdue = False
        while self.held:
            await self._pause()
            try:
                await self._renew_once()
                overdue = False
            except KeyMoved:
                continue
            except LetradeError as error:
                late_ns = monotonic_ns() - self._renewed_ns
                if not overdue and late_ns > OVERDUE_PART * self._lapse_seconds * SECOND:
                    overdue = True
                    self._on_overdue(error)

    async def release(self) -> None:
        """Let the next one in at once; does nothing when the lease was lost."""
        if not self.held:
            return
        self.held = False
        self._released.set()
        ended = msgspec.structs.replace(self._own, released=True)
        try:
            await self._store.put_json(self._key, ended, self._revision)
        except KeyMoved:
            # A renewal was on its way; if it was not ours, there is nothing to release.
            entry = await self._store.get_json(self._key)
            if entry is not None and self._is_own(entry):
                await self._store.put_json(self._key, ended, entry.revision)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._renew_seconds):
                await self._released.wait()
        except TimeoutError:
            return

    def _is_own(self, entry: Entry) -> bool:
        holder = _holder(entry)
        return holder is not None and holder.token == self._own.token

    async def _renew_once(self) -> None:
        if not self.held:
            return
        try:
            revision = await self._store.put_json(self._key, self._own, self._revision)
        except KeyMoved:
            await self._read_again()
            raise
        if self.held:
            self._revision, self._renewed_ns = revision, monotonic_ns()

    async def _read_again(self) -> None:
        """A write of ours whose answer was lost moves the key too; only another one's token means that we lost it."""
        entry = await self._store.get_json(self._key)
        if entry is not None and self._is_own(entry):
            self._revision = entry.revision
        elif self.held:
            self.held = False
            self._on_lost(ResourceError(f"the lease on {self._name} is gone: {_who(_holder(entry))} has it"))

    async def _free_entry(self) -> Entry | None:
        """The key as it is when it may be taken: never written, released, our own, or not renewed for its time."""
        entry = await self._store.get_json(self._key)
        holder = _holder(entry)
        if holder is None or holder.released or holder.owner == self._own.owner:
            return entry
        give_up_ns = monotonic_ns() + int(holder.lapse_seconds * SECOND)
        while monotonic_ns() < give_up_ns:
            await asyncio.sleep(WATCH_POLL_SECONDS)
            now = await self._store.get_json(self._key)
            holder = _holder(now)
            if holder is None or holder.released:
                return now
            if entry is None or now is None or now.revision != entry.revision:
                raise ResourceError(
                    f"a desk named {self._name} is run by {_who(holder)}: stop it, or give this one another name"
                )
        return entry


def _holder(entry: Entry | None) -> LeaseHolder | None:
    """Who is written there; None for nothing, or for what is no lease."""
    if entry is None:
        return None
    try:
        return msgspec.convert(entry.value, LeaseHolder)
    except msgspec.ValidationError:
        return None


def _who(holder: LeaseHolder | None) -> str:
    return f"{holder.owner} since {holder.since}" if holder is not None else "nobody"
