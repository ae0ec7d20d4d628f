"""The index of cross accounts: what computing every account anew at every tick would find, at a part of the cost."""

from __future__ import annotations

import math

import numpy as np
import pytest

from letrade.hotpath.liquidation.liquidation_cross import CrossIndex
from tests.hotpath.liquidation.accounts import columns
from tests.hotpath.liquidation.cross_commands import CrossCommands
from tests.models.liquidation_cross import SlowAccount, SlowLeg

NOT_VALUES = [0.0, -1.0, math.nan, math.inf, -math.inf, 1e101]


def linear(instrument: int, quantity: float, entry: float, rate: float = 0.01) -> SlowLeg:
    return SlowLeg(instrument, ((0.0, -quantity * entry, quantity - abs(quantity) * rate),))


def index_of(*accounts: SlowAccount, values: tuple[float, ...] = (100.0, 100.0)) -> tuple[CrossIndex, list[int]]:
    index, handles = CrossIndex(np.array(values)), np.zeros(len(accounts), np.int64)
    index.load(*columns(accounts), handles)
    return index, handles.tolist()


def fired(index: CrossIndex, instrument: int, value: float, room: int = 100) -> list[int]:
    out = np.zeros(room, np.int64)
    return [int(handle) for handle in out[: index.tick(instrument, value, out)]]


