"""Fetching one raw book for a user, outside the pipeline, and comparing it with the record."""

from __future__ import annotations

import tempfile
from pathlib import Path

from charlab.clean.cleaner import clean
from charlab.clean.fingerprints import check_book
from charlab.clean.reject import CleaningError
from charlab.core.files import write_bytes
from charlab.fetch.gutenberg import fetch_book
from charlab.fetch.mirrors import mirrors


def fetch_by_hand(number: int, out: Path, bodies: Path, *, strict: bool) -> list[str]:
    """Fetch a book as it is, and say what a user should know of it.

    Parameters
    ----------
    number : int
        The book's number.
    out : Path
        File to write.
    bodies : Path
        The record of what the bodies of a project's texts are; it need not be there.
    strict : bool
        Keep nothing whose body is not the recorded one.

    Returns
    -------
    list of str
        Where it came from, and what is to be said of it.

    Raises
    ------
    CharlabError
        If the book cannot be had, or strict finds another body.
    """
    with tempfile.TemporaryDirectory(prefix="charlab-") as folder:
        raw = Path(folder) / "book.txt"
        told = [f"{out} is from {fetch_book(number, raw, mirrors())}"]
        content = raw.read_bytes()
    try:
        cleaned = clean(content, allow_copyrighted=True)
        changed = check_book(number, cleaned.text, bodies, strict=strict)
    except CleaningError as error:
        if strict:
            raise
        changed = f"no body can be found in it: {error}"
    write_bytes(out, content)
    return [*told, *filter(None, [changed])]
