"""The base class of errors that commands show without a traceback, and text safe to show."""

LONGEST = 80
"""Maximum number of characters of a value in a message."""


class CharlabError(Exception):
    """An error that the user can fix.

    The message says what was expected, what was found and where, and how to fix it.
    """


def printable(text: str) -> str:
    r"""Escape the characters that a terminal acts on, or that change the order of a line.

    Examples
    --------
    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    # repr escapes the same characters as isprintable finds; line breaks and tabs stay.
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def shortened(value: object) -> str:
    """Return a value as text for one line of a message: escaped, and cut if it is long."""
    # Cut first: repr of a long text is longer still.
    text = str(value)[: LONGEST + 1]
    text = printable(text).replace("\n", " ")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def describe(error: CharlabError | OSError | MemoryError) -> str:
    """Return an error of charlab, or of the machine, as a message that is safe to print."""
    if isinstance(error, CharlabError):
        return printable(str(error))
    if isinstance(error, MemoryError):
        return f"not enough memory ({error or 'none left'}); close other programs, or use less"
    where = f"{error.filename}: " if error.filename is not None else ""
    return printable(f"{where}{error.strerror or error}")
