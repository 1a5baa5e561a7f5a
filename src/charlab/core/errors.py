"""The base class of errors that commands show without a traceback."""


class CharlabError(Exception):
    """An error that the user can fix.

    The message says what was expected, what was found and where, and how to fix it.
    """


def describe(error: CharlabError | OSError | MemoryError) -> str:
    """Return an error of charlab, or of the machine, as a message without a traceback."""
    if isinstance(error, CharlabError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"not enough memory ({error or 'none left'}); close other programs, or use less"
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or error}"
