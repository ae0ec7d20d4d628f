"""Both engines are one for strategies that protect: stops, take-profits, brackets, replaced, early and in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from msgspec import structs

from letrade.assembly import assemble
from letrade.core.config.desk import DeskConfig, FillsConfig
from letrade.core.ids import generator
from letrade.hotpath.simulation.doubt import Doubtful
from tests.system.odd_desks import MIDDLE, odd_desk
from tests.system.two_desks import by_actors, compiled, desk, values
from tests.system.wild import WildConfig

LINEAR, SPOT = "binance.BTC-USDT_USDT", "binance.BTC-USDT"
LAST = ("last",)
ASSUMED = (FillsConfig(), FillsConfig(assume="optimistic"), FillsConfig(assume="pessimistic"))


TRIGGERS = (("last",), ("mark",), ("last", "mark", "index", "bid"))


def protecting(config: DeskConfig, share: float, trailing: float = 0.0, triggers: tuple[str, ...] = LAST) -> DeskConfig:
    """The same desk, whose strategies protect as often as this, and so many of their stops trail."""
    actors = [
        structs.replace(
            each,
            config=structs.replace(each.config, protecting=share, trailing=trailing, triggers=triggers),
        )
        if isinstance(each.config, WildConfig)
        else each
        for each in config.actors
    ]
    return structs.replace(config, actors=actors)


def fills_of(desks: Iterable[DeskConfig], sure_least: int) -> int:
    """Of desks that were no matter of doubt: all is the same in both engines."""
    fills = sure = 0
    for number, config in enumerate(desks):
        wild = protecting(config, (0.2, 0.4, 0.7)[number % 3], (0.0, 0.5)[number % 2], TRIGGERS[number % 3])
        try:
            ours = compiled(wild)
        except Doubtful:
            continue
        assert ours == by_actors(wild), f"desk {number}"
        fills, sure = fills + ours[0]["fills"], sure + 1
    assert sure >= sure_least
    return fills


@pytest.mark.parametrize("kinds", [("quotes",), ("trades",), ("bars",), ("quotes", "trades")], ids="-".join)
@pytest.mark.parametrize("names", [(LINEAR,), (SPOT,), (LINEAR, SPOT)], ids=len)
def test_stops_and_take_profits_on_any_data(tmp_path: Path, kinds: tuple[str, ...], names: tuple[str, ...]) -> None:
    def desks() -> Iterator[DeskConfig]:
        for seed in range(4):
            config = desk(tmp_path, seed, kinds, names=names, funded=seed == 0 and names[0] == LINEAR)
            venue = structs.replace(config.venues[0], fills=ASSUMED[seed % 3])
            yield structs.replace(config, venues=[venue])

    assert fills_of(desks(), 2) > 50


def with_values(folder: Path, seed: int, names: tuple[str, ...], every: int, middle: float = 100.0) -> DeskConfig:
    """The desk that was drawn last, with mark and index prices that wander or jump, most of them."""
    random, text = generator(seed, "values", *names), (folder / "desk.toml").read_text()
    for name in names:
        for kind in ("marks", "index"):
            if random.random() < 0.9:
                text += values(folder, kind, name, every, random, middle=middle, walks=random.random() < 0.8)
    (folder / "desk.toml").write_text(text)
    return assemble(folder / "desk.toml", {})


@pytest.mark.parametrize(
    ("kinds", "every"),
    [(("quotes",), 37), (("trades",), 50), (("bars",), 30_000), (("quotes", "trades"), 100)],
    ids=str,
)
@pytest.mark.parametrize("names", [(LINEAR,), (LINEAR, SPOT)], ids=len)
def test_mark_and_index_prices_reach_stops_that_trail_or_stand(
    tmp_path: Path, kinds: tuple[str, ...], every: int, names: tuple[str, ...]
) -> None:
    def desks() -> Iterator[DeskConfig]:
        for seed in range(6):
            desk(tmp_path, seed, kinds, names=names)
            config = with_values(tmp_path, seed, names, every)
            yield structs.replace(config, venues=[structs.replace(config.venues[0], fills=ASSUMED[seed % 3])])

    assert fills_of(desks(), 3) > 100


def test_marks_reach_protections_where_data_are_seen_late(tmp_path: Path) -> None:
    def desks() -> Iterator[DeskConfig]:
        for seed in range(6):
            desk(tmp_path, seed, ("quotes", "trades"), names=(LINEAR, SPOT))
            config = with_values(tmp_path, seed, (LINEAR, SPOT), 37)
            venue = structs.replace(config.venues[0], data_latency=config.venues[0].response_latency)
            yield structs.replace(config, venues=[venue])

    assert fills_of(desks(), 3) > 100


def test_marks_reach_protections_on_books_of_odd_grids(tmp_path: Path) -> None:
    def desks() -> Iterator[DeskConfig]:
        for seed in range(6):
            tick = odd_desk(tmp_path, seed, "levels", (LINEAR, SPOT)).instruments[0].tick
            yield with_values(tmp_path, seed, (LINEAR, SPOT), 40, middle=MIDDLE * float(tick or 0))

    assert fills_of(desks(), 2) > 30


@pytest.mark.parametrize("kind", ["quotes", "bars", "levels"])
def test_stops_and_take_profits_at_the_edges(tmp_path: Path, kind: str) -> None:
    desks = (odd_desk(tmp_path, seed, kind, (LINEAR, SPOT)) for seed in range(5))
    assert fills_of(desks, 2) > 30
