"""Hash files and folders as DVC does, so that hashes can be compared with dvc.lock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from charlab.core.temporary import is_temporary

Entry = dict[str, str]
"""A file of a folder: ``relpath`` and ``md5``."""


def md5_of(path: Path) -> str | None:
    """Return DVC's hash of a file or folder; None if there is neither.

    The hash of a folder ends in ``.dir``.
    """
    if path.is_dir():
        return folder_hash(listing(path))
    return _md5(path) if path.is_file() else None


def listing(folder: Path) -> list[Entry]:
    """Return the files below a folder, without those that .dvcignore names."""
    return [
        {"md5": _md5(path), "relpath": path.relative_to(folder).as_posix()}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(map(_is_ignored, path.relative_to(folder).parts))
    ]


def folder_hash(entries: Iterable[Entry]) -> str:
    """Return the hash of a folder with these files."""
    content = json.dumps(sorted(entries, key=lambda entry: entry["relpath"]), sort_keys=True)
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest() + ".dir"


def _md5(path: Path) -> str:
    # DVC's choice. The certificate has SHA-256 of dvc.lock, whose hashes are MD5.
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _is_ignored(part: str) -> bool:
    return part == "__pycache__" or part.endswith(".pyc") or is_temporary(part)
