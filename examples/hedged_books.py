"""Hedged books while the market moves: what a coin is worth by itself, and with what hedges it."""

from fractions import Fraction

from letrade import assemble
from letrade.backtesting.running import run_desk
from letrade.core.delta import Holding, delta, worth

MINUTE_NS = 60_000_000_000


def by_hand() -> None:
    """One coin as collateral, short 60,000 dollars of inverse contracts since 60,000: the same at every price."""
    for price in map(Fraction, (30_000, 60_000, 120_000)):
        coin = Holding(kind="coin", size=Fraction(1), price=price)
        short = Holding(kind="inverse", size=Fraction(-60_000), price=price, entry=Fraction(60_000))
        both = (coin, short)
        print(f"at {price}: coin {worth(coin)}, both {worth(coin) + worth(short)}, delta {delta(both, price)}")


def by_a_desk() -> None:
    """The packaged desk in a wild market: a coin on spot and one as collateral gain or lose, their books do not."""
    wild = {"feed": [{"name": "flow", "volatility": 50.0}]}
    finished = run_desk(assemble("delta-neutral", {}, extra=wild), "actors", run_for_ns=MINUTE_NS, records=True)
    for held in finished.summary["positions"]:
        print(f"{held['strategy']}: {held['quantity']} {held['instrument']}")
    ends = finished.record().settings.prices_end
    moved = abs(ends["paper.BTC-USDT"] / 60_000 - 1)
    earned = abs(float(finished.summary["pnl"]) / float(finished.summary["equity"]))
    print(f"the coin moved by {moved:.2%}, more than a hundredth: {moved > 0.01}")
    print(f"the books by {earned:.2%}, fees included, less than a thousandth: {earned < 0.001}")


if __name__ == "__main__":
    by_hand()
    by_a_desk()