@pytest.mark.parametrize("bands_per_tick", [0, 2, 2_000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_thousands_of_commands_give_what_computing_all_anew_gives(seed: int, bands_per_tick: int) -> None:
    CrossCommands(seed, bands_per_tick).run(4_000, 100)


def test_an_account_fires_at_the_first_double_without_slack_and_not_before() -> None:
    index, handles = index_of(SlowAccount(10.0, [SlowLeg(0, ((0.0, -100.0, 1.0),))]))
    assert fired(index, 0, math.nextafter(90.0, 100.0)) == []
    assert fired(index, 0, 90.0) == handles


def test_a_hedged_account_is_looked_at_seldom_and_never_fires() -> None:
    index, _ = index_of(SlowAccount(10.0, [linear(0, 1.0, 100.0), linear(0, -1.0, 100.0)]))
    assert fired(index, 0, 100.0) == []
    assert index.watched == 0
    assert [fired(index, 0, value) for value in (1.0, 400.0, 50.0)] == [[], [], []]
    assert fired(index, 0, 500.0) == [4294967297]


def test_what_one_leg_gains_another_may_lose() -> None:
    index, handles = index_of(SlowAccount(10.0, [linear(0, 1.0, 100.0), linear(1, -1.0, 100.0)]))
    assert fired(index, 0, 150.0) == []
    assert fired(index, 1, 150.0) == []
    assert fired(index, 0, 140.0) == handles
    assert index.slack(handles[0]) == pytest.approx(10 - 10 - 1.4 - 1.5)


def test_a_tier_that_jumps_fires_a_long_account_on_the_way_up() -> None:
    leg = SlowLeg(0, ((0.0, -100.0, 0.99), (120.0, -100.0, 0.5)))
    index, handles = index_of(SlowAccount(10.0, [leg]))
    assert fired(index, 0, math.nextafter(120.0, 0.0)) == []
    assert fired(index, 0, 120.0) == handles


def test_a_tier_that_jumps_fires_on_the_way_down_too() -> None:
    leg = SlowLeg(0, ((0.0, 50.0, -1.0), (80.0, 100.0, -1.0)))
    index, handles = index_of(SlowAccount(10.0, [leg]))
    assert fired(index, 0, 80.0) == []
    assert fired(index, 0, math.nextafter(80.0, 0.0)) == handles


def test_an_account_fires_once_until_it_is_changed() -> None:
    account = SlowAccount(10.0, [linear(0, 1.0, 100.0)])
    index, (handle,) = index_of(account)
    assert [fired(index, 0, value) for value in (80.0, 200.0, 80.0)] == [[handle], [], []]
    index.set_base(handle, 20.0)
    assert fired(index, 1, 100.0) == [handle]
    index.update(handle, *columns([SlowAccount(50.0, account.legs)]))
    assert [fired(index, 0, value) for value in (80.0, 50.0, 49.0)] == [[], [handle], []]


def test_what_finds_no_room_is_told_by_later_ticks_wherever_they_are() -> None:
    account = SlowAccount(10.0, [linear(0, 1.0, 100.0)])
    index, handles = index_of(account, account, account, account)
    assert fired(index, 0, 80.0, room=1) == handles[:1]
    assert index.waiting == 3
    index.set_base(handles[2], 100.0)
    assert fired(index, 1, 300.0, room=1) == handles[1:2]
    assert fired(index, 0, 200.0) == handles[3:]


def test_accounts_get_bands_a_few_at_a_tick_and_are_watched_until_then() -> None:
    accounts = [SlowAccount(10.0, [linear(0, 1.0, 100.0), linear(1, 1.0, 100.0)]) for _ in range(50)]
    index = CrossIndex(np.array([100.0, 100.0]), bands_per_tick=30)
    handles = np.zeros(50, np.int64)
    index.load(*columns(accounts), handles)
    watched = []
    for _ in range(6):
        assert fired(index, 0, 100.0) == []
        watched.append(index.watched)
    assert watched == [40, 30, 20, 10, 0, 0]


def test_a_quiet_tick_watches_nobody_and_one_that_leaves_bands_draws_them_anew() -> None:
    index, handles = index_of(*[SlowAccount(10.0 + place, [linear(0, 1.0, 100.0)]) for place in range(20)])
    for value in (100.0, 99.0, 101.0, 98.0, 95.0, 92.0, 91.5):
        assert fired(index, 0, value) == []
        assert index.watched == 0
    assert fired(index, 0, 85.0) == handles[:6]


@pytest.mark.parametrize("value", NOT_VALUES)
def test_what_is_no_value_is_refused(value: float) -> None:
    index, _ = index_of(SlowAccount(10.0, [linear(0, 1.0, 100.0)]))
    with pytest.raises(ValueError, match="above 0"):
        fired(index, 0, value)
    with pytest.raises(ValueError, match="instrument 1"):
        CrossIndex(np.array([1.0, value]))
    assert index.value(0) == 100.0


BAD_ACCOUNTS = [
    (SlowAccount(math.nan, []), "base"),
    (SlowAccount(math.inf, []), "base"),
    (SlowAccount(1.0, [SlowLeg(2, ((0.0, 1.0, 1.0),))]), "instruments are 0 to 1"),
    (SlowAccount(1.0, [SlowLeg(-1, ((0.0, 1.0, 1.0),))]), "instruments are 0 to 1"),
    (SlowAccount(1.0, [SlowLeg(0, ())]), "1 to"),
    (SlowAccount(1.0, [SlowLeg(0, ((1.0, 1.0, 1.0),))]), "from 0 on"),
    (SlowAccount(1.0, [SlowLeg(0, ((0.0, 1.0, 1.0), (5.0, 1.0, 1.0), (5.0, 1.0, 1.0)))]), "must rise"),
    (SlowAccount(1.0, [SlowLeg(0, ((0.0, 1.0, 1.0), (math.nan, 1.0, 1.0)))]), "must rise"),
    (SlowAccount(1.0, [SlowLeg(0, ((0.0, math.nan, 1.0),))]), "constant"),
    (SlowAccount(1.0, [SlowLeg(0, ((0.0, 1.0, math.inf),))]), "slope"),
    (SlowAccount(1.0, [SlowLeg(0, ((0.0, 1.0, 1e101),))]), "slope"),
]


@pytest.mark.parametrize(("account", "reason"), BAD_ACCOUNTS)
def test_a_bad_account_is_refused_whole(account: SlowAccount, reason: str) -> None:
    good = SlowAccount(10.0, [linear(0, 1.0, 100.0)])
    index, handles = index_of(good)
    before, out = index.state_hash(), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match=reason):
        index.load(*columns([good, account]), out)
    with pytest.raises(ValueError, match=reason):
        index.update(handles[0], *columns([account]))
    assert (index.state_hash(), len(index), out.tolist()) == (before, 1, [0, 0])


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    good = columns([SlowAccount(10.0, [linear(0, 1.0, 100.0)])])
    index, handles = index_of(SlowAccount(10.0, [linear(0, 1.0, 100.0)]))
    for place in range(7):
        bad = list(good)
        bad[place] = np.concatenate((good[place], good[place]))
        with pytest.raises(ValueError, match=r"length|expected"):
            index.update(handles[0], *bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="room for 1"):
        index.load(*good, np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="one account"):
        index.update(handles[0], *columns([SlowAccount(1.0, [])] * 2))
    with pytest.raises(TypeError):
        index.load(*good, np.zeros(1, np.float32))
    with pytest.raises(ValueError, match="instruments are"):
        fired(index, 2, 100.0)
    with pytest.raises(ValueError, match="room for one"):
        fired(index, 0, 100.0, room=0)
    for bad_handle in (0, -1, handles[0] + 1, handles[0] + 2**32):
        with pytest.raises(KeyError, match="no account"):
            index.set_base(bad_handle, 1.0)
    assert len(index) == 1
