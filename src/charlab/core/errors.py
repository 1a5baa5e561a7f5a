"""The base class of errors that commands show without a traceback, and text safe to show."""

import errno
import re

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but line feed and tab
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # line ends, and order of reading
    "\ufeff\ud800-\udfff\U000e0000-\U000e007f]"  # byte-order mark, half characters, hidden tags
)
"""Characters that a terminal acts on, that hide text, or that change the order of a line."""

LONGEST = 80
"""Maximum number of characters of a value in a message."""


class CharlabError(Exception):
    """An error that the user can fix.

    The message says what was expected, what was found and where, and how to fix it.
    """


def printable(text: str) -> str:
    r"""Escape the characters of :data:`UNSAFE`.

    Examples
    --------
    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    # repr escapes all of them.
    return UNSAFE.sub(lambda match: repr(match[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return text without line breaks and tabs, its unsafe characters escaped."""
    return printable(re.sub(r"\s*[\r\n\t]\s*", " ", text))


def shortened(value: object) -> str:
    """Return a value as text for one line of a message: escaped, and cut if it is long."""
    # Cut first: repr of a long text is longer still.
    text = one_line(str(value)[: LONGEST + 1])
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def describe(error: CharlabError | OSError | MemoryError) -> str:
    """Return an error of charlab, or of the machine, as a message that is safe to print."""
    if isinstance(error, CharlabError):
        return printable(str(error))
    if isinstance(error, MemoryError):
        return f"not enough memory ({error or 'none left'}); close other programs, or use less"
    if error.filename is not None:
        return printable(f"{error.filename}: {error.strerror or error}")
    # Files that charlab writes are named by a CharlabError; what is left is print's.
    full = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
    where = "standard output cannot be written: " if error.errno in full else ""
    return printable(f"{where}{error.strerror or error}")
