"""Where each value of a configuration came from, and all that is wrong with it, told in one error."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from letrade.core.errors import ConfigurationError

PROBLEMS_SHOWN_MAX = 50

Place = tuple[str, ...]
"""Keys from the root; a list item is its name, or `[3]` where it has none."""

_BARE = re.compile(r"[A-Za-z0-9_@-]+|\[[0-9]+\]", re.ASCII)


def show_place(place: Place) -> str:
    """`actor.ma_cross-1.fast`, `instrument."binance.BTC-USDT".tick`, `feed[2].files[0]`."""
    words = [word if _BARE.fullmatch(word) else f'"{word}"' for word in place]
    return "".join(word if word.startswith("[") or i == 0 else f".{word}" for i, word in enumerate(words))


@dataclass(frozen=True)
class Origin:
    """Who gave a value: a file, an environment variable (with its text as it stood there), or the caller."""

    label: str
    is_file: bool = False
    text: str | None = None


@dataclass
class Origins:
    """The origin of each value, by place."""

    by_place: dict[Place, Origin] = field(default_factory=dict)

    def of(self, place: Place) -> Origin | None:
        """The origin of this value, or of the nearest table around it that has one."""
        for length in range(len(place), 0, -1):
            origin = self.by_place.get(place[:length])
            if origin is not None:
                return origin
        return None

    def replace(self, place: Place, origin: Origin) -> None:
        """This value and all within it now come from here."""
        inside = [known for known in self.by_place if len(known) > len(place) and known[: len(place)] == place]
        for known in inside:
            del self.by_place[known]
        self.by_place[place] = origin


@dataclass
class Problems:
    """Collects what is wrong, so that a user mends a file in one go."""

    origins: Origins = field(default_factory=Origins)
    texts: list[str] = field(default_factory=list)

    def add(self, place: Place, text: str) -> None:
        origin = self.origins.of(place)
        source = f"{origin.label}: " if origin is not None else ""
        self.add_text(f"{source}{show_place(place)}: {text}" if place else f"{source}{text}")

    def add_text(self, text: str) -> None:
        if text not in self.texts:
            self.texts.append(text)

    def raise_if_any(self) -> None:
        """ConfigurationError with one line for each problem."""
        if not self.texts:
            return
        shown = self.texts[:PROBLEMS_SHOWN_MAX]
        if len(self.texts) > len(shown):
            shown = [*shown, f"and {len(self.texts) - len(shown)} more"]
        raise ConfigurationError("\n".join(shown))
