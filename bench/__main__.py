"""The benchmark suite by itself: `make bench`, or `python -m letrade.bench publish --for 10s`."""

from __future__ import annotations

import sys

from letrade.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["bench", *sys.argv[1:]]))
