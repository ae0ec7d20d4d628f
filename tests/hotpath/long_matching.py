"""Random commands by the million to both matching engines and their twin: python -m tests.hotpath.long_matching."""

import argparse

from tests.hotpath.matching_flow import Flow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=1_000_000)
    parser.add_argument("--every", type=int, default=50, help="commands between two comparisons of the whole state")
    parser.add_argument("--reload", type=int, default=5_000, help="commands between two snapshots that all go on from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=12, help="ticks around the middle; more make more orders rest")
    options = parser.parse_args()
    flow = Flow(options.seed, options.width)
    for number in range(1, options.commands + 1):
        flow.step()
        if number % options.every == 0:
            flow.compare()
        if number % options.reload == 0:
            flow.reload()
        if number % 100_000 == 0:
            state = f"{len(flow.slow.live())} orders live, {flow.traded_lots} lots traded, hash {flow.compare():016x}"
            print(f"seed {options.seed}: {number} commands, {state}", flush=True)
    print(
        f"seed {options.seed}: {options.commands} commands, {flow.traded_lots} lots traded, hash {flow.compare():016x}"
    )


if __name__ == "__main__":
    main()
