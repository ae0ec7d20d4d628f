"""Secrets by reference: a desk file names where a secret is, and the value is read when it is needed, never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, Self

from letrade.core.errors import ConfigurationError

SECRET_BYTES_MAX = 65_536
HIDDEN = "***"

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:(?:/|~/).+", re.ASCII)
_USER_INFO = re.compile(r"(?<=://)\S*@")
_SENSITIVE = re.compile(
    r"passw(?:or)?d|nkey_?seed|passphrase|secret|(?:api|private)_?key|auth_?token|credential", re.IGNORECASE
)


class Secret:
    """A value that prints as ***; msgspec and json refuse to encode it, and a pickle holds its reference alone."""

    __slots__ = ("__literal", "__reference")

    def __init__(self, reference: str) -> None:
        """`env:NAME` or `file:/absolute/path`, the whole text. ValueError for anything else, which is not repeated."""
        if _REFERENCE.fullmatch(reference) is None:
            raise ValueError('expected "env:NAME" or "file:/path"')
        self.__reference: str | None = reference
        self.__literal: str | None = None

    @classmethod
    def of_value(cls, value: str) -> Self:
        """A secret whose value is known already; it lives in this process only."""
        secret = cls.__new__(cls)
        secret.__reference = None
        secret.__literal = value
        return secret

    @property
    def reference(self) -> str:
        """Where the value is, `***` when it was given as it is."""
        return self.__reference if self.__reference is not None else HIDDEN

    def reveal(self, environ: Mapping[str, str] = os.environ) -> str:
        """The value itself. ConfigurationError when the variable is not set, or the file cannot be read or is empty."""
        if self.__literal is not None:
            return self.__literal
        kind, _, place = self.reference.partition(":")
        value = _read_secret_file(place) if kind == "file" else environ.get(place, "")
        if not value:
            raise ConfigurationError(f"the secret {self.reference} is not set or empty")
        return value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return format(HIDDEN, specification)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return (self.__reference, self.__literal) == (other.__reference, other.__literal)

    def __hash__(self) -> int:
        return hash((Secret, self.__reference))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret's state is not to be had; pickle the secret, or reveal it where it is used")

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        if self.__reference is None:
            raise TypeError('a secret given by value cannot be pickled; give it as "env:NAME" or "file:/path"')
        return (Secret, (self.__reference,))


def _read_secret_file(place: str) -> str:
    try:
        with Path(place).expanduser().open("rb") as file:
            content = file.read(SECRET_BYTES_MAX + 1)
        if len(content) > SECRET_BYTES_MAX:
            raise ConfigurationError(f"the secret file:{place} is longer than {SECRET_BYTES_MAX} bytes")
        return content.decode().rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"the secret file:{place} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"the secret file:{place} is not UTF-8 text") from None


def without_user_info(text: str) -> str:
    """The text with the user and password of each URL in it hidden."""
    return _USER_INFO.sub(f"{HIDDEN}@", text)


def is_sensitive(key: str) -> bool:
    """Whether a key's name says that its value is nobody's business."""
    return _SENSITIVE.search(key) is not None
