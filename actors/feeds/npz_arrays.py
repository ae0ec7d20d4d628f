"""Arrays of an .npz file, side by side and a window at a time: a file of any size takes the memory of a window."""

from __future__ import annotations

import functools
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.lib import format as npy

from letrade.actors.feeds.checksums import Checksums, Expected
from letrade.core.errors import DataError

WholeArray: TypeAlias = np.ndarray[Any, np.dtype[np.integer[Any]]]
LENGTHS_AT = 26
"""Where a member's own header tells how long its name and its extra fields are."""
LENGTHS = struct.Struct("<HH")


class Stored(NamedTuple):
    """An array as its header describes it; 0 is the length of what is no list."""

    length: int
    dtype: np.dtype[Any]
    dimensions: int = 1
    start: int | None = None
    """Where its numbers begin in the file; None where they are compressed."""
    header_bytes: int = 0
    checksum: int = 0
    """Of the whole member, as the file has it."""
    header_checksum: int = 0
    """Of what lies before the numbers, as it was read."""


def stored_arrays(path: str) -> dict[str, Stored]:
    """The arrays of a file by name; 0 is the length of what is no list. DataError when it is no .npz file."""
    try:
        found = os.stat(path)
        return _headers(path, found.st_mtime_ns, found.st_size)
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError) as error:
        raise DataError(f"{path}: expected a whole .npz file, found it damaged or of another kind: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: expected an .npz file, found none: {error.strerror or error}") from error


@functools.lru_cache(maxsize=1024)
def _headers(path: str, changed_ns: int, size: int) -> dict[str, Stored]:
    """Remembered for as long as the file is the same: with hundreds of files the headers are most of a start."""
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        return {info.filename.removesuffix(".npy"): _header(archive, info, path, file) for info in archive.infolist()}


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, file: IO[bytes]) -> Stored:
    read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    with archive.open(info) as stream:
        version = npy.read_magic(stream)
        if version not in read_header:
            raise DataError(f"{path}: expected {info.filename} in npy format 1 or 2, found {version}")
        try:
            shape, _, dtype = read_header[version](stream)
        except (ValueError, SyntaxError, tokenize.TokenError) as error:
            found = f"found the header of {info.filename} damaged"
            raise DataError(f"{path}: expected a whole .npz file, {found}") from error
        header_bytes = stream.tell()
    length, dimensions = shape[0] if len(shape) == 1 else 0, len(shape)
    if info.compress_type != zipfile.ZIP_STORED:
        return Stored(length, dtype, dimensions, None, header_bytes)
    start = _member_start(info, file)
    file.seek(start)
    summed = zlib.crc32(file.read(header_bytes))
    return Stored(length, dtype, dimensions, start + header_bytes, header_bytes, info.CRC, summed)


def _member_start(info: zipfile.ZipInfo, file: IO[bytes]) -> int:
    """Behind the member's own header, which ends with a name and extra fields of any length."""
    file.seek(info.header_offset + LENGTHS_AT)
    name, extra = LENGTHS.unpack(file.read(LENGTHS.size))
    return int(info.header_offset + LENGTHS_AT + LENGTHS.size + name + extra)


def windows(path: str, names: Sequence[str], rows: int) -> Iterator[list[WholeArray]]:
    """The named arrays in their own types, `rows` at a time. DataError when they differ in length, or are no whole
    numbers, and, once all of one has passed, when it is not what its checksum says."""
    with _reading(path, names) as (length, read):
        for start in range(0, length, rows):
            yield [read(name, start, min(rows, length - start)) for name in names]


def whole_windows(path: str, names: Sequence[str], rows: int) -> Iterator[list[WholeArray]]:
    """As `windows`, each to the last row that is not 0 in the last of the arrays: that ends what belongs together.

    What follows the last such row of the file is a window of its own.
    """
    with _reading(path, names) as (length, read):
        start = marked = 0
        ends: WholeArray = np.empty(0, np.int8)
        while start < length:
            while not (count := _to_last(ends)) and marked < length:
                more = read(names[-1], marked, min(rows, length - marked))
                ends, marked = np.concatenate((ends, more)) if len(ends) else more, marked + len(more)
            count = count or len(ends)
            yield [*(read(name, start, count) for name in names[:-1]), ends[:count]]
            ends, start = ends[count:], start + count


def _to_last(ends: WholeArray) -> int:
    """How many there are up to the last that is not 0; 0 without one."""
    backwards = ends[::-1] != 0
    return len(ends) - int(backwards.argmax()) if backwards.any() else 0


@contextmanager
def _reading(path: str, names: Sequence[str]) -> Iterator[tuple[int, Callable[[str, int, int], WholeArray]]]:
    """The length of the arrays, and what reads so many of one from a place on; of each one after the other."""
    stored = stored_arrays(path)
    lengths = {name: stored[name].length for name in names}
    if len(set(lengths.values())) != 1:
        raise DataError(f"{path}: expected arrays of one length, found {lengths}")
    for name in names:
        if stored[name].dimensions != 1 or not stored[name].length:
            found = f"{stored[name].dimensions} dimensions" if stored[name].dimensions != 1 else "none"
            raise DataError(f"{path}: expected a list of numbers in {name}, found {found}")
        if stored[name].dtype.kind not in "iu":
            raise DataError(f"{path}: expected whole numbers in {name}, found {stored[name].dtype}")
    with ExitStack() as stack, open(path, "rb", buffering=0) as file:
        streams = dict(zip(names, _streams(stack, file, {name: stored[name] for name in names}), strict=True))
        sums = stack.enter_context(_checksums(path, {name: stored[name] for name in names}))
        yield (
            lengths[names[0]],
            lambda name, start, count: _taken(path, name, streams[name], stored[name], start, count, sums),
        )
        sums.finish()


def _streams(stack: ExitStack, file: IO[bytes], stored: Mapping[str, Stored]) -> list[IO[bytes]]:
    """The one file for all arrays that lie there as they are; for others what inflates them, at the first number."""
    if all(each.start is not None for each in stored.values()):
        return [file] * len(stored)
    archive = stack.enter_context(zipfile.ZipFile(file))
    found: list[IO[bytes]] = []
    for name, each in stored.items():
        found.append(file if each.start is not None else stack.enter_context(archive.open(f"{name}.npy")))
        if each.start is None:
            found[-1].seek(each.header_bytes)
    return found


def _checksums(path: str, stored: Mapping[str, Stored]) -> Checksums:
    """Of arrays that are not compressed: what inflates the others compares theirs."""
    known = {name: each for name, each in stored.items() if each.start is not None}
    return Checksums(
        path, {name: Expected(each.checksum, each.header_checksum, each.length) for name, each in known.items()}
    )


def _taken(
    path: str, name: str, stream: IO[bytes], stored: Stored, start: int, count: int, sums: Checksums
) -> WholeArray:
    found: WholeArray = np.empty(count, stored.dtype)
    try:
        if stored.start is not None:
            stream.seek(stored.start + start * stored.dtype.itemsize)
        read = stream.readinto(found.view(np.uint8))  # type: ignore[attr-defined]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DataError(f"{path}: expected a whole .npz file, found {name} damaged: {error}") from error
    if read != found.nbytes:
        raise DataError(f"{path}: expected {count} more numbers in {name}, found {read // stored.dtype.itemsize}")
    sums.take(name, found, start + count)
    return found


def is_npz(path: str) -> bool:
    """Whether a zip file holds arrays; a packed table is a zip file too."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: expected a whole .npz or zip file: {error}") from error
