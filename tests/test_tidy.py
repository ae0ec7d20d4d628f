"""Holds the habits: small files and functions, opening sentences, one clock, no swallowed errors, a light import."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.tree import LAYERS, ROOT, Source, imports, sources

LINES_MAX = 400
FUNCTION_LINES_MAX = 70
PRODUCT = (*LAYERS, "letrade")
EVERYTHING = sources(*PRODUCT, "tests", "examples")
Rule = Callable[[Sequence[Source]], list[str]]


def has_too_many_lines(tree: Sequence[Source]) -> list[str]:
    counted = [(source.path, len(source.text.splitlines())) for source in tree]
    return [f"{path}: {lines} lines" for path, lines in counted if lines > LINES_MAX]


def has_a_long_function(tree: Sequence[Source]) -> list[str]:
    return [
        f"{source.path}: {name} has {lines} lines"
        for source in tree
        for name, lines in (_cython_functions(source) if source.suffix in (".pyx", ".pxd") else _functions(source))
        if lines > FUNCTION_LINES_MAX
    ]


def _functions(source: Source) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


_CYTHON_FUNCTION = re.compile(r"^([ \t]*)(?:async )?(?:def|cdef|cpdef)\b(?! class)(?![^\n(]*=)[^\n(]*?(\w+)[ \t]*\(")


def _cython_functions(source: Source) -> Iterator[tuple[str, int]]:
    """By indentation: a function ends with the last line that is deeper than its first, or closes its brackets."""
    lines = source.text.splitlines()
    for start, line in enumerate(lines):
        if not (match := _CYTHON_FUNCTION.match(line)):
            continue
        depth, end = len(match.group(1)), start
        for index in range(start + 1, len(lines)):
            text = lines[index].strip()
            if text and not text.startswith(")") and len(lines[index]) - len(lines[index].lstrip()) <= depth:
                break
            end = index if text else end
        yield match.group(2), end - start + 1


def opens_without_a_sentence(tree: Sequence[Source]) -> list[str]:
    """Cython reads its directives only above the docstring, and a .pxd may open with a comment."""
    found = []
    for source in tree:
        lines = [line for line in source.text.splitlines() if not line.startswith(("# cython:", "# distutils:", "#!"))]
        opens = '"""' if source.suffix != ".pxd" else ('"""', "# ")
        empty = not lines and source.suffix != ".pxd"
        if empty or (lines and not (lines[0].startswith(opens) and re.search(r"\w", lines[0]))):
            found.append(f"{source.path}: the first line is not a sentence")
    return found


def has_code_in_a_package_file(tree: Sequence[Source]) -> list[str]:
    """The façade is the one package file with more than a docstring."""
    return [
        f"{source.path}: more than a docstring"
        for source in tree
        if source.path.name == "__init__.py" and source.module != "letrade" and len(ast.parse(source.text).body) != 1
    ]


CLOCKS = {"time", "monotonic", "perf_counter", "process_time", "clock_gettime", "localtime", "gmtime", "ctime"}
MODULES_OF_CHANCE = {"random", "secrets", "numpy.random"}
CLOCK_FILES = {Path("core/clock.py"), Path("core/ids.py")}
_CLOCK_OR_CHANCE = re.compile(
    rf"\btime\.(?:{'|'.join(sorted(CLOCKS))})(?:_ns)?\b|\b(?:datetime|date)\.(?:now|utcnow|today)\b"
    r"|\buuid\d?\.?uuid[14]\b|\buuid[14]\(|\burandom\b|\b(?:np|numpy)\.random\b|\bclock_gettime\b|\bsrand\(|\brand\("
)


def has_its_own_clock_or_dice(tree: Sequence[Source]) -> list[str]:
    found = []
    for source in tree:
        if source.layer not in ("core", "hotpath", "actors", "letrade") or source.path in CLOCK_FILES:
            continue
        for item in imports(source):
            clock = item.module == "time" and item.name and item.name.removesuffix("_ns") in CLOCKS
            if clock or item.module in MODULES_OF_CHANCE or item.target in MODULES_OF_CHANCE:
                found.append(f"{source.path}:{item.line} imports {item.target}: use core/clock.py or core/ids.py")
        found += [f"{source.path}: {hit}: use core/clock.py or core/ids.py" for hit in _clock_calls(source)]
    return found


def _clock_calls(source: Source) -> list[str]:
    """Strings and comments may speak of clocks, so Python is read as a tree and only Cython as text."""
    if source.suffix in (".pyx", ".pxd"):
        code = re.sub(r'"""[\s\S]*?"""|#[^\n]*', "", source.text)
        return _CLOCK_OR_CHANCE.findall(code)
    tree = ast.parse(source.text)
    real = {alias.asname: alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names if alias.asname}  # fmt: skip
    dotted = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)]
    named = [".".join([real.get(name.split(".")[0], name.split(".")[0]), *name.split(".")[1:]]) for name in dotted]
    return [name for name in named if _CLOCK_OR_CHANCE.search(name) or re.fullmatch(r"(uuid\.)?uuid[14]", name)]


def leaves_work_for_later(tree: Sequence[Source]) -> list[str]:
    words = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    return [f"{source.path}: {hit.group()}" for source in tree for hit in words.finditer(source.text)]


def swallows_an_error(tree: Sequence[Source]) -> list[str]:
    return [
        f"{source.path}:{line} swallows every error"
        for source in tree
        for line in (_cython_swallows(source) if source.suffix in (".pyx", ".pxd") else _swallows(source))
    ]


def _swallows(source: Source) -> Iterator[int]:
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or any(word in ast.unparse(node.type).split(".") for word in _BROAD)
            idle = all(isinstance(item, ast.Pass | ast.Continue) or _is_constant(item) for item in node.body)
            if node.type is None or (broad and idle):
                yield node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("suppress", "contextlib.suppress"):
            yield from (node.lineno for argument in node.args if ast.unparse(argument) in _BROAD)


_BROAD = ("Exception", "BaseException")
_CYTHON_SWALLOW = re.compile(r"^[ \t]*except(?:[ \t]*:|[ \t]+(?:Base)?Exception[^\n]*:\s*(?:pass|continue)\b)", re.M)


def _is_constant(item: ast.stmt) -> bool:
    return isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)


def _cython_swallows(source: Source) -> list[int]:
    return [source.text.count("\n", 0, hit.start()) + 1 for hit in _CYTHON_SWALLOW.finditer(source.text)]


TWINS_ARE_ACTORS = frozenset({
    "answers", "books", "calm", "capital", "clearing", "curve", "desk", "exact_purse", "execution", "headroom", "kinds",
    "leverage", "losses", "order_table", "purse", "risk", "engine", "exchange", "reading", "troupe", "course", "crier",
    "protections", "wallets", "patience",
})  # fmt: skip
"""Rooms of the compiled backtest whose slow twin is the desk of actors itself: tests/backtesting runs both, and
tests/system/test_two_engines*.py and test_odd_desks.py on desks drawn from seeds, tests/backtesting/test_told_orders.py
what is told and hashed. Where headroom and leverage save a sum, those tests sum all the same, and compare."""
TWINS_ARE_PYTHON = frozenset({"money", "desk_terms", "desk_door"})
"""Checked against Python's own whole numbers and fractions in tests/hotpath/simulation; a door is only for tests."""


