"""Compares each compiled module with its .pyi, by mypy's stubtest, in the build that lies here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tree import ROOT

MODULES = [
    ".".join(("letrade", *path.relative_to(ROOT).with_suffix("").parts))
    for path in sorted((ROOT / "hotpath").rglob("*.pyx"))
]
# What Cython adds to each module, and a type-checker's nicety that a .pyi for Python 3.11 cannot say.
ALLOWED = r"letrade\.hotpath\.\w+(\.\w+)*\.__(reduce_cython|setstate_cython|test|pyx_\w+)__"


def _stubtest(modules: list[str], folder: Path, settings: Path) -> subprocess.CompletedProcess[str]:
    (settings / "allowed").write_text(ALLOWED + "\n")
    (settings / "mypy.ini").write_text(f"[mypy]\nfollow_imports = silent\ncache_dir = {settings / 'cache'}\n")
    command = [sys.executable, "-m", "mypy.stubtest", *modules, "--allowlist", str(settings / "allowed")]
    command += ["--mypy-config-file", str(settings / "mypy.ini")]
    command += ["--ignore-unused-allowlist", "--ignore-disjoint-bases"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)


def test_each_stub_says_what_the_build_holds(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: it comes with the lint extra")
    answer = _stubtest(MODULES, ROOT, tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_stub_with_another_signature_is_found(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: it comes with the lint extra")
    (tmp_path / "sample.py").write_text("def double(number):\n    return 2 * number\n")
    (tmp_path / "sample.pyi").write_text("def double(value: int) -> int: ...\n")
    answer = _stubtest(["sample"], tmp_path, tmp_path)
    assert answer.returncode != 0
    assert "sample.double is inconsistent" in answer.stdout
