"""A process of a benchmark: `python -m letrade.bench.framework.child MODULE:FUNCTION`, told what to do over a pipe."""

from __future__ import annotations

import asyncio
import importlib
import os
import select
import struct
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import msgspec

from letrade.core.engine.supervisor import die_with_parent
from letrade.core.errors import LetradeError

LENGTH = struct.Struct("<I")
FRAME_BYTES_MAX = 256 * 2**20
IDLE_SECONDS = 1.0


class ParentGone(LetradeError):
    """The pipe from the parent has ended: there is nobody left to work for."""


class Pipe:
    """Frames of msgpack from and to the parent."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads = reads
        self._writes = writes

    def say(self, answer: Any) -> None:
        frame = msgspec.msgpack.encode(answer)
        data = memoryview(LENGTH.pack(len(frame)) + frame)
        while data:
            data = data[os.write(self._writes, data) :]

    def hear(self) -> Any:
        """The next word of the parent; blocks."""
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        return msgspec.msgpack.decode(self._exactly(min(length, FRAME_BYTES_MAX)))

    def _exactly(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            more = os.read(self._reads, count - len(parts))
            if not more:
                raise ParentGone("the process that started this one is gone")
            parts += more
        return parts

    def orders(self, while_idle: Callable[[], None]) -> Iterator[Any]:
        """What the parent asks for, until it says stop; while it says nothing, `while_idle` is called now and then."""
        while True:
            while not self.has_order(IDLE_SECONDS):
                while_idle()
            if (order := self.hear()) == "stop":
                return
            yield order

    async def orders_async(self) -> AsyncIterator[Any]:
        """The same without blocking the event loop."""
        while (order := await self._next_order()) != "stop":
            yield order

    async def _next_order(self) -> Any:
        """The pipe is watched only while nothing is being done: a watched pipe that nobody reads spins the loop."""
        loop = asyncio.get_running_loop()
        came = asyncio.Event()
        loop.add_reader(self._reads, came.set)
        try:
            await came.wait()
        finally:
            loop.remove_reader(self._reads)
        return self.hear()

    def has_order(self, wait_seconds: float = 0.0) -> bool:
        return bool(select.select([self._reads], [], [], wait_seconds)[0])


def run_async(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop, as the desk itself."""
    import uvloop

    uvloop.run(main)


def play(parent: int, module: str, function: str, arguments: dict[str, Any], pipe: Pipe) -> int:
    """Run one role; what it raises is told to the parent."""
    try:
        die_with_parent(parent)
        getattr(importlib.import_module(module), function)(pipe, **arguments)
    except ParentGone:
        return 1
    except Exception:  # noqa: BLE001 - the parent raises it
        pipe.say({"error": traceback.format_exc()})
        return 1
    return 0


def main() -> int:
    reads, writes = os.dup(0), os.dup(1)
    os.dup2(2, 1)  # what a library prints must not get between the frames
    pipe = Pipe(reads, writes)
    module, _, function = sys.argv[1].partition(":")
    return play(int(sys.argv[2]), module, function, pipe.hear(), pipe)


if __name__ == "__main__":
    sys.exit(main())
