"""Letrade's NATS engine by itself: typed messages from one link to another, a request, and the counters."""

import asyncio
import tempfile
from pathlib import Path

import msgspec

from letrade import Link, LinkConfig, new_link
from letrade.core.network.server import PrivateServer, ServerConfig


class Tick(msgspec.Struct, array_like=True, gc=False):
    """Whatever your services say to each other."""

    symbol: str
    price: float
    number: int


async def talk(sender: Link, receiver: Link) -> None:
    """Ten thousand ticks one way, then one question."""
    sums = {"ticks": 0, "last": 0.0}

    def on_tick(subject: str, tick: Tick, payload: bytes) -> None:
        sums["ticks"] += 1
        sums["last"] = tick.price

    def on_bad(subject: str, payload: bytes, error: Exception) -> None:
        print("not a tick:", subject, error)

    receiver.subscribe_decoded("ticks.>", msgspec.msgpack.Decoder(Tick).decode, on_tick, on_bad)
    receiver.subscribe("sums", lambda subject, payload, reply: receiver.publish(reply, msgspec.json.encode(sums)))
    await receiver.flush()  # both are in force
    encode = msgspec.msgpack.Encoder().encode
    for number in range(10_000):
        sender.publish("ticks.BTC-USDT", encode(Tick("BTC-USDT", 60_000 + number / 100, number)))
    await sender.flush()  # the server has taken all
    await receiver.flush()  # and we all that it had sent before
    print("the other side says:", (await sender.request("sums", b"", timeout_seconds=2.0)).decode())
    print("sent", sender.counters.sent, "received", receiver.counters.received)


async def main() -> None:
    """A private nats-server for the length of the example; yours has a URL instead."""
    with tempfile.TemporaryDirectory() as folder:
        server = PrivateServer(ServerConfig(desk="example", directory=Path(folder), port=None), print)
        address = await server.start()
        config = LinkConfig(
            servers=(address.url,), name="example", user="letrade", password=address.passwords["desk"]
        )  # fmt: skip
        sender, receiver = new_link(config), new_link(config)
        await sender.connect()
        await receiver.connect()
        try:
            await talk(sender, receiver)
        finally:
            await sender.drain()
            await receiver.drain()
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
