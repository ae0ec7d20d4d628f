"""A carry of spot against dated futures that moves from one to the next before each expires, all legs or none."""

from pathlib import Path

from letrade import assemble, run_backtest

SECOND_NS = 1_000_000_000


def main() -> None:
    """A minute of seeded flow with three expiries: what is held before, between and after them."""
    for seconds in (10, 30, 50, 70):
        summary = run_backtest(assemble(Path(__file__).with_suffix(".toml")), run_for_ns=seconds * SECOND_NS)
        held = {each["instrument"].removeprefix("paper."): each["quantity"] for each in summary["positions"]}
        open_legs = ", ".join(f"{size} {name}" for name, size in sorted(held.items()) if size != "0")
        print(f"after {seconds} s: {open_legs or 'flat'}")
    print(f"{summary['fills']} fills, profit {summary['pnl']}")


if __name__ == "__main__":
    main()
