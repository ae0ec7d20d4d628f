"""What a desk is doing, in one dictionary: for the table, `letrade status`, JSON lines and the summary."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.engine.host import Host
from letrade.core.engine.link_watch import link_troubles
from letrade.core.engine.station import Station


@runtime_checkable
class Reporter(Protocol):
    """An actor that knows what became of the desk's trading; the standard one is actors/monitor."""

    def view(self) -> dict[str, Any]: ...

    def summary(self) -> dict[str, Any]: ...


class Status:
    """Asks the desk's reporter for what came of its trading, and adds what the engine knows of the machinery."""

    def __init__(self, engine: Host, station: Station) -> None:
        self.engine = engine
        self.station = station
        self.started_ns = monotonic_ns()
        self._counted = 0
        self._counted_ns = self.started_ns
        self._rate = 0.0

    def view(self) -> dict[str, Any]:
        """The whole status; messages_per_second since it was asked last."""
        station = self.station
        told = self._told("view")
        machinery = [{"code": alert.code, "text": alert.text, "time": alert.time} for alert in station.alerts]
        return {
            "desk": self.engine.config.desk.name,
            "uptime_seconds": round((monotonic_ns() - self.started_ns) / SECOND, 3),
            "time": station.process.node.latest,
            "messages_per_second": self._messages_per_second(),
            "tick_to_order_us": station.latency(),
            **told,
            "alerts": [*told.get("alerts", []), *machinery],
            "alert_counts": {**told.get("alert_counts", {}), **station.alert_counts},
            "losses": self._losses(),
            "journal": station.journal_view(),
            "workers": [
                {"name": each.config.name, "pid": each.pid, "restarts": each.restarts} for each in self.engine.workers
            ],
            "nats": {
                "url": self.engine.network.access.places,
                "client": self.engine.network.access.client,
                "needs_login": self.engine.network.needs_login,
                "connected": station.link.connected,
                **link_troubles(station.link.counters),
                "server_pid": self.engine.network.server.pid if self.engine.network.server is not None else None,
                "links": self.engine.driver.links() if self.engine.driver is not None else {},
                **dict(station.transport.counters),
            },
        }

    def telemetry(self) -> dict[str, object]:
        """What costs next to nothing to know: `nats micro stats` asks for it as often as it likes."""
        station, driver = self.station, self.engine.driver
        link = station.link.counters
        return {
            "handled": station.process.handled_now,
            "queue_depth": driver.queue_depth() if driver is not None else 0,
            "last_time": station.process.node.latest,
            "last_record": station.journal.last_output,
            "journal_lag": station.shipper.lag if station.shipper is not None else 0,
            "sent": link.sent,
            "received": link.received,
            "reconnects": link.reconnects,
        }

    def summary(self) -> dict[str, Any]:
        """The last word of a run."""
        station = self.station
        seconds = (monotonic_ns() - self.started_ns) / SECOND
        told = self._told("summary")
        return {
            **told,
            "lost": told.get("lost", 0) + self._lost(),
            "losses": self._losses(),
            "duplicates_ignored": station.process.duplicates,
            "tick_to_order_us": station.latency(),
            "messages_per_second": round(station.process.handled_now / seconds, 1),
            "seconds": round(seconds, 3),
            "alert_counts": dict(station.alert_counts),
            "journal": station.journal_view(),
            "workers_restarted": sum(worker.restarts for worker in self.engine.workers),
        }

    def _losses(self) -> dict[str, int]:
        driver = self.engine.driver
        station = self.station
        return {
            "unsent": station.transport.counters["unsent"],
            "link": station.link.counters.dropped,
            **(driver.losses() if driver is not None else {}),
        }

    def _lost(self) -> int:
        """All but what was conflated, which is no loss."""
        return sum(count for what, count in self._losses().items() if what != "conflated")

    def _told(self, what: str) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for slot in self.station.process.node.slots:
            if isinstance(slot.actor, Reporter):
                told |= slot.actor.view() if what == "view" else slot.actor.summary()
        return told

    def _messages_per_second(self) -> float:
        now = monotonic_ns()
        handled = self.station.process.handled_now
        if now - self._counted_ns > SECOND // 4:
            self._rate = (handled - self._counted) * SECOND / (now - self._counted_ns)
            self._counted, self._counted_ns = handled, now
        return round(self._rate, 1)
