"""Small files that are replaced whole, so that a reader never sees half of one."""

from __future__ import annotations

import os
from pathlib import Path

from letrade.core.errors import ResourceError


def replace_file(path: Path, body: bytes) -> None:
    """ResourceError where the folder cannot be written."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(body)
        os.replace(part, path)
    except OSError as error:
        raise ResourceError(f"{path}: cannot be written: {error.strerror or error}") from error
