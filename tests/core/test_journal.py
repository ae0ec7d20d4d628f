"""What the journal acknowledged is there after kill -9, damage is told, and a full disk loses nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core.errors import DataError, ResourceError
from letrade.core.journal import files
from letrade.core.journal.files import Journal, segment_paths
from letrade.core.journal.recent import Output
from letrade.core.journal.records import MAGIC, Turn, encode_turn, frame, whole_frames
from tests.core.appender import turn_of
from tests.data import ROOT


def journal_of(folder: Path, turns: int, rotate_every: int = 0) -> Journal:
    journal = Journal(folder, fsync="never")
    for number in range(journal.last_turn + 1, journal.last_turn + turns + 1):
        journal.append(turn_of(number))
        if rotate_every and number % rotate_every == 0:
            journal.rotate()
    return journal


def numbers_in(folder: Path) -> list[int]:
    return [turn.number for turn in Journal(folder).turns()]


def appender(folder: Path, rotate_every: int = 0, size: int = 0, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.core.appender", str(folder), "never", str(rotate_every), str(size)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


def test_turns_come_back_as_they_were_and_go_on_after_a_restart(tmp_path: Path) -> None:
    journal_of(tmp_path, 30, rotate_every=7).close()
    journal = journal_of(tmp_path, 5)
    assert (journal.last_turn, journal.last_output) == (35, 70)
    assert list(journal.turns()) == [turn_of(number) for number in range(1, 36)]
    assert [turn.number for turn in journal.turns(after=33)] == [34, 35]
    assert list(journal.turns(after=35)) == []


@pytest.mark.parametrize("seed", range(10))
def test_what_was_acknowledged_survives_two_kills_anywhere(seed: int, tmp_path: Path) -> None:
    chance = Random(seed)
    kept = 0
    for _ in range(2):
        process = appender(tmp_path, rotate_every=chance.choice((0, 5, 40)), size=chance.choice((0, 3, 5_000)))
        assert process.stdout is not None
        wanted = kept + chance.randint(1, 300)
        with process:
            for line in process.stdout:
                kept = int(line)
                if kept == wanted:
                    process.kill()
        assert kept >= wanted
        journal = Journal(tmp_path)
        assert [turn.number for turn in journal.turns()] == list(range(1, journal.last_turn + 1))
        assert kept <= journal.last_turn
        assert journal.last_output == 2 * journal.last_turn
        kept = journal.last_turn


@given(st.integers(1, 8), st.data())
def test_a_write_torn_anywhere_is_cut_and_the_rest_is_kept(
    tmp_path_factory: pytest.TempPathFactory, turns: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    journal_of(folder, turns).close()
    (path,) = segment_paths(folder)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    garbage = data.draw(st.sampled_from([b"", b"\0" * 4096, b"\xff" * 30]))
    path.write_bytes(whole[:cut] + garbage)
    if cut < len(MAGIC) and garbage:
        with pytest.raises(DataError, match="expected a journal"):
            Journal(folder)
        return
    ends = [end for end, _ in whole_frames(whole, len(MAGIC))]
    kept = sum(end <= cut for end in ends)
    journal = Journal(folder)
    assert (journal.last_turn, journal.last_output) == (kept, 2 * kept)
    journal.append(turn_of(kept + 1))
    assert list(Journal(folder).turns()) == [turn_of(number) for number in range(1, kept + 2)]


@given(st.data())
def test_bytes_changed_anywhere_are_cut_or_told_and_never_believed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    journal_of(folder, 9, rotate_every=3).close()
    path = data.draw(st.sampled_from(segment_paths(folder)))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        turns = list(Journal(folder).turns())
    except DataError:
        return
    assert turns == [turn_of(number) for number in range(1, len(turns) + 1)]
    # What is left can be taken for a crash: the last turn, or one whose length is what was changed.
    assert len(turns) >= 6


def test_a_damaged_turn_that_others_follow_is_told_and_nothing_is_cut(tmp_path: Path) -> None:
    journal_of(tmp_path, 9).close()
    (path,) = segment_paths(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(MAGIC) + 20] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged, and others follow"):
        Journal(tmp_path)
    assert path.read_bytes() == content


def test_a_segment_that_is_gone_is_told(tmp_path: Path) -> None:
    journal_of(tmp_path, 9, rotate_every=3).close()
    segment_paths(tmp_path)[1].unlink()
    with pytest.raises(DataError, match="expected turn 4, found 7"):
        numbers_in(tmp_path)


def test_a_frame_that_is_whole_but_no_turn_is_told(tmp_path: Path) -> None:
    (tmp_path / f"{1:020d}.journal").write_bytes(MAGIC + frame(b"\x93abc"))
    with pytest.raises(DataError, match="journal turn"):
        Journal(tmp_path)


def full_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a file system of 1 MB is needed, and only root may mount one: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(name="disk")
def small_disk(tmp_path: Path) -> Iterator[Path]:
    yield from full_disk(tmp_path / "disk")


def check_full_run(folder: Path, process: subprocess.Popen[str]) -> int:
    """The turns kept: those on the disk, then those in the reserve, then a refusal."""
    assert process.stdout is not None
    with process:
        lines = process.stdout.read().splitlines()
    assert process.returncode == 0
    assert lines[-1].startswith(f"refused {folder}: the journal cannot be written: ")
    places = ["full" if line.startswith("full ") else "free" for line in lines[:-1]]
    assert places == sorted(places, key="free full".index)
    assert places.count("full") > 0
    assert places.count("free") > 0
    assert [int(line.split()[-1]) for line in lines[:-1]] == list(range(1, len(lines)))
    kept = [turn.number for path in segment_paths(folder) for turn in files.read_segment(path)[0]]
    assert kept == list(range(1, len(lines)))
    return len(lines) - 1


def test_a_full_disk_is_told_and_the_reserve_is_there_for_what_closes(disk: Path) -> None:
    kept = check_full_run(disk, appender(disk, size=3_000))
    with pytest.raises(ResourceError, match="free the disk"):
        Journal(disk)  # no room for a new reserve
    subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
    assert numbers_in(disk) == list(range(1, kept + 1))
    assert Journal(disk).last_turn == kept


def test_a_disk_that_fills_at_a_new_segment_is_told_too(disk: Path) -> None:
    kept = check_full_run(disk, appender(disk, rotate_every=1, size=3_000))
    subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
    assert numbers_in(disk) == list(range(1, kept + 1))


def test_a_limit_on_file_size_is_told_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    limit = 300_000
    process = appender(
        tmp_path, size=3_000, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    assert process.stdout is not None
    with process:
        lines = process.stdout.read().splitlines()
    assert lines[-1].startswith("refused")
    assert numbers_in(tmp_path) == list(range(1, len(lines)))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot be written"):
        Journal(tmp_path / "file" / "journal")


def test_outputs_are_the_same_from_memory_and_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RECENT_MAX", 30)
    monkeypatch.setattr(files, "OLDER_MAX", 20)
    expected = [
        Output(1, 2 * n - 1 + place, b"%d %s" % (n, b"ab"[place : place + 1])) for n in range(1, 51) for place in (0, 1)
    ]
    writing = journal_of(tmp_path, 50, rotate_every=8)
    reading = Journal(tmp_path)
    for journal in (writing, reading):
        for sequence in (0, 1, 15, 16, 17, 69, 70, 71, 99):
            for limit in (1, 7, 1_000):
                found = journal.read_after(sequence, limit)
                assert found == expected[sequence : sequence + len(found)]
                assert 0 < len(found) <= limit
        assert journal.read_after(100, 5) == journal.read_after(10**9, 5) == []
        read: list[Output] = []
        while batch := journal.read_after(len(read), 7):
            read.extend(batch)
        assert read == expected


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The segments that are read from now on."""
    reads: list[Path] = []
    original = files.read_segment

    def counted(path: Path) -> tuple[list[Turn], int]:
        reads.append(path)
        return original(path)

    monkeypatch.setattr(files, "read_segment", counted)
    return reads


