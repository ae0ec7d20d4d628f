"""Funding arbitrage over three simulated venues: which legs it takes, and where its profit came from."""

from fractions import Fraction

from letrade import assemble
from letrade.backtesting.running import run_desk
from letrade.core.analysis.analyzer import analyse
from letrade.core.analysis.split import KINDS

TWO_MINUTES_NS = 120_000_000_000

finished = run_desk(assemble("funding-arbitrage", {}), "actors", run_for_ns=TWO_MINUTES_NS, records=True)
for held in finished.summary["positions"]:
    print(f"{held['account']}: {held['quantity']} {held['instrument']} at {float(held['average_price']):.1f}")

split = analyse(finished.record()).split
assert split is not None
for line in (*split.venues, split.total):
    print(f"{line.name:12}" + ", ".join(f"{kind} {float(getattr(line, kind)):.4f}" for kind in ("profit", *KINDS[:3])))

parts = sum((Fraction(getattr(split.total, kind)) for kind in KINDS), Fraction(0))
print("the parts are all of the profit:", parts == Fraction(finished.summary["pnl"]))
