"""A whole desk inside one's own asyncio program: start it, hear its fills, stop it, read its summary."""

import asyncio
import tempfile
from pathlib import Path

from letrade import CoreEngine, EngineOptions, Fill, Message, assemble

SECONDS_MAX = 60


async def main() -> None:
    """Runs until five fills have come. A desk keeps its journal and its private nats-server in its data directory."""
    with tempfile.TemporaryDirectory() as folder:
        engine = CoreEngine(assemble("paper"), EngineOptions(data_dir=Path(folder)))
        fills: list[Fill] = []

        def hear(message: Message) -> None:
            # Called inside the desk's loop: take a note, and leave.
            if isinstance(message, Fill):
                fills.append(message)
                print(f"{message.strategy} {message.side:+d} {message.size} {message.instrument} at {message.price}")
                if len(fills) == 5:
                    engine.stop()

        engine.subscribe(hear)
        asyncio.get_running_loop().call_later(SECONDS_MAX, engine.stop)
        summary = await engine.run()
        print(f"{summary['fills']} fills, profit {summary['pnl']} {summary['reporting_currency']}")


if __name__ == "__main__":
    asyncio.run(main())
