"""Memory over tens of millions of messages; by `make chaos` only."""

from __future__ import annotations

import pytest

from letrade.core.network.link import ClientName
from tests.network.soak_memory import GROWTH_BYTES_MAX, soak


@pytest.mark.chaos
@pytest.mark.timeout(0)
@pytest.mark.parametrize(("name", "messages"), [("letrade", 50_000_000), ("nats-py", 2_000_000)])
def test_memory_stays_flat_over_a_long_time(name: ClientName, messages: int) -> None:
    assert soak(name, messages) < GROWTH_BYTES_MAX
