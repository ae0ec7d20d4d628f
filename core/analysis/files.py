"""A table's columns as a file: Parquet where pyarrow is installed, else numpy's npz."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from letrade.core.errors import DataError


def write_table(folder: Path, name: str, columns: Mapping[str, NDArray[Any]]) -> Path:
    """The file that was written; one of the other kind is taken away, so that none is read by mistake."""
    parquet, npz = folder / f"{name}.parquet", folder / f"{name}.npz"
    pyarrow = _arrow()
    if pyarrow is None:
        np.savez_compressed(npz, **columns)  # type: ignore[arg-type]
        parquet.unlink(missing_ok=True)
        return npz
    # By a stream of ours: pyarrow takes no path with bytes that are no text.
    with parquet.open("wb") as stream:
        pyarrow.parquet.write_table(pyarrow.table(dict(columns)), stream, compression="zstd")
    npz.unlink(missing_ok=True)
    return parquet


def read_table(folder: Path, name: str) -> dict[str, NDArray[Any]]:
    """DataError when there is no such table, or it cannot be read."""
    parquet, npz = folder / f"{name}.parquet", folder / f"{name}.npz"
    if npz.exists():
        try:
            with np.load(npz, allow_pickle=False) as stored:
                return {column: stored[column] for column in stored.files}
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise DataError(f"{npz}: cannot be read: {error}") from error
    if not parquet.exists():
        raise DataError(f"{folder}: expected {parquet.name} or {npz.name}, found neither")
    pyarrow = _arrow()
    if pyarrow is None:
        raise DataError(f"{parquet}: reading it takes pyarrow: pip install 'letrade[data]'")
    try:
        with parquet.open("rb") as stream:
            table = pyarrow.parquet.read_table(stream)
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"{parquet}: cannot be read: {error}") from error
    return {column: table[column].to_numpy() for column in table.column_names}


def _arrow() -> Any:
    """pyarrow; None where it is not installed, or is and cannot be loaded."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        return None
    return pyarrow
