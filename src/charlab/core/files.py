"""Write files atomically, so that an interrupted write never leaves half a result.

Every function writes to a temporary file in the same folder, flushes it to disk, and renames it
over the target, which is atomic.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

RENAME_WAITS = (0.01, 0.1, 0.5, 1.0)
"""Seconds to wait between attempts to replace a file that another program has open on Windows."""


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """Open a binary file that replaces ``path`` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder: a rename across file systems is not atomic.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            # Bytes first, name second: otherwise a power cut may leave an empty file.
            os.fsync(stream.fileno())
        # mkstemp creates files that only their owner can read.
        temporary.chmod(0o644)
        _rename(temporary, path)
    finally:
        # After an error the temporary file is still there; after the rename it is not.
        temporary.unlink(missing_ok=True)


def _rename(temporary: Path, path: Path) -> None:
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


def read_json(path: Path) -> Any:
    """Return the value in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal, without loading the file whole."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
