"""Files as they are, or unpacked while they are read: gzip, or zip with one member."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import IO, cast

from letrade.core.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"


def open_packed(path: str) -> IO[bytes]:
    """The file's bytes, unpacked when it is gzip or a zip file of one member. DataError when it cannot be read."""
    try:
        with Path(path).open("rb") as peeked:
            magic = peeked.read(4)
        if magic.startswith(GZIP_MAGIC):
            return io.BufferedReader(cast(io.RawIOBase, gzip.open(path, "rb")), 1 << 18)
        if magic != ZIP_MAGIC:
            return Path(path).open("rb")
        archive = zipfile.ZipFile(path)
        if len(archive.namelist()) != 1:
            raise DataError(f"{path}: expected a zip file of one table, found {len(archive.namelist())} members")
        return archive.open(archive.namelist()[0])
    except zipfile.BadZipFile as error:
        raise DataError(f"{path}: expected a whole zip file: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: expected a table of market data, found none: {error.strerror or error}") from error


def stem_of(path: str) -> str:
    """The name without what the packing and the form add: `BTCUSDT-1h-2024-01.csv.gz` is BTCUSDT-1h-2024-01."""
    return Path(path).name.removesuffix(".gz").removesuffix(".zip").rsplit(".", 1)[0]
