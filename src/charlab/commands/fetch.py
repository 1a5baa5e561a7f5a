"""Fetch one raw book outside the pipeline, and compare its body with the record."""

from __future__ import annotations

from pathlib import Path

from charlab.clean.cleaner import clean
from charlab.clean.fingerprints import check_book
from charlab.clean.reject import CleaningError
from charlab.commands.inputs import advised
from charlab.core.files import write_bytes
from charlab.fetch.gutenberg import fetch_book


def fetch_by_hand(number: int, out: Path, bodies: Path, *, strict: bool) -> list[str]:
    """Fetch a book as it is, and return messages for the user.

    Parameters
    ----------
    number : int
        The book's number.
    out : Path
        File to write.
    bodies : Path
        The record of the bodies of a project's texts; the file may be missing.
    strict : bool
        Write nothing if the body is not the recorded one.

    Returns
    -------
    list of str
        The source of the file, and a warning if its body is not the recorded one.

    Raises
    ------
    CharlabError
        If the book cannot be fetched, or with ``strict`` if its body is not the recorded one.
    """
    raw, url = fetch_book(number)
    try:
        cleaned = clean(raw, allow_copyrighted=True)
        changed = check_book(number, cleaned.text, bodies, strict=strict)
    except CleaningError as error:
        if strict:
            raise type(error)(f"book {number}: {advised(str(error))}") from None
        changed = f"the cleaner finds no body in it: {advised(str(error))}"
    # Written last, so that a strict run leaves no file behind.
    write_bytes(out, raw)
    return [f"{out} is from {url}", *filter(None, [changed])]
