"""Runs every benchmark for a short while: `make bench`, or `python -m letrade.bench --for 60s`."""

from __future__ import annotations

import sys

from letrade.bench import desk_load

if __name__ == "__main__":
    sys.exit(desk_load.main())
