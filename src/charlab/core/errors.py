"""The base class of errors that commands show without a traceback."""


class CharlabError(Exception):
    """An error that the user can fix.

    The message says what was expected, what was found and where, and how to fix it.
    """
