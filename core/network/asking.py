"""Requests that wait for their reply, each until its time is over; one look at all of them now and then, no timers."""

from __future__ import annotations

import asyncio

from letrade.core.errors import LetradeError, NatsError, TimeoutExpired

NO_RESPONDERS = b"NATS/1.0 503"
LOOK_SECONDS = 0.01
LOOK_SECONDS_EACH = 2e-6
"""With very many waiting the looks are rarer, so that they never cost more than some percent."""

Waiting = tuple[asyncio.Future[bytes], float, str, float]
"""(future, when its time is over, the subject that was asked, how long it may take in seconds)."""


class Asking:
    """The replies of one link, by token."""

    def __init__(self) -> None:
        self._waiting: dict[int, Waiting] = {}
        self._last_token = 0
        self._look: asyncio.TimerHandle | None = None
        self._look_at = 0.0

    def new_token(self) -> int:
        self._last_token += 1
        return self._last_token

    def wait(self, token: int, subject: str, timeout_seconds: float) -> asyncio.Future[bytes]:
        """Remember that a reply is to come."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bytes] = loop.create_future()
        until = loop.time() + timeout_seconds
        self._waiting[token] = (future, until, subject, timeout_seconds)
        if self._look is None or until < self._look_at:
            self._look_again(until)
        return future

    def _look_again(self, at: float) -> None:
        if self._look is not None:
            self._look.cancel()
        self._look_at = at
        self._look = asyncio.get_running_loop().call_at(at, self._end_overdue)

    def answer(self, token: int, payload: bytes, headers: bytes) -> None:
        """A reply came; nobody may be waiting for it any more."""
        waiting = self._waiting.pop(token, None)
        if waiting is None or waiting[0].done():
            return
        if headers and headers.startswith(NO_RESPONDERS):
            waiting[0].set_exception(NatsError(f"nobody listens on the subject that was asked: {waiting[2]}"))
        else:
            waiting[0].set_result(payload)

    def refuse(self, subject: str, error: LetradeError) -> None:
        """The server did not take what was published there."""
        for token, waiting in list(self._waiting.items()):
            if waiting[2] == subject:
                self.fail(token, error)

    def forget(self, why: str) -> None:
        """No reply can come any more to what was asked so far."""
        for token in list(self._waiting):
            self.fail(token, TimeoutExpired(why))
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def fail(self, token: int, error: LetradeError) -> None:
        """This one is over."""
        future = self._waiting.pop(token)[0]
        if not future.done():
            future.set_exception(error)

    def _end_overdue(self) -> None:
        now = asyncio.get_running_loop().time()
        for token, (_, until, subject, timeout_seconds) in list(self._waiting.items()):
            if until <= now:
                self.fail(token, TimeoutExpired(f"no answer on {subject} within {timeout_seconds:g} s"))
        self._look = None
        if self._waiting:
            soonest = min(until for _, until, _, _ in self._waiting.values())
            self._look_again(max(soonest, now + LOOK_SECONDS + LOOK_SECONDS_EACH * len(self._waiting)))
