"""Read files named on the command line."""

from __future__ import annotations

from pathlib import Path

import click

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


def read_text(path: Path, encoding: str | None = None) -> str:
    """Return the text of a file in any encoding, and print what may be wrong with it.

    Raises
    ------
    CharlabError
        If it cannot be read, or is not text in the encoding.
    """
    from charlab.clean import reading

    text = reading.read_text(path, encoding)
    warn(path, text.evidence.warnings)
    return text.text


def warn(path: Path | str, warnings: tuple[str, ...]) -> None:
    """Print warnings about a file on standard error."""
    for warning in warnings:
        click.echo(f"charlab: {path}: {warning}", err=True)
