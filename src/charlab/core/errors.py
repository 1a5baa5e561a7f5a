"""The one exception that a command shows to its user without a traceback."""


class CharlabError(Exception):
    """Something the user can mend: the message says what was expected, found, and to do."""
