"""What the tests of the tree itself read: source files, the module each one is, and what it imports."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("core", "hotpath", "actors", "bench")
SUFFIXES = (".py", ".pyi", ".pyx", ".pxd")


@dataclass(frozen=True)
class Source:
    """One file: its path relative to the root, and its text."""

    path: Path
    text: str

    @property
    def suffix(self) -> str:
        return self.path.suffix

    @property
    def layer(self) -> str:
        return self.path.parts[0]

    @property
    def module(self) -> str:
        """The dotted name that it is imported by: core/x.py is letrade.core.x."""
        parts = list(self.path.with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        return ".".join(["letrade", *parts] if self.layer in LAYERS else parts)


@dataclass(frozen=True)
class Import:
    """One imported name; at_load tells whether loading the file performs it."""

    line: int
    module: str
    name: str | None
    at_load: bool = True

    @property
    def target(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


def sources(*folders: str, root: Path = ROOT) -> list[Source]:
    """The source files of these folders; links are not followed, as each folder is named for itself."""
    found: list[Source] = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root)
            linked = any((root / parent).is_symlink() for parent in [inside, *inside.parents[:-1]])
            if path.suffix in SUFFIXES and path.is_file() and not linked:
                found.append(Source(inside, path.read_text()))
    return found


def imports(source: Source) -> list[Import]:
    """What the file imports or cimports, at any depth; relative names are made absolute."""
    if source.suffix in (".pyx", ".pxd"):
        return list(_cython_imports(source))
    return list(_python_imports(source, ast.parse(source.text), at_load=True))


def _python_imports(source: Source, node: ast.AST, at_load: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(child.lineno, alias.name, None, at_load) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(source, child.level, child.module or "")
            yield from (Import(child.lineno, base, alias.name, at_load) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _python_imports(source, ast.Module(child.body, []), at_load=False)
            yield from _python_imports(source, ast.Module(child.orelse, []), at_load)
        else:
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _python_imports(source, child, at_load and not later)


_FROM = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+c?import[ \t]+(\([^)]*\)|[^\n#]+)", re.MULTILINE)
_PLAIN = re.compile(r"^[ \t]*c?import[ \t]+([^\n#(]+)", re.MULTILINE)


def _cython_imports(source: Source) -> Iterator[Import]:
    for match in _FROM.finditer(source.text):
        dots, module, names = match.groups()
        line = source.text.count("\n", 0, match.start()) + 1
        base = _absolute(source, len(dots), module)
        for name in re.sub(r"#[^\n]*|[()\\]", " ", names).split(","):
            if name.strip():
                yield Import(line, base, name.split()[0])
    for match in _PLAIN.finditer(source.text):
        line = source.text.count("\n", 0, match.start()) + 1
        yield from (Import(line, name.split()[0], None) for name in match.group(1).split(",") if name.strip())


def _absolute(source: Source, level: int, module: str) -> str:
    if not level:
        return module
    package = source.module.split(".")
    drop = level - 1 if source.path.stem == "__init__" else level
    return ".".join([*package[: len(package) - drop], *([module] if module else [])])
