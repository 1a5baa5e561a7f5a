"""Read files named on the command line."""

from __future__ import annotations

from pathlib import Path

from charlab.clean.cleaner import clean
from charlab.clean.encoding import decode
from charlab.clean.params import CleanParams
from charlab.clean.reject import TinyFileError
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


def read_body(path: Path, params: CleanParams | None = None, *, tiny: bool = False) -> str:
    """Return the text of a file as a training reads it: decoded, without Gutenberg's marks.

    Parameters
    ----------
    path : Path
        A text file.
    params : CleanParams, optional
        Changes to make to characters; none by default.
    tiny : bool
        Accept a file of a few characters.

    Raises
    ------
    CharlabError
        If it cannot be read, or is no text.
    """
    raw = read_bytes(path, "--text names a text file")
    try:
        return clean(raw, params=params).text
    except TinyFileError:
        if tiny:
            return decode(raw).text
        raise


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
