"""Temporary files and folders that no later run takes for a result, even after a kill.

Each lies beside what it will replace, because a rename across file systems is not atomic. Its name
starts with a dot and ends in ``.part``; .dvcignore and .gitignore leave out such names. Its owner
holds a lock on it as long as it lives, so the next writer of the same file or folder can tell a
leftover from a temporary file in use, and removes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

SUFFIX = ".part"
"""End of the name of every temporary file and folder."""

MAX_NAME = 200
"""Bytes of a name that leave room for the additions; file systems allow 255."""


@contextlib.contextmanager
def temporary_file(target: Path) -> Iterator[tuple[int, Path]]:
    """Create an empty file beside ``target``; remove it at the end unless it was renamed.

    Yields
    ------
    int, Path
        A handle that is open for writing, which the caller closes, and the file's path.
    """
    prefix = _prefix(target)
    _remove_leftovers(target.parent, prefix)
    while True:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=SUFFIX)
        # The duplicate keeps the lock until the file has its final name.
        lock = os.dup(handle)
        if _lock(lock, Path(name)):
            break
        os.close(lock)
        os.close(handle)
    if sys.platform == "win32":
        os.close(lock)  # an open file cannot be renamed there
    try:
        yield handle, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        if sys.platform != "win32":
            os.close(lock)


@contextlib.contextmanager
def temporary_folder(folder: Path, name: str) -> Iterator[Path]:
    """Create an empty folder below ``folder``; remove it at the end unless it was renamed."""
    prefix = _prefix(Path(name))
    _remove_leftovers(folder, prefix)
    while True:
        path = Path(tempfile.mkdtemp(dir=folder, prefix=prefix, suffix=SUFFIX))
        lock = None if sys.platform == "win32" else os.open(path, os.O_RDONLY)
        if lock is None or _lock(lock, path):
            break
        os.close(lock)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def final_path(path: Path) -> Path:
    """Return the path that a file will have once its temporary folder is in place."""
    return Path(*(part for part in path.parts if not is_temporary(part)))


def is_temporary(name: str) -> bool:
    """Return whether a file or folder of this name is a temporary one."""
    return name.startswith(".") and name.endswith(SUFFIX)


def _prefix(target: Path) -> str:
    """Return the start of the names of all temporary files of one target."""
    encoded = os.fsencode(target.name)
    short = target.name if len(encoded) <= MAX_NAME else hashlib.sha256(encoded).hexdigest()
    return f".{short}."


def _lock(handle: int, path: Path) -> bool:
    """Lock a temporary file; return False if another process has just removed it as a leftover."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks, where nobody removes leftovers
    with contextlib.suppress(OSError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove the temporary files and folders of processes that were killed."""
    if sys.platform == "win32":
        return
    for entry in list(os.scandir(folder)):
        if not (entry.name.startswith(prefix) and is_temporary(entry.name)):
            continue
        # Whoever gets the lock knows that the owner is gone.
        with contextlib.suppress(OSError):
            handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)  # noqa: PTH108
            finally:
                os.close(handle)
