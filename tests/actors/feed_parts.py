"""Feeds for tests: of a file as `--data` would find it, and small files of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from letrade.actors.feeds.guess import feeds_for_files
from letrade.core.actor import Context
from letrade.core.data.columns import Chunk, Columns
from letrade.core.data.messages import Teller
from letrade.core.feed import Feed
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.market import Instrument

MINUTE = 60 * 10**9
START = 1_704_067_200 * 10**9


def feed_of(path: Path | str, *known: Instrument, **settings: Any) -> Feed:
    """The feed of one file; `settings` are keys of its configuration."""
    ((feed_class, config),) = feeds_for_files([str(path)])
    made: Any = type(config)
    given = {name: getattr(config, name) for name in config.__struct_fields__} | settings
    return feed_class("feed", made(**given), Context("test", "", 1, Catalogue(known), None))


def source_of(feed: Feed) -> Columns:
    columns = feed.columns()
    assert columns is not None
    assert len(columns) == 1
    return columns[0]


def chunks_of(feed: Feed) -> list[Chunk]:
    return list(source_of(feed).chunks())


def told(feed: Feed) -> list[Message]:
    """The messages of a feed; its columns tell the same."""
    messages = list(feed.messages())
    assert list(Teller(source_of(feed), feed.name).messages()) == messages
    return messages


def written(path: Path, **arrays: Any) -> Path:
    np.savez(path, **{name: np.asarray(values) for name, values in arrays.items()})
    return path


def quotes(path: Path, **changed: Any) -> Path:
    """Three quotes, 0.1 a tick and 0.001 a lot."""
    columns: dict[str, Any] = {
        "ts": [START, START + 1, START + 2], "bid": [10, 11, 12], "ask": [12, 13, 14], "bsz": [1, 2, 3],
        "asz": [4, 5, 6],
    }  # fmt: skip
    return written(path, **{**columns, **changed})
