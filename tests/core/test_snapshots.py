"""A snapshot is whole or not there; a damaged one costs a longer replay and no data."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core.errors import DataError, ResourceError
from letrade.core.journal.records import MAGIC, frame
from letrade.core.journal.snapshots import KEEP, Snapshot, SnapshotStore


def snapshot(turn: int) -> Snapshot:
    return Snapshot(
        turn=turn, last_output=2 * turn, window=turn, time=turn, node=[turn, {"a": None}], seen={"feed trade": turn}
    )


def test_the_newest_comes_back_and_the_last_ones_are_kept(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    assert (store.newest(), store.oldest_turn()) == (None, 0)
    for turn in (1, 2, 30):
        store.write(snapshot(turn))
    assert store.newest() == snapshot(30)
    assert store.oldest_turn() == 2
    assert len(list(tmp_path.iterdir())) == KEEP


@given(st.data())
def test_a_newest_one_damaged_anywhere_gives_the_one_before(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    store = SnapshotStore(tmp_path_factory.mktemp("snapshots"))
    store.write(snapshot(1))
    path = store.write(snapshot(2))
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    path.write_bytes(content)
    assert store.newest() == snapshot(1)


def test_one_that_was_never_finished_is_not_seen(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    store.write(snapshot(1))
    (tmp_path / "00000000000000000002.new").write_bytes(b"half")
    assert store.newest() == snapshot(1)


def test_one_of_another_format_is_told(tmp_path: Path) -> None:
    (tmp_path / f"{5:020d}.snapshot").write_bytes(MAGIC + frame(msgspec.msgpack.encode(["not", "ours"])))
    with pytest.raises(DataError, match="--fresh"):
        SnapshotStore(tmp_path).newest()


def test_a_disk_that_refuses_is_told_and_the_old_ones_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SnapshotStore(tmp_path)
    store.write(snapshot(1))

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(ResourceError, match="No space left"):
        store.write(snapshot(2))
    assert store.newest() == snapshot(1)
    assert len(list(tmp_path.iterdir())) == 1
