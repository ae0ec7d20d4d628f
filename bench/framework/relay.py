"""The role between two raw sockets: takes frames from one subject and publishes their payloads on another."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from letrade.bench.framework.child import Pipe
from letrade.bench.framework.raw import Frames, RawSocket
from letrade.bench.framework.servers import Place
from letrade.bench.framework.stream import PAYLOAD_BYTES, delivery_head, publish_head


def play(pipe: Pipe, place: dict[str, Any], taken: str, given: str) -> None:
    """Ready once it relays; until it is stopped."""
    raw = RawSocket(msgspec.convert(place, Place))
    raw.subscribe(taken)
    head_in, head_out = len(delivery_head(taken)), np.frombuffer(publish_head(given), dtype=np.uint8)
    frames = Frames(raw, head_in + PAYLOAD_BYTES + 2)
    pipe.say("ready")
    while True:
        whole = frames.read()
        if whole:
            passed = np.empty((whole, len(head_out) + PAYLOAD_BYTES + 2), dtype=np.uint8)
            passed[:, : len(head_out)] = head_out
            passed[:, len(head_out) :] = frames.rows(whole)[:, head_in:]
            raw.socket.sendall(passed.tobytes())
        elif pipe.has_order():
            pipe.hear()
            return
