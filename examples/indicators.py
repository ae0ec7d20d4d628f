"""Streaming indicators by themselves: one value at a time, a whole column at once, and a snapshot in between."""

import numpy as np

from letrade.hotpath.indicators import Ema, Macd, Rsi
from letrade.hotpath.rolling import Bollinger, OrderFlow


def main() -> None:
    """A price that swings, in float64; None and NaN until an indicator is warm."""
    closes = 100.0 + 5.0 * np.sin(np.arange(200) / 9.0)
    rsi, ema = Rsi(14), Ema(20)
    for close in closes[:100].tolist():
        rsi.add(close)
        ema.add(close)
    kept = rsi.state()  # what a snapshot would hold
    fresh = Rsi(14)
    fresh.restore(kept)
    print("the same after a restart:", fresh.batch(closes[100:])[-1] == rsi.batch(closes[100:])[-1])
    macd, signal, histogram = Macd().batch(closes)
    print("macd is its signal and its histogram:", bool(np.allclose(macd[40:], (signal + histogram)[40:])))
    upper, middle, lower = Bollinger(20).batch(closes)
    print("bands at the end:", " ".join(f"{band[-1]:.2f}" for band in (lower, middle, upper)))
    flow = OrderFlow()
    flow.add(100.0, 5.0, 100.1, 5.0)
    print(
        "more is bid:", flow.add(100.0, 8.0, 100.1, 5.0), "and then less is offered:", flow.add(100.0, 8.0, 100.1, 2.0)
    )


if __name__ == "__main__":
    main()
