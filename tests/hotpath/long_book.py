"""Millions of random commands to the compiled books and their twins, by hand: python -m tests.hotpath.long_book."""

import argparse

from tests.hotpath.book_commands import BookCommands
from tests.hotpath.orders_commands import OrdersCommands


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=1_000_000, help="in all, shared by the books")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compare-each", type=int, default=1_000, help="commands between two comparisons of all")
    arguments = parser.parse_args()
    share = arguments.commands // 3
    runs: list[tuple[str, BookCommands | OrdersCommands]] = [
        ("levels", BookCommands(arguments.seed, heal_crossed=False)),
        ("levels, healing", BookCommands(arguments.seed + 1, heal_crossed=True)),
        ("orders", OrdersCommands(arguments.seed + 2)),
    ]
    for name, commands in runs:
        commands.run(share, arguments.compare_each)
        print(f"{name}: {share} commands, the same")


if __name__ == "__main__":
    main()
