"""Data that comes late, for the actors: their venue knows of one delay, the same for all that it hears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from letrade.core.config.desk import DeskConfig
from letrade.core.errors import ConfigurationError
from letrade.core.feed import Feed
from letrade.core.messages.base import Message
from letrade.core.messages.market import Bar, BarOpen

ALONE = "the compiled engine alone knows how it is with a data_latency"


def lags_of(config: DeskConfig) -> dict[str, int]:
    """Of each venue whose data comes late, by how much."""
    return {venue.name: venue.data_latency for venue in config.venues if venue.data_latency is not None}


class LateFeed(Feed):
    """A feed of which all left its venue one `data_latency` before we see it; ConfigurationError for what did not."""

    def __init__(self, feed: Feed, lags: Mapping[str, int]) -> None:
        super().__init__(feed.name, feed.config, feed.context)
        self.feed = feed
        self.lags = lags

    def messages(self) -> Iterator[Message]:
        for message in self.feed.messages():
            venue = str(getattr(message, "instrument", "")).partition(".")[0]
            if venue in self.lags:
                self._check(message, venue)
            yield message

    def _check(self, message: Message, venue: str) -> None:
        if isinstance(message, Bar | BarOpen):
            raise ConfigurationError(
                f"{message.instrument} of {self.name} is told in bars, which are never late: {ALONE}"
            )
        told = getattr(message, "venue_time", 0)
        if told and told != message.time - self.lags[venue]:
            raise ConfigurationError(
                f"the data of {self.name} say themselves when they left {venue}, each at its own delay: {ALONE}"
            )
