"""What README and docs name exists: commands, options, links, standard actors, exit codes, public names."""

import re
from pathlib import Path

import click
import pytest

import letrade
from letrade.assembly import FEED_KINDS, STANDARD_ACTORS
from letrade.commands.group import COMMANDS
from letrade.commands.group import letrade as group
from letrade.core.errors import ExitCode
from tests.tree import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    for name, rest in re.findall(r"(?:^|`)letrade ([a-z][a-z-]*)([^\n`|]*)", page.read_text(), re.MULTILINE):
        assert name in COMMANDS, f"letrade {name}"
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group) and rest.split() and not rest.split()[0].startswith("-"):
            assert rest.split()[0] in command.commands, f"letrade {name} {rest}"
            command = command.commands[rest.split()[0]]
        known = {option for each in (command.params if command else []) for option in each.opts} | {"--help"}
        for option in re.findall(r"(?<= )(--[a-z-]+)", rest.partition("#")[0]):
            assert command is None or option in known, f"{page.name}: letrade {name} {option}"


def test_the_standard_actors_and_feeds_are_told() -> None:
    text = (ROOT / "docs" / "desk-file.md").read_text()
    for name, path in STANDARD_ACTORS.items():
        assert f"| `{name}` | `{path}` |" in text
    assert all(f"`{kind}`" in text for kind in FEED_KINDS)


def test_every_exit_code_is_told() -> None:
    text = (ROOT / "docs" / "operate.md").read_text()
    assert all(re.search(rf"\| {int(code)} \|", text) for code in ExitCode)


def test_every_public_name_is_told() -> None:
    text = (ROOT / "docs" / "embed.md").read_text()
    missing = [name for name in letrade.__all__ if not re.search(rf"\b{name}\b", text) and not name.startswith("_")]
    assert missing == []
