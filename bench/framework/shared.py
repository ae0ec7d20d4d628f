"""Finds inputs whose right answers are known, beside the checkout; where there are none, seeded ones are made."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def shared_input(name: str) -> Path | None:
    """A file of $LETRADE_SHARED/bench, else of ../shared/bench next to the checkout."""
    found = Path(os.environ.get("LETRADE_SHARED") or ROOT.parent / "shared") / "bench" / name
    return found if found.exists() else None
