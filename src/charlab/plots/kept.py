"""Keep drawn pictures, and numbers that take long, between runs of the report stage.

An experiment changes few figures, and drawing all takes half of its processor time beside the
training. A kept picture is found by a hash of all that determines its bytes: the data of the
figure, the code that draws, and the versions of the libraries. So a report has the same bytes with
and without kept pictures. The same goes for JSON values, such as the losses of a network.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import asdict, is_dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from charlab import core, plots
from charlab.core.files import UnreadableError, size_of, write_bytes

FOLDER = Path(".charlab/kept")
"""Folder of what is kept in a project; no stage has it among its outputs."""

MOST = 400
"""Maximum number of kept files, those of some ten experiments; the least recently used go."""

LIBRARIES = ("matplotlib", "numpy", "pandas", "pillow", "contourpy", "kiwisolver", "fonttools")
"""Distributions on which the bytes of a picture can depend."""

_folder: ContextVar[Path | None] = ContextVar("_folder", default=None)


@contextlib.contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Use and fill a folder of kept files while the block runs; then remove old ones."""
    before = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(before)
        # A folder that cannot be read or written only costs the time to draw.
        with contextlib.suppress(OSError):
            paths = [path for end in ("svg", "json") for path in folder.glob(f"*.{end}")]
            for path in sorted(paths, key=lambda path: path.stat().st_mtime)[:-MOST]:
                path.unlink()


def picture(data: Any, draw: Callable[[], bytes]) -> bytes:
    """Return a picture from the folder of kept pictures, or draw it and keep it there.

    Parameters
    ----------
    data : object
        All that the picture depends on beside the code: tables, dataclasses and JSON values.
    draw : callable
        Draws the picture.
    """
    return _kept("svg", _environment((core, plots), LIBRARIES), data, draw)


def value(
    name: str,
    data: Any,
    compute: Callable[[], Any],
    code: tuple[ModuleType, ...],
    libraries: tuple[str, ...],
) -> Any:
    """Return a value that JSON can express from the folder, or compute it and keep it there.

    Parameters
    ----------
    name : str
        Says what is computed.
    data : object
        All that the value depends on beside the code, as for :func:`picture`; arrays, too.
    compute : callable
        Computes the value.
    code : tuple of modules
        Packages whose code determines the value.
    libraries : tuple of str
        Distributions on which it can depend.
    """

    def written() -> bytes:
        return json.dumps(compute()).encode("ascii")

    return json.loads(_kept("json", _environment(code, libraries), [name, data], written))


def _kept(suffix: str, environment: list[str], data: Any, make: Callable[[], bytes]) -> bytes:
    """Return the content of a kept file, or make it and keep it."""
    folder = _folder.get()
    key = None if folder is None else _key(environment, data)
    if folder is None or key is None:
        return make()
    path = folder / f"{key}.{suffix}"
    if (kept := _read(path)) is not None:
        return kept
    made = make()
    with contextlib.suppress(OSError):
        # The hash in the first line tells a damaged file from a whole one.
        write_bytes(path, f"{_hash(made)}\n".encode() + made)
    return made


def _read(path: Path) -> bytes | None:
    """Return the content of a kept file; None if there is none, or it is damaged."""
    try:
        size_of(path)  # raises an error for a pipe, which would make reading wait for ever
        line, _, content = path.read_bytes().partition(b"\n")
        if line.decode("ascii", "replace") != _hash(content):
            return None
        os.utime(path)  # used now
    except (OSError, UnreadableError):
        return None
    return content


def _key(environment: list[str], data: Any) -> str | None:
    """Return the name of a file with these data; None if the data are of an unknown type."""
    try:
        # Floats are written with all their digits.
        text = json.dumps([environment, data], default=_plain)
    except (TypeError, ValueError):
        return None
    return _hash(text.encode("utf-8", "surrogatepass"))


def _plain(value: Any) -> Any:
    """Return a table, an array or a dataclass as values that JSON can express."""
    if isinstance(value, pd.DataFrame):
        columns = [[str(name), str(value[name].dtype), value[name].tolist()] for name in value]
        return {"index": value.index.tolist(), "columns": columns}
    if isinstance(value, np.ndarray) and value.dtype != object:
        return [value.dtype.str, value.shape, _hash(np.ascontiguousarray(value).tobytes())]
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"cannot tell whether two objects of type {type(value).__name__} are the same")


@functools.cache
def _environment(packages: tuple[ModuleType, ...], libraries: tuple[str, ...]) -> list[str]:
    """Return the code of some packages, as a hash, and the versions of what they use."""
    # The labels and colors of variants, which charlab.plan determines, are among the data.
    paths = [path for package in packages for path in Path(package.__path__[0]).glob("*.py")]
    code = b"".join(path.read_bytes() for path in sorted(paths))
    versions = [f"{name} {version(name)}" for name in libraries]
    return [_hash(code), *versions, platform.python_version(), platform.machine()]


def _hash(content: bytes) -> str:
    """Return the SHA-256 hash of some bytes."""
    return hashlib.sha256(content).hexdigest()
