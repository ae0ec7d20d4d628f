"""Finds the recorded market data that lies beside the checkout, or skips the test that needs it."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_data(relative: str) -> Path:
    """The path of a file or folder under shared/data: in $LETRADE_SHARED, else in ../shared next to the checkout."""
    shared = Path(os.environ.get("LETRADE_SHARED") or ROOT.parent / "shared")
    found = shared / "data" / relative
    if not found.exists():
        pytest.skip(f"{found} is not there: recorded data lies in ../shared next to the checkout or in $LETRADE_SHARED")
    return found
