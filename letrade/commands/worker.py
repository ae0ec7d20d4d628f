"""`letrade worker`: one process of a desk, started by the desk itself with a launch file."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("worker", hidden=True)
@click.option("--launch", required=True, type=click.Path(path_type=Path), help="The file that the desk wrote.")
def worker(launch: Path) -> int:
    """Run one worker of a desk."""
    from letrade.running import run_worker

    run_worker(launch)
    return 0
