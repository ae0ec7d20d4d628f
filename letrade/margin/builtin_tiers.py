"""Leverage tiers of a few main symbols as their venues published them, with the date: a start without any file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from letrade.core.fraction import Fraction
from letrade.core.margin.tiers import Tier, TierTable

BINANCE = "https://www.binance.com/en/futures/trading-rules/perpetual/leverage-margin"
HYPERLIQUID = "https://hyperliquid.gitbook.io/hyperliquid-docs/trading/margin-tiers"


class Published(NamedTuple):
    """What a venue said of one symbol: (cap, rate in 1e-4, highest leverage) from the first tier on. Cap 0: there is no
    end; rate 0: half the initial margin at that leverage."""

    date: str
    source: str
    tiers: tuple[tuple[int, int, int], ...]

    def table(self, symbol: str) -> TierTable:
        floor, rows = Fraction(0), []
        for cap, rate, leverage in self.tiers:
            end = Fraction(cap) if cap else None
            maintenance = Fraction(rate, 10_000) if rate else Fraction(1, 2 * leverage)
            rows.append(Tier(floor, end, maintenance, None, Fraction(leverage)))
            floor = Fraction(cap)
        return TierTable(symbol, tuple(rows), self.date)


PUBLISHED: Mapping[tuple[str, str], Published] = {
    ("binance", "BTC/USDT:USDT"): Published("2025-08-19", BINANCE, (
        (300_000, 40, 150), (800_000, 50, 100), (3_000_000, 65, 75), (12_000_000, 100, 50), (70_000_000, 200, 25),
        (100_000_000, 250, 20), (230_000_000, 500, 10), (480_000_000, 1_000, 5), (600_000_000, 1_250, 4),
        (800_000_000, 1_500, 3), (1_200_000_000, 2_500, 2), (1_800_000_000, 5_000, 1),
    )),
    ("binance", "ETH/USDT:USDT"): Published("2025-08-19", BINANCE, (
        (300_000, 40, 150), (800_000, 50, 100), (3_000_000, 65, 75), (12_000_000, 100, 50), (50_000_000, 200, 25),
        (65_000_000, 250, 20), (150_000_000, 500, 10), (320_000_000, 1_000, 5), (400_000_000, 1_250, 4),
        (530_000_000, 1_500, 3), (800_000_000, 2_500, 2), (1_200_000_000, 5_000, 1),
    )),
    ("binance", "SOL/USDT:USDT"): Published("2025-06-23", BINANCE, (
        (50_000, 50, 100), (400_000, 65, 75), (1_000_000, 100, 50), (4_000_000, 200, 25), (8_000_000, 250, 20),
        (40_000_000, 500, 10), (80_000_000, 1_000, 5), (100_000_000, 1_250, 4), (200_000_000, 2_500, 2),
        (400_000_000, 5_000, 1),
    )),
    ("binance", "XRP/USDT:USDT"): Published("2025-07-17", BINANCE, (
        (40_000, 50, 100), (80_000, 60, 75), (150_000, 100, 50), (400_000, 125, 40), (1_000_000, 200, 25),
        (2_000_000, 250, 20), (10_000_000, 500, 10), (20_000_000, 1_000, 5), (25_000_000, 1_250, 4),
        (50_000_000, 2_500, 2), (100_000_000, 5_000, 1),
    )),
    ("hyperliquid", "BTC/USDC:USDC"): Published("2026-09-27", HYPERLIQUID, ((150_000_000, 0, 40), (0, 0, 20))),
    ("hyperliquid", "ETH/USDC:USDC"): Published("2026-09-27", HYPERLIQUID, ((100_000_000, 0, 25), (0, 0, 15))),
}  # fmt: skip
