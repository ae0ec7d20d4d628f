"""Holds the walls: who may import whom, no cycles, no façade and no bare folder name inside the project."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.tree import LAYERS, Import, Source, imports, sources

INSIDE = ("hotpath", "core", "actors", "letrade", "bench")
PROJECT = sources(*INSIDE)
Rule = Callable[[Sequence[Source]], list[str]]


def _inside(target: str, package: str) -> bool:
    return target == package or target.startswith(package + ".")


def _complaint(source: Source, found: Import, why: str) -> str:
    return f"{source.path}:{found.line} imports {found.target}: {why}"


def _allowed(source: Source, target: str) -> bool:
    """The table of the layers; an actor's own folder is the second part of its path."""
    own = ".".join(source.module.split(".")[:3])
    packages = {
        "hotpath": ["letrade.hotpath"],
        "core": ["letrade.hotpath", "letrade.core"],
        "actors": ["letrade.hotpath", "letrade.core", own],
    }.get(source.layer)
    if packages is None:
        return source.layer == "bench" or not _inside(target, "letrade.bench")
    return any(_inside(target, package) for package in packages)


def breaks_a_layer(tree: Sequence[Source]) -> list[str]:
    return [
        _complaint(source, found, f"{source.layer} must not")
        for source in tree
        for found in imports(source)
        if (_inside(found.target, "letrade") and not _is_facade(found) and not _allowed(source, found.target))
        or _inside(found.target, "tests")
    ]


def _is_facade(found: Import) -> bool:
    """True for names taken from letrade/__init__.py itself; the version is defined there and nowhere else."""
    if found.module != "letrade" or found.name == "__version__":
        return False
    return found.name not in LAYERS


def uses_the_facade(tree: Sequence[Source]) -> list[str]:
    own = {source.module for source in tree if source.layer == "letrade"}
    return [
        _complaint(source, found, "import from the module that defines it")
        for source in tree
        for found in imports(source)
        if _is_facade(found) and found.target not in own - {"letrade"}
    ]


def uses_a_bare_folder_name(tree: Sequence[Source]) -> list[str]:
    return [
        _complaint(source, found, f"write letrade.{found.target}")
        for source in tree
        for found in imports(source)
        if found.target.split(".")[0] in LAYERS
    ]


def _edges(tree: Sequence[Source]) -> dict[str, set[str]]:
    modules = {source.module for source in tree}
    edges: dict[str, set[str]] = {module: set() for module in modules}
    for source in tree:
        for found in imports(source):
            target = found.target if found.target in modules else found.module
            if found.at_load and target in modules and source.module != target:
                edges[source.module].add(target)
    return edges


def goes_in_a_circle(tree: Sequence[Source]) -> list[str]:
    """Takes away modules that import nothing any more; what is left imports itself round some corner."""
    edges = _edges(tree)
    while leaves := {module for module, targets in edges.items() if not targets}:
        edges = {module: targets - leaves for module, targets in edges.items() if module not in leaves}
    return [f"{module} is in, or leads into, a circle by {sorted(to)}" for module, to in sorted(edges.items())]


RULES: list[Rule] = [breaks_a_layer, uses_the_facade, uses_a_bare_folder_name, goes_in_a_circle]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_file_of_the_project(rule: Rule) -> None:
    assert rule(PROJECT) == []


BAD: list[tuple[Rule, dict[str, str]]] = [
    (breaks_a_layer, {"hotpath/book.pyx": "from letrade.core.money cimport Money"}),
    (breaks_a_layer, {"hotpath/book.pxd": "cimport letrade.core.money"}),
    (breaks_a_layer, {"core/bus.py": "from letrade.actors.risk import rules"}),
    (breaks_a_layer, {"core/bus.py": "def f():\n    import letrade.actors.risk.rules"}),
    (breaks_a_layer, {"core/bus.py": "from letrade.assembly import build"}),
    (breaks_a_layer, {"core/bus.py": "from tests.data import shared_data"}),
    (breaks_a_layer, {"actors/risk/rules.py": "from letrade.actors.capital.sizing import size"}),
    (breaks_a_layer, {"actors/risk/rules.py": "from ..capital.sizing import size"}),
    (breaks_a_layer, {"actors/risk/rules.py": "from letrade.actors import capital"}),
    (breaks_a_layer, {"letrade/cli.py": "import letrade.bench.book"}),
    (uses_the_facade, {"core/bus.py": "from letrade import Actor"}),
    (uses_the_facade, {"letrade/cli.py": "import letrade"}),
    (uses_the_facade, {"actors/risk/rules.py": "from ... import Actor"}),
    (uses_a_bare_folder_name, {"core/bus.py": "from core.money import Money"}),
    (uses_a_bare_folder_name, {"hotpath/book.pyx": "from hotpath.ladder cimport (\n    Ladder,\n)"}),
    (goes_in_a_circle, {"core/a.py": "from letrade.core import b", "core/b.py": "from letrade.core.a import x"}),
    (goes_in_a_circle, {"core/a.py": "from .b import y", "core/b.py": "import letrade.core.a"}),
]


@pytest.mark.parametrize(("rule", "files"), BAD)
def test_a_bad_sample_is_found(rule: Rule, files: dict[str, str], tmp_path: Path) -> None:
    assert rule(_written(tmp_path, files)) != []


GOOD = {
    "hotpath/book.pyx": "from letrade.hotpath.ladder cimport Ladder\nfrom libc.stdint cimport int64_t",
    "core/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from letrade.core.b import B",
    "core/b.py": "from letrade.core.a import x\nfrom letrade.hotpath.book import Book",
    "actors/risk/rules.py": "from letrade.actors.risk.limits import Limit\nfrom .limits import Limit",
    "letrade/cli.py": "from letrade import __version__\nfrom letrade.actors.risk.rules import Rule",
    "bench/book.py": "from letrade.actors.risk.rules import Rule",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_sample_passes(rule: Rule, tmp_path: Path) -> None:
    assert rule(_written(tmp_path, GOOD)) == []


def _written(root: Path, files: dict[str, str]) -> list[Source]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return sources(*INSIDE, root=root)