def lacks_a_companion(tree: Sequence[Source]) -> list[str]:
    """A compiled module has declarations, a stub, and a slow, obvious twin that a property test compares it with."""
    paths = {source.path for source in tree}
    wanted = [
        companion
        for path in sorted(paths)
        if path.suffix == ".pyx"
        for companion in (path.with_suffix(".pxd"), path.with_suffix(".pyi"), Path(f"tests/models/{path.stem}.py"))
        if path.stem not in TWINS_ARE_ACTORS | TWINS_ARE_PYTHON or companion.suffix != ".py"
    ]
    return [f"{path} is missing" for path in wanted if path not in paths]


def lies_outside_a_package(tree: Sequence[Source]) -> list[str]:
    """A folder without __init__.py would be left out of the wheel."""
    paths = {source.path for source in tree}
    folders = {source.path.parent for source in tree if source.layer in PRODUCT}
    return [f"{folder} has no __init__.py" for folder in sorted(folders) if folder / "__init__.py" not in paths]


RULES: list[Rule] = [
    has_too_many_lines,
    has_a_long_function,
    opens_without_a_sentence,
    has_code_in_a_package_file,
    has_its_own_clock_or_dice,
    leaves_work_for_later,
    swallows_an_error,
    lacks_a_companion,
    lies_outside_a_package,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_file_of_the_project(rule: Rule) -> None:
    assert rule(EVERYTHING) == []


BAD: list[tuple[Rule, str, str]] = [
    (has_too_many_lines, "core/a.py", "x = 1\n" * 401),
    (has_a_long_function, "core/a.py", "class A:\n    def f(self):\n" + "        x = 1\n" * 70),
    (has_a_long_function, "hotpath/a.pyx", "cdef int f(int x) except -1:\n" + "    x = 1\n" * 70 + "y = 1\n"),
    (has_a_long_function, "hotpath/a.pyx", "cdef class A:\n    def f(\n        a,\n    ):\n" + "        x = 1\n" * 70),
    (opens_without_a_sentence, "core/a.py", "import os\n"),
    (opens_without_a_sentence, "core/a.py", '"""\nLate.\n"""\n'),
    (opens_without_a_sentence, "core/a.py", ""),
    (opens_without_a_sentence, "hotpath/a.pyx", "# A comment is not enough here.\n"),
    (has_code_in_a_package_file, "core/__init__.py", '"""Core."""\nfrom letrade.core.a import b\n'),
    (has_its_own_clock_or_dice, "core/a.py", "import time\nx = time.time()\n"),
    (has_its_own_clock_or_dice, "core/a.py", "import time as t\nx = t.monotonic_ns()\n"),
    (has_its_own_clock_or_dice, "core/a.py", "from time import perf_counter_ns\n"),
    (has_its_own_clock_or_dice, "core/a.py", "from datetime import datetime\nx = datetime.now()\n"),
    (has_its_own_clock_or_dice, "core/a.py", "import datetime as d\nx = d.datetime.utcnow()\n"),
    (has_its_own_clock_or_dice, "actors/a/b.py", "import random\n"),
    (has_its_own_clock_or_dice, "actors/a/b.py", "from random import Random\n"),
    (has_its_own_clock_or_dice, "actors/a/b.py", "import numpy as np\nx = np.random.default_rng(1)\n"),
    (has_its_own_clock_or_dice, "letrade/a.py", "from uuid import uuid4\nx = uuid4()\n"),
    (has_its_own_clock_or_dice, "letrade/a.py", "import uuid\nx = uuid.uuid4()\n"),
    (has_its_own_clock_or_dice, "hotpath/a.pyx", "from posix.time cimport clock_gettime\n"),
    (has_its_own_clock_or_dice, "hotpath/a.pyx", "import time\nx = time.time_ns()\n"),
    (leaves_work_for_later, "core/a.py", "# TO" + "DO: later\n"),
    (leaves_work_for_later, "hotpath/a.pyx", "# FIX" + "ME\n"),
    (swallows_an_error, "core/a.py", "try:\n    x\nexcept:\n    log()\n"),
    (swallows_an_error, "core/a.py", "try:\n    x\nexcept Exception:\n    pass\n"),
    (swallows_an_error, "core/a.py", "for y in z:\n    try:\n        x\n    except BaseException:\n        continue\n"),
    (swallows_an_error, "core/a.py", "with contextlib.suppress(Exception):\n    x\n"),
    (swallows_an_error, "hotpath/a.pyx", "try:\n    x\nexcept Exception:\n    pass\n"),
    (lacks_a_companion, "hotpath/a.pyx", '"""A."""\n'),
    (lies_outside_a_package, "actors/risk/rules.py", '"""Rules."""\n'),
]


@pytest.mark.parametrize(("rule", "name", "text"), BAD)
def test_a_bad_sample_is_found(rule: Rule, name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(text)
    assert len(rule(sources(*PRODUCT, "tests", root=tmp_path))) >= 1


GOOD = {
    "core/__init__.py": '"""The runtime."""\n',
    "core/a.py": '"""Sleeps; time.time is only spoken of."""\nimport time\n\n\ndef f(clock):\n'
    '    """Not datetime.now()."""\n'
    "    time.sleep(1)\n    try:\n        return clock.now()\n    except ValueError:\n        pass\n",
    "core/clock.py": '"""Clock."""\nimport time\nnow = time.time_ns\n',
    "hotpath/__init__.py": '"""Hot."""\n',
    "hotpath/__init__.pxd": "",
    "hotpath/a.pyx": '# cython: cdivision=True\n"""A, no clock."""\ncdef int f(int x) except -1:\n    return x\n',
    "hotpath/a.pxd": "# A's declarations.\ncdef int f(int x) except -1\n",
    "hotpath/a.pyi": '"""A."""\n',
    "tests/models/a.py": '"""Slow a."""\nimport random\n',
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_sample_passes(rule: Rule, tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert rule(sources(*PRODUCT, "tests", root=tmp_path)) == []


HEAVY = ("ccxt", "aiohttp", "pandas", "scipy", "torch", "web3", "nats", "pyarrow", "rich", "numpy", "click", "asyncio")
LIGHT_MB_MAX = 45
PROBE = """
import sys
import letrade
kilobytes = 0
if sys.platform == "linux":
    with open("/proc/self/status") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
import json
print(json.dumps({"loaded": sorted(name for name in sys.modules if "." not in name), "megabytes": kilobytes / 1024}))
"""


def test_import_letrade_is_light() -> None:
    answer = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=True)
    probe = json.loads(answer.stdout)
    assert [name for name in HEAVY if name in probe["loaded"]] == []
    assert probe["megabytes"] <= LIGHT_MB_MAX
