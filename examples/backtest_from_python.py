"""A backtest from Python: the packaged paper desk over two minutes of seeded order flow, for several seeds."""

from letrade import assemble, run_backtest

MINUTE_NS = 60_000_000_000


def main() -> None:
    """The same desk file, with one key overridden as a variable of the environment would."""
    for seed in range(1, 4):
        config = assemble("paper", {"LETRADE_DESK__seed": str(seed)})
        summary = run_backtest(config, run_for_ns=2 * MINUTE_NS)
        print(f"seed {seed}: {summary['fills']} fills, profit {summary['pnl']}, hash {summary['result_hash'][:12]}")


if __name__ == "__main__":
    main()
