"""Chooses the implementation of Link; the only place that names one."""

from __future__ import annotations

from letrade.core.network.link import Link, LinkConfig


def new_link(config: LinkConfig) -> Link:
    """A link that is not connected yet. nats-py is loaded here and not before, since it brings aiohttp along."""
    from letrade.core.network.nats_py import NatsPyLink

    return NatsPyLink(config)
