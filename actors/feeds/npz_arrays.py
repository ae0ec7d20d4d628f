"""Arrays of an .npz file, side by side and a window at a time: a file of any size takes the memory of a window."""

from __future__ import annotations

import functools
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np
from numpy.lib import format as npy

from letrade.core.data.columns import IntArray
from letrade.core.errors import DataError


class Stored(NamedTuple):
    """An array as its header describes it; 0 is the length of what is no list."""

    length: int
    dtype: np.dtype[Any]
    dimensions: int = 1


def stored_arrays(path: str) -> dict[str, Stored]:
    """The arrays of a file by name; 0 is the length of what is no list. DataError when it is no .npz file."""
    try:
        found = Path(path).stat()
        return _headers(path, found.st_mtime_ns, found.st_size)
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError) as error:
        raise DataError(f"{path}: expected a whole .npz file, found it damaged or of another kind: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: expected an .npz file, found none: {error.strerror or error}") from error


@functools.lru_cache(maxsize=1024)
def _headers(path: str, changed_ns: int, size: int) -> dict[str, Stored]:
    """Remembered for as long as the file is the same: with hundreds of files the headers are most of a start."""
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): _header(archive, name, path)[1] for name in archive.namelist()}


def _header(archive: zipfile.ZipFile, name: str, path: str) -> tuple[IO[bytes], Stored]:
    """The stream behind the header, and what the header says."""
    stream = archive.open(name)
    read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(stream)
    if version not in read_header:
        raise DataError(f"{path}: expected {name} in npy format 1 or 2, found {version}")
    shape, _, dtype = read_header[version](stream)
    return stream, Stored(shape[0] if len(shape) == 1 else 0, dtype, len(shape))


def windows(path: str, names: Sequence[str], rows: int) -> Iterator[list[IntArray]]:
    """The named arrays as int64, `rows` at a time. DataError when they differ in length, or are no whole numbers."""
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
    total = lengths[names[0]]
    with ExitStack() as stack:
        archive = stack.enter_context(zipfile.ZipFile(path))
        streams = [_header(archive, f"{name}.npy", path)[0] for name in names]
        for stream in streams:
            stack.enter_context(stream)
        for start in range(0, total, rows):
            count = min(rows, total - start)
            yield [
                _taken(path, name, stream, stored[name].dtype, count)
                for name, stream in zip(names, streams, strict=True)
            ]


def _taken(path: str, name: str, stream: IO[bytes], dtype: np.dtype[Any], count: int) -> IntArray:
    wanted = count * dtype.itemsize
    try:
        body = stream.read(wanted)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise DataError(f"{path}: expected a whole .npz file, found {name} damaged: {error}") from error
    if len(body) != wanted:
        raise DataError(f"{path}: expected {count} more numbers in {name}, found {len(body) // dtype.itemsize}")
    return cast(IntArray, np.frombuffer(body, dtype=dtype).astype(np.int64, copy=False))


def is_npz(path: str) -> bool:
    """Whether a zip file holds arrays; a packed table is a zip file too."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: expected a whole .npz or zip file: {error}") from error
