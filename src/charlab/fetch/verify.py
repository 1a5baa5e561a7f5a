"""Looking at what came before it is kept: whether it is the whole book that was asked for."""

from __future__ import annotations

import re

from charlab.core.errors import CharlabError

SHORTEST = 500
"""Bytes that a book has at least."""

HEADER = 20_000
"""Bytes at the start in which a header stands."""

LICENCE = 25_000
"""Bytes at the end in which the licence stands, and the END line in front of it."""

FORMATS = ((b"PK\x03\x04", "a ZIP or EPUB file"), (b"\x1f\x8b", "a gzip file"), (b"%PDF", "a PDF"))

NUMBER = re.compile(rb"\[\s*(?:e-?book|e-?text)\s*(?:#|no\.?)\s*(\d+)", re.IGNORECASE)

START = re.compile(
    rb"^\W*START\s+OF\s+TH(?:E|IS)\s+PROJECT\s+GUTENBERG[^\r\n]*", re.IGNORECASE | re.MULTILINE
)


class FetchError(CharlabError):
    """A text could not be had, or is not the one that was asked for."""


def look_at(raw: bytes, number: int) -> None:
    """Check that bytes are the book that was asked for, and all of it.

    Parameters
    ----------
    raw : bytes
        What came.
    number : int
        The book's number.

    Raises
    ------
    FetchError
        If they are a web page or no text, too short, cut off, or another book.
    """
    start = raw[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")) or b"<html" in start:
        captcha = ", with a captcha" if b"captcha" in raw.lower() else ""
        raise FetchError(f"a web page{captcha}, not the book")
    for magic, kind in FORMATS:
        if raw.startswith(magic):
            raise FetchError(f"{kind}, not a plain text")
    if len(raw) < SHORTEST:
        raise FetchError(f"only {len(raw)} bytes, too few for a book")
    # A header may name other editions of the book beside its own number.
    found = {int(match[1]) for match in NUMBER.finditer(raw[:HEADER])}
    if found and number not in found:
        raise FetchError(f"the header says book {min(found)}, not {number}")
    if _is_cut_off(raw):
        raise FetchError(
            f"it begins as Gutenberg's files do, but ends after {len(raw)} bytes without their "
            "END line, so it is cut off"
        )


def _is_cut_off(raw: bytes) -> bool:
    """Whether a file has the START line but nothing that ends such files.

    Their last part, whatever its form and language, names the project.
    """
    start = START.search(raw[:HEADER])
    if start is None:
        return False
    return b"gutenberg" not in raw[max(start.end() + 300, len(raw) - LICENCE) :].lower()
