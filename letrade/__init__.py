"""Letrade's public names, each loaded when first used so that `import letrade` stays light."""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from letrade.core.actor import Actor

# Where each public name is defined. The imports above say the same to type checkers.
_HOME = {
    "Actor": "letrade.core.actor",
}

__all__ = ["Actor", "__version__"]


if not TYPE_CHECKING:  # type checkers read the imports above, and so find a name that does not exist

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module 'letrade' has no attribute {name!r}")
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
