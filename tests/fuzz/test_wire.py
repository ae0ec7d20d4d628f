"""The fuzz target itself: its seeds find no difference, and it finds one where there is one."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.fuzz.wire import check, seconds, seeds, write_corpus
from tests.hotpath.sessions import RECORDED
from tests.models.outbox import SlowOutbox
from tests.models.wire import Message, SlowRoute, SlowWire


def test_the_seeds_find_no_difference(tmp_path: Path) -> None:
    corpus, dictionary = write_corpus(tmp_path)
    assert len(list(corpus.iterdir())) == len(list(seeds())) > 40
    assert dictionary.read_text().isascii()
    for seed in corpus.iterdir():
        check(seed.read_bytes(), SlowWire, SlowOutbox)


class Careless(SlowWire):
    """Takes what a stream delivers for what somebody published."""

    def _deliver(self, route: SlowRoute, message: Message) -> None:
        super()._deliver(route, Message(message.subject, message.sid, b"", message.headers, message.payload))


def test_a_difference_is_found() -> None:
    with pytest.raises(AssertionError, match="its twin"):
        check(bytes(4) + RECORDED, Careless, SlowOutbox)


def test_a_time_is_told_in_seconds_minutes_or_hours() -> None:
    assert [seconds(text) for text in ("90", "90s", "10m", "1h")] == [90, 90, 600, 3600]
    for text in ("", "0s", "-1s", "soon", "1d"):
        with pytest.raises(argparse.ArgumentTypeError):
            seconds(text)
