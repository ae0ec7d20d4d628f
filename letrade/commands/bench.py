"""`letrade bench`: the benchmark suite, found by its name, since nothing of the desk may depend on it."""

from __future__ import annotations

from importlib import import_module

import click

bench: click.Command = import_module("letrade.bench.framework.command").bench
