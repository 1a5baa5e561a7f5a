"""Write files atomically, so that an interrupted write never leaves half a result.

A file is written under a temporary name (:mod:`charlab.core.temporary`), flushed to disk, and
renamed, which is atomic. Devices and pipes are written to, never replaced.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from charlab.core.errors import CharlabError
from charlab.core.temporary import final_path, temporary_file

RENAME_WAITS = (0.01, 0.1, 0.5, 1.0)
"""Seconds to wait between attempts to replace a file that another program has open on Windows."""

ADVICE = {
    errno.ENOSPC: "free disk space or inodes, or write to another disk",
    errno.EDQUOT: "free disk space, or ask for a larger quota",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder on a disk that can be written to",
    errno.EISDIR: "name a file, or remove the folder",
    errno.ENOTDIR: "one of the folders in this path is a file; choose another path",
    errno.EEXIST: "one of the folders in this path is a file; choose another path",
    errno.ENAMETOOLONG: "choose a shorter name",
}
"""Advice by the number of the error."""

MAX_JSON = 1 << 30
"""Maximum size in bytes of a JSON file."""


class WriteError(CharlabError, OSError):
    """A file that could not be written; the old one, if any, is as it was."""


class UnreadableError(CharlabError, ValueError):
    """A file whose content cannot be used."""


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into one that says what could not be written where."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        advice = ADVICE.get(error.errno or 0, "check that the folder can be written to")
        raise WriteError(
            f"{final_path(path)}: cannot be written ({error.strerror or error}); {advice}"
        ) from error


class _Target(io.FileIO):
    """An open file whose errors name the file that it is for."""

    def __init__(self, handle: int, path: Path) -> None:
        super().__init__(handle, "wb")
        self.path = path

    def write(self, data: Any, /) -> int:
        """Write some bytes and return their number."""
        with explained(self.path):
            return super().write(data)

    def fileno(self) -> int:
        """Hide the handle: NumPy would write to it past :meth:`write`."""
        raise io.UnsupportedOperation("fileno")


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open a binary file that replaces ``path`` when the block ends without an error.

    A symbolic link stays, and the file that it points to is replaced. A device or a pipe gets the
    bytes as they are written.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    with contextlib.ExitStack() as stack:
        with explained(path):
            target = _replaced(path)
            if target is None:
                # Appending: /dev/stdout may be a file with earlier lines.
                handle = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                handle, temporary = stack.enter_context(temporary_file(target))
        with io.BufferedWriter(_Target(handle, path)) as stream:
            yield stream
            stream.flush()
            if target is None:
                return
            # Bytes first, name second: otherwise a power cut may leave an empty file.
            with explained(path):
                os.fsync(handle)
        with explained(path):
            # The temporary file can be read by its owner only.
            temporary.chmod(0o644)
            rename(temporary, target)


def _replaced(path: Path) -> Path | None:
    """Return the regular file to replace, or None for a device or a pipe.

    Raises
    ------
    OSError
        If ``path`` is a folder, or cannot be reached.
    """
    link = path.is_symlink()
    if link and path.is_absolute() and path.parts[1] in {"dev", "proc"}:
        return None  # such as /dev/stdout: the shell has that file open
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Path(os.path.realpath(path)) if link else path
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        return None
    # DVC may link a result to its cache, where files are read-only: such a link is replaced.
    return Path(os.path.realpath(path)) if link and mode & 0o222 else path


def rename(temporary: Path, path: Path) -> None:
    """Rename a file over another; on Windows, wait for programs that have the other one open."""
    for wait in RENAME_WAITS if os.name == "nt" else ():
        with contextlib.suppress(PermissionError):
            # Windows does not replace a read-only file, such as a link to DVC's cache.
            if path.exists():
                path.chmod(0o644)
            temporary.replace(path)
            return
        time.sleep(wait)
    temporary.replace(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically."""
    with atomic(path) as stream:
        stream.write(content)


def write_text(path: Path, content: str) -> None:
    """Write ``content`` to ``path`` atomically, UTF-8 with LF line ends."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON in UTF-8.

    Raises
    ------
    ValueError
        If it holds NaN or an infinity, which JSON cannot express.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def remove(path: Path) -> None:
    """Remove a file if there is one; a device or a pipe stays."""
    with explained(path):
        if path.is_file():
            path.unlink()


def size_of(path: Path) -> int:
    """Return the size of a regular file.

    Raises
    ------
    OSError
        If there is no such file.
    UnreadableError
        If it is a folder, a pipe or a device; reading a pipe could wait for ever.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe or a device"
        raise UnreadableError(f"{path}: expected a file, found {kind}")
    return found.st_size


def read_json(path: Path) -> Any:
    """Return the value in a JSON file.

    Raises
    ------
    OSError
        If the file cannot be read.
    UnreadableError
        If it is not JSON in UTF-8; NaN and infinities are not JSON.
    """
    if size_of(path) > MAX_JSON:
        raise UnreadableError(f"{path}: expected at most {MAX_JSON} bytes of JSON")
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except ValueError as error:
        raise UnreadableError(f"{path}: not JSON in UTF-8 ({error})") from None
    except RecursionError:
        raise UnreadableError(f"{path}: JSON that is nested too deeply") from None


def _refuse_constant(name: str) -> Any:
    """Refuse ``NaN`` and ``Infinity``, which Python's parser accepts."""
    raise ValueError(f"{name} is not a number")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal, without loading the file whole."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
