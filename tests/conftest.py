"""Settings that all tests share."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# No deadline: a test never asserts a time. In CI the examples are the same in each run.
settings.register_profile("desk", deadline=None, max_examples=100)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# Whoever begins the tests in the background (`nohup make test &`) has them and all that they begin born deaf to Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _what_all_share_is_unchanged() -> Iterator[None]:
    """No compiled code, ours or another's, has written over the bytes of one character that all of Python shares."""
    yield
    assert [number for number in range(256) if bytes([number])[0] != number or ord(chr(number)) != number] == []
