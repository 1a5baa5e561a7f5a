"""Read files named on the command line."""

from __future__ import annotations

from pathlib import Path

from charlab.core.errors import CharlabError


def read_bytes(path: Path, advice: str) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    CharlabError
        If it cannot be read; the message ends with ``advice`` on what to name instead.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise CharlabError(f"{path}: {error.strerror}; {advice}") from None


def read_utf8(path: Path) -> str:
    """Return the text of a file in UTF-8.

    Raises
    ------
    CharlabError
        If it cannot be read or is not UTF-8.
    """
    try:
        return read_bytes(path, "name a text file").decode("utf-8")
    except UnicodeDecodeError as error:
        raise CharlabError(
            f"{path}: not UTF-8 at byte {error.start}; 'charlab clean' turns a raw text into UTF-8"
        ) from None
