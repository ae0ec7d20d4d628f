"""Compiles hotpath/**/*.pyx, every check on when LETRADE_DEBUG=1; all else about the package is in pyproject.toml."""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("LETRADE_DEBUG") == "1"
FOLDER = "letrade/hotpath"

# No -march=native: a wheel must run on machines older than the one that built it.
# Nor contracted multiply-adds: a mean is the same double on every machine.
RELEASE_FLAGS = [] if os.name == "nt" else ["-O2", "-ffp-contract=off"]
DEBUG_FLAGS = [] if os.name == "nt" else ["-O0", "-g", "-UNDEBUG"]
# In a debug build these override what a file says of itself, so that every index is checked.
DEBUG_DIRECTIVES = {"boundscheck": True, "initializedcheck": True, "nonecheck": True, "overflowcheck": True}


def compile_to_c(modules: list[Extension]) -> list[Extension]:
    """Runs Cython, on every file when the last build here was of the other kind: file times alone would not tell."""
    mode, marker = "debug" if DEBUG else "release", Path("build/mode")
    changed = not marker.exists() or marker.read_text() != mode
    directives = {"language_level": 3, "embedsignature": True, **(DEBUG_DIRECTIVES if DEBUG else {})}
    compiled = cythonize(modules, compiler_directives=directives, build_dir="build/cython", force=changed)
    marker.parent.mkdir(exist_ok=True)
    marker.write_text(mode)
    return compiled


def extensions() -> list[Extension]:
    """One for each .pyx of hotpath and below, found through the link so that cimports resolve to letrade.hotpath."""
    flags = DEBUG_FLAGS if DEBUG else RELEASE_FLAGS
    return [
        Extension(
            ".".join(source.with_suffix("").parts),
            [source.as_posix()],
            include_dirs=[FOLDER],
            extra_compile_args=flags,
        )
        for source in sorted(Path(FOLDER).rglob("*.pyx"))
    ]


if __name__ == "__main__":
    setup(
        ext_modules=compile_to_c(extensions()),
        options={"build_ext": {"parallel": os.cpu_count() or 1}},
    )
