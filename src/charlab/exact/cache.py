"""A place for compiled kernels that no edited or upgraded source file can make stale.

Numba keeps a compiled function for as long as the file that defines it is unchanged, and does not
notice an edit in a module that the function calls. Here the folder's name has a hash of all
source files of this package, so other sources use other folders, and equal ones share theirs: a
second checkout, or a copy that DVC makes for an experiment, compiles nothing. The folder lies in
the first of these places that can be written: ``$NUMBA_CACHE_DIR``, the user's cache folder,
``__pycache__`` beside the sources, and the system's folder for temporary files.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

ROOM = 1 << 26
"""Bytes of free disk that all compiled functions need at most."""


@cache
def source_hash() -> str:
    """Return a hash of every source file of this package, and of Numba's version."""
    numba = find_spec("numba")
    if numba is None or numba.origin is None:
        raise ModuleNotFoundError("expected Numba beside llvmlite; run: make setup", name="numba")
    # importlib.metadata takes a tenth of the time until the first character to load.
    digest = hashlib.sha256(Path(numba.origin).with_name("_version.py").read_bytes())
    for path in sorted(PACKAGE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _places() -> list[Path]:
    """Return the folders to try, in order."""
    named = [Path(given)] if (given := os.environ.get("NUMBA_CACHE_DIR")) else []
    # One folder per user: nobody may run code that somebody else put there.
    shared = Path(tempfile.gettempdir()) / f"charlab-{os.getuid() if hasattr(os, 'getuid') else ''}"
    return [*named, *_of_user(), PACKAGE / "__pycache__", shared]


def _of_user() -> list[Path]:
    """Return the folder in the user's cache folder; none for a user without a home."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        return [Path(given) / "charlab"]
    try:
        return [Path.home() / ".cache" / "charlab"]
    except RuntimeError:  # HOME is not set, and the system does not know the user
        return []


def _writable(folder: Path) -> bool:
    """Return whether there is room for files in a folder of one's own, which is made if missing."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return False
        with tempfile.TemporaryFile(dir=folder):
            # Numba fails where a compiled function does not fit.
            return shutil.disk_usage(folder).free >= ROOM or any(folder.iterdir())
    except OSError:
        return False


@cache
def folder() -> Path | None:
    """Return the folder for this package's compiled functions; None if none can be written."""
    name = f"kernels-{source_hash()}"
    for place in _places():
        if _writable(place / name):
            if place.name == "__pycache__":
                for old in set(place.glob("kernels-*")) - {place / name}:
                    shutil.rmtree(old, ignore_errors=True)  # of sources that were edited since
            return place / name
    return None
