"""Both engines are one for strategies that protect: stops, take-profits, brackets, replaced, early and in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from msgspec import structs

from letrade.core.config.desk import DeskConfig, FillsConfig
from letrade.hotpath.simulation.doubt import Doubtful
from tests.system.odd_desks import odd_desk
from tests.system.two_desks import by_actors, compiled, desk
from tests.system.wild import WildConfig

LINEAR, SPOT = "binance.BTC-USDT_USDT", "binance.BTC-USDT"
ASSUMED = (FillsConfig(), FillsConfig(assume="optimistic"), FillsConfig(assume="pessimistic"))


def protecting(config: DeskConfig, share: float) -> DeskConfig:
    """The same desk, whose strategies protect as often as this."""
    actors = [
        structs.replace(each, config=structs.replace(each.config, protecting=share))
        if isinstance(each.config, WildConfig)
        else each
        for each in config.actors
    ]
    return structs.replace(config, actors=actors)


def fills_of(desks: Iterable[DeskConfig], sure_least: int) -> int:
    """Of desks that were no matter of doubt: all is the same in both engines."""
    fills = sure = 0
    for number, config in enumerate(desks):
        try:
            ours = compiled(protecting(config, (0.2, 0.4, 0.7)[number % 3]))
        except Doubtful:
            continue
        assert ours == by_actors(protecting(config, (0.2, 0.4, 0.7)[number % 3])), f"desk {number}"
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


@pytest.mark.parametrize("kind", ["quotes", "bars", "levels"])
def test_stops_and_take_profits_at_the_edges(tmp_path: Path, kind: str) -> None:
    desks = (odd_desk(tmp_path, seed, kind, (LINEAR, SPOT)) for seed in range(5))
    assert fills_of(desks, 2) > 30
