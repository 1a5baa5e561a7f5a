"""Read files named on the command line."""

from __future__ import annotations

from pathlib import Path

import click

from charlab.clean import reading
from charlab.clean.cleaner import Cleaned, clean
from charlab.clean.params import CleanParams
from charlab.clean.reject import TinyFileError
from charlab.core.errors import CharlabError, printable


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
    try:
        body: Cleaned | reading.Text = clean(raw, params=params, encoding=encoding)
    except TinyFileError:
        if not tiny:
            raise
        # Decoded from the same bytes: a pipe, such as the shell's <(...), cannot be read twice.
        body = reading.decode(raw, encoding)
    warn(path, body.evidence.warnings)
    return body.text


def read_text(path: Path, encoding: str | None = None) -> str:
    """Return the text of a file in any encoding, and print what may be wrong with it.

    Raises
    ------
    CharlabError
        If it cannot be read, or is not text in the encoding.
    """
    text = reading.read_text(path, encoding)
    warn(path, text.evidence.warnings)
    return text.text


def warn(path: Path | str, warnings: tuple[str, ...]) -> None:
    """Print warnings about a file on standard error."""
    for warning in warnings:
        click.echo(printable(f"charlab: {path}: {warning}"), err=True)
