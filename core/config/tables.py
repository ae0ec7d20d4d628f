"""What all tables of a desk file have in common."""

from __future__ import annotations

import msgspec


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a desk file; durations are integer ns, money and prices exact decimals."""
