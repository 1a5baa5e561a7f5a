"""Make Numba keep the compiled functions of this package in :func:`charlab.exact.cache.folder`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numba.core import caching

from charlab.exact.cache import PACKAGE, folder, source_hash


class _Locator(caching._CacheLocator):
    """Tells Numba where functions of this package are kept."""

    def __init__(self, function: Any, source: str) -> None:
        self.function, self.source = function, Path(source)

    def get_cache_path(self) -> str:
        return str(folder())

    def get_source_stamp(self) -> str:
        return source_hash()

    def get_disambiguator(self) -> str:
        return f"{self.source.stem}-{self.function.__code__.co_firstlineno}"

    @classmethod
    def from_function(cls, function: Any, source: str) -> _Locator | None:
        ours = Path(source).resolve().parent == PACKAGE and folder() is not None
        return cls(function, source) if ours else None


def install() -> None:
    """Make Numba keep this package's functions in :func:`folder`."""
    # Numba 0.60 calls the class by its older name.
    owner: Any = getattr(caching, "CacheImpl", None) or vars(caching)["_CacheImpl"]
    owner._locator_classes.insert(0, _Locator)
