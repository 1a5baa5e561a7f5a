"""Read files named on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from charlab.clean import reading
from charlab.clean.cleaner import clean
from charlab.clean.damage import ADVICE
from charlab.clean.doubts import UNMARKED
from charlab.clean.params import CleanParams
from charlab.clean.reject import SHORTEST, CleaningError, TinyFileError
from charlab.core.errors import CharlabError, printable

ADVICE_OF_COMMANDS = {
    # "Of them" refers to the characters that a file has.
    f"is empty, expected at least {SHORTEST} of them": (
        f"is empty, expected at least {SHORTEST} characters that are not blank"
    ),
    "set allow_copyrighted: true in params.yaml (or give --allow-copyrighted)": (
        "give --allow-copyrighted to 'charlab clean', and use the file that it writes"
    ),
}
"""What commands say in place of words of the cleaner, which are those of a stage."""


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


def read_body(
    path: Path,
    params: CleanParams | None = None,
    encoding: str | None = None,
    *,
    tiny: bool = False,
) -> str:
    """Return the text of a file as a training reads it: decoded, without Gutenberg's marks.

    Parameters
    ----------
    path : Path
        A text file.
    params : CleanParams, optional
        Changes to make to characters; none by default.
    encoding : str, optional
        The file's encoding; detected by default.
    tiny : bool
        Accept a file of a few characters.

    Raises
    ------
    CharlabError
        If it cannot be read, or is no text.
    """
    raw = read_bytes(path, "--text names a text file")
    with naming(path, encoding):
        try:
            cleaned = clean(raw, params=params, encoding=encoding)
        except TinyFileError:
            if not tiny:
                raise
            # Decoded from the same bytes: a pipe, such as the shell's <(...), cannot be read twice.
            text = reading.decode(raw, encoding)
            warn(path, text.evidence.warnings)
            return text.text
    # A user's own text has no mark, which is no news.
    warn(path, tuple(word for word in cleaned.record.warnings if word != UNMARKED))
    return cleaned.text


def read_text(path: Path, encoding: str | None = None) -> str:
    """Return the text of a file in any encoding, and print what may be wrong with it.

    Raises
    ------
    CharlabError
        If it cannot be read, or is not text in the encoding.
    """
    raw = read_bytes(path, "name a text file")
    with naming(path, encoding):
        text = reading.decode(raw, encoding)
    warn(path, text.evidence.warnings)
    return text.text


@contextmanager
def naming(name: Path | str, encoding: str | None = None) -> Iterator[None]:
    """Begin the message about a text that is refused with its name.

    Parameters
    ----------
    name : Path or str
        The file, or what else the text is.
    encoding : str, optional
        The encoding that the user named, if any.

    Raises
    ------
    CleaningError
        Of the same class, with advice that fits a command.
    """
    try:
        yield
    except CleaningError as error:
        raise type(error)(f"{name}: {advised(str(error), encoding)}") from None


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Begin each message about what a text lacks with the name of its file."""
    try:
        yield
    except CharlabError as error:
        raise type(error)(f"{path}: {error}") from None


def advised(message: str, encoding: str | None = None) -> str:
    """Return a message about a text with advice that fits a command.

    The cleaner writes its messages for the stage as well, whose texts have a block in params.yaml.
    Here they have none, or not yet; and who has named an encoding need not be told to name one.
    """
    other = "name another encoding with --encoding, or leave that option out"
    message = message.replace(ADVICE, other if encoding else "name the encoding with --encoding")
    for words, fitting in ADVICE_OF_COMMANDS.items():
        message = message.replace(words, fitting)
    return message


def warn(path: Path | str, warnings: tuple[str, ...]) -> None:
    """Print warnings about a file on standard error."""
    for warning in map(advised, warnings):
        click.echo(printable(f"charlab: {path}: {warning}"), err=True)
