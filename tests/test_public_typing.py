"""A second type checker's opinion of the public API: a small consumer, strict, where basedpyright is installed."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import letrade
from tests.tree import ROOT

# basedpyright's wheel brings its own node, so that nothing is downloaded when it runs.
needs_checker = pytest.mark.skipif(
    importlib.util.find_spec("basedpyright") is None,
    reason="basedpyright is not installed: it comes with the lint extra",
)
PUBLIC = sorted(name for name in letrade.__all__ if not name.startswith("_"))


def _complaints(text: str, folder: Path) -> list[str]:
    """Errors of the strict rules about the consumer's own file; what lies behind a public type shows up as unknown."""
    (folder / "consumer.py").write_text(text)
    settings = {
        "include": ["consumer.py"],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    report = json.loads(answer.stdout)
    assert report["summary"]["filesAnalyzed"] == 1, answer.stderr
    return [f"{found['range']['start']['line']}: {found['message']}" for found in report["generalDiagnostics"]
            if found["severity"] == "error"]  # fmt: skip


@needs_checker
def test_each_public_name_has_a_known_type(tmp_path: Path) -> None:
    uses = "\n".join(f"show(letrade.{name})" for name in PUBLIC)
    show = "def show(item: object) -> None:\n    print(item)\n"
    assert _complaints(f"import letrade\n\n\n{show}\n\n{uses}\nshow(letrade.__version__)\n", tmp_path) == []


@needs_checker
@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_typed(example: Path, tmp_path: Path) -> None:
    assert _complaints(example.read_text(), tmp_path) == []


@needs_checker
def test_a_wrong_use_is_found(tmp_path: Path) -> None:
    assert _complaints("import letrade\n\nversion: int = letrade.__version__\n", tmp_path) != []
    assert _complaints("import letrade\n\nprint(letrade.NoSuchName)\n", tmp_path) != []


def test_the_lazy_table_and_the_typed_imports_name_the_same_things() -> None:
    tree = ast.parse((ROOT / "letrade" / "__init__.py").read_text())
    typed = {alias.asname or alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
             for alias in node.names if str(node.module).startswith("letrade.")}  # fmt: skip
    assert typed == letrade._HOME
    assert sorted(typed) == PUBLIC


@pytest.mark.parametrize("name", letrade.__all__)
def test_a_public_name_loads(name: str) -> None:
    assert getattr(letrade, name) is not None
