"""The desk files of the backtest benchmarks, written into a folder together with the data that they read."""

from __future__ import annotations

from pathlib import Path

READERS = "letrade.bench.framework.readers"
EMA_CROSS = "letrade.actors.strategies.ema_cross.EmaCross"
BOOK_MAKER = "letrade.actors.strategies.book_maker.BookMaker"
INSTRUMENT = "binance.BTC-USDT_USDT"

HEAD = """
[desk]
name = "bench"
on_stop = "keep"
[[venue]]
name = "binance"
order_latency = "{latency}"
response_latency = "{response}"
maker_fee = "{maker_fee}"
taker_fee = "{taker_fee}"
{venue_keys}
[[account]]
name = "paper"
venue = "binance"
balances = {{ USDT = "10000000" }}
[risk]
stale_after = "1d"
"""
FEED = """
[[instrument]]
name = "{instrument}"
tick = "0.1"
lot = "0.001"
"""
FILE = """
[[feed]]
name = "{name}"
kind = "npz"
file = "{file}"
instrument = "{instrument}"
"""
STRATEGY = """
[[actor]]
name = "{name}"
class = "{path}"
instrument = "{instrument}"
account = "paper"
{keys}
"""
BEYOND_QUOTE = """[venue.fills]
beyond_quote = "one_tick"
"""
AT_THE_OPEN = """[venue.fills]
spread = "0"
impact = "0"
volume_share = "any"
"""
BY_QUEUE = """[venue.fills]
queue = "probabilistic"
queue_power = "2"
"""
MAKER_KEYS = 'size = 0.1\nhalf_spread = 2.0\nskew = 1.0\nposition_max = 1.0\nevery = "100ms"'


def head(
    *, latency: str = "1ns", response: str = "0ns", maker_fee: str = "0", taker_fee: str = "0.0005",
    venue_keys: str = "",
) -> str:  # fmt: skip
    return HEAD.format(
        latency=latency, response=response, maker_fee=maker_fee, taker_fee=taker_fee, venue_keys=venue_keys
    )


def instrument(name: str, *files: Path) -> str:
    """One instrument and the files about it."""
    feeds = [FILE.format(name=f"{file.stem}", file=file, instrument=name) for file in files]
    return FEED.format(instrument=name) + "".join(feeds)


def strategy(name: str, path: str, about: str = INSTRUMENT, keys: str = "") -> str:
    return STRATEGY.format(name=name, path=path, instrument=about, keys=keys)


def ema_keys(on: str) -> str:
    return f'on = "{on}"\nfast = 10\nslow = 20\nsize = 0.1'