def test_a_reader_far_behind_does_not_read_the_files_for_every_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal_of(tmp_path, 200, rotate_every=50).close()
    journal = Journal(tmp_path)
    reads = count_reads(monkeypatch)
    count = 0
    while batch := journal.read_after(count, 10):
        count += len(batch)
    assert count == 400
    assert len(reads) < 10


def test_only_what_a_snapshot_and_the_stream_both_have_is_dropped(tmp_path: Path) -> None:
    journal = journal_of(tmp_path, 50, rotate_every=10)
    paths = segment_paths(tmp_path)
    journal.drop_before(turn=50, shipped=100)
    assert segment_paths(tmp_path) == paths  # there is room
    journal.bytes_max = 0
    journal.drop_before(turn=50, shipped=19)
    journal.drop_before(turn=9, shipped=100)
    assert segment_paths(tmp_path) == paths
    journal.drop_before(turn=50, shipped=20)
    assert segment_paths(tmp_path) == paths[1:]
    journal.drop_before(turn=30, shipped=100)
    assert segment_paths(tmp_path) == paths[3:]
    journal.drop_before(turn=50, shipped=100)
    assert segment_paths(tmp_path) == paths[4:]  # the last is never dropped: the numbers go on from it
    again = Journal(tmp_path)
    assert (again.last_turn, again.last_output) == (50, 100)
    assert again.read_after(80, 3)[0].sequence == 81


def test_dropping_does_not_read_the_same_segments_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = journal_of(tmp_path, 50, rotate_every=10)
    journal.bytes_max = 0
    reads = count_reads(monkeypatch)
    for _ in range(100):
        journal.drop_before(turn=50, shipped=19)
    assert reads == []


def test_numbers_go_on_when_the_only_segment_was_torn_at_its_first_turn(tmp_path: Path) -> None:
    """A snapshot tells the number; the journal takes it from the turn."""
    (tmp_path / f"{41:020d}.journal").write_bytes(MAGIC + encode_turn(turn_of(41))[:-1])
    journal = Journal(tmp_path)
    assert segment_paths(tmp_path) == []
    journal.append(turn_of(41))
    assert journal.last_output == 82
    assert journal.read_after(80, 9) == [Output(1, 81, b"41 a"), Output(1, 82, b"41 b")]


@pytest.mark.parametrize(("fsync", "syncs"), [("always", 4), ("interval", 0), ("never", 0)])
def test_the_fsync_policy_is_kept(fsync: str, syncs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    journal = Journal(tmp_path, fsync)
    for number in (1, 2, 3):
        journal.append(turn_of(number))
    assert len(calls) == syncs
    journal.sync()
    assert len(calls) == syncs + 1
