"""Verify that downloaded bytes are the requested book, and all of it."""

from __future__ import annotations

import re

from charlab.core.errors import CharlabError
from charlab.core.units import counted

SHORTEST = 500
"""Minimum number of bytes in a book."""

HEADER = 20_000
"""Bytes at the start that contain the header."""

LICENSE = 25_000
"""Bytes at the end that contain the license and the END line before it."""

FORMATS = ((b"PK\x03\x04", "a ZIP or EPUB file"), (b"\x1f\x8b", "a gzip file"), (b"%PDF", "a PDF"))

NUMBER = re.compile(rb"\[\s*(?:e-?book|e-?text)\s*(?:#|no\.?)\s*(\d{1,9})\b", re.IGNORECASE)

START = re.compile(
    rb"^\W*START\s+OF\s+TH(?:E|IS)\s+PROJECT\s+GUTENBERG[^\r\n]*", re.IGNORECASE | re.MULTILINE
)


class FetchError(CharlabError):
    """A text that cannot be fetched, or is not the requested one."""


def verify_book(raw: bytes, number: int) -> None:
    """Check that bytes are the requested book, and all of it.

    Parameters
    ----------
    raw : bytes
        The downloaded file.
    number : int
        The book's number.

    Raises
    ------
    FetchError
        If the file is a web page or binary, too short, cut off, or another book.
    """
    # A byte order mark and blanks may precede the first tag.
    start = raw[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")) or b"<html" in start:
        captcha = " with a captcha" if b"captcha" in raw.lower() else ""
        raise FetchError(f"expected a plain text, found a web page{captcha}")
    for magic, kind in FORMATS:
        if raw.startswith(magic):
            raise FetchError(f"expected a plain text, found {kind}")
    if len(raw) < SHORTEST:
        raise FetchError(
            f"found only {counted(len(raw), 'byte')}, expected at least {SHORTEST} for a book"
        )
    # A header may also name other editions of the book.
    numbers = {int(match[1]) for match in NUMBER.finditer(raw[:HEADER])}
    if numbers and number not in numbers:
        raise FetchError(f"expected book {number}, found book {min(numbers)} in the header")
    # A server that breaks off without an error leaves a file that looks complete.
    if _is_cut_off(raw):
        raise FetchError(
            f"the START line is there, but the file ends after {len(raw)} bytes without an END "
            "line, so it is cut off"
        )


def _is_cut_off(raw: bytes) -> bool:
    """Return whether a file has a START line, but no license or END line.

    Both name the project in any language and form.
    """
    start = START.search(raw[:HEADER])
    if start is None:
        return False
    # The START line itself names the project, so the search starts after it.
    return b"gutenberg" not in raw[max(start.end() + 300, len(raw) - LICENSE) :].lower()
