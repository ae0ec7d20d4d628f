"""Chooses the implementation of Link; the only place that names one."""

from __future__ import annotations

from letrade.core.network.link import Link, LinkConfig


def new_link(config: LinkConfig) -> Link:
    """A link that is not connected yet. nats-py is loaded only where it is asked for: it brings aiohttp along."""
    if config.client == "nats-py":
        from letrade.core.network.nats_py import NatsPyLink

        return NatsPyLink(config)
    from letrade.core.network.engine_link import EngineLink

    return EngineLink(config)
