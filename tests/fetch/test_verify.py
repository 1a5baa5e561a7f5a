"""Downloaded files are verified before they are kept."""

from __future__ import annotations

import pytest

from charlab.fetch.verify import FetchError, verify_book
from small_gutenberg import BOOK

SMALL_PRINT = (
    b"Project Gutenberg Etext of A Small Book\r\n#77 in our series\r\n\r\n[Etext #77]\r\n\r\n"
    b"*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\r\n\r\n"
    + b"It has few words, and says them again.\r\n"
    * 40
)


@pytest.mark.parametrize(
    "raw",
    [
        BOOK,
        b"\xef\xbb\xbf" + BOOK,
        BOOK.replace(b"\r\n", b"\n"),
        BOOK.replace(b"[eBook #77]", b""),
        BOOK.replace(b"[eBook #77]", b"[EBook #78] [eText No. 77]"),
        SMALL_PRINT,
        SMALL_PRINT[: len(SMALL_PRINT) // 2],
        BOOK.replace(b"few words", b"[eBook #78]"),
    ],
)
def test_book_is_kept(raw: bytes) -> None:
    """It may name another edition, or no number, or have the old header and no END line."""
    verify_book(raw, 77)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"<!DOCTYPE html><html><body>" + b"x" * 999, "found a web page"),
        (b"\xef\xbb\xbf <html>" + b"captcha" * 200, "found a web page with a captcha"),
        (b'<?xml version="1.0"?>' + b"<p/>" * 500, "found a web page"),
        (b"PK\x03\x04" + b"x" * 999, "found a ZIP or EPUB file"),
        (b"\x1f\x8b" + b"x" * 999, "found a gzip file"),
        (b"%PDF-1.4" + b"x" * 999, "found a PDF"),
        (b"", "found only 0 bytes, expected at least"),
        (b"short", "found only 5 bytes, expected at least"),
        (BOOK.replace(b"#77", b"#78"), "expected book 77, found book 78"),
        (BOOK[: BOOK.rindex(b"***", 0, -6)], r"ends after \d+ bytes without an END line"),
        (BOOK[: len(BOOK) // 2], r"ends after \d+ bytes without an END line, so it is cut off"),
    ],
)
def test_other_files_are_refused(raw: bytes, reason: str) -> None:
    """Web pages, binaries, incomplete files and other books are refused with the reason."""
    with pytest.raises(FetchError, match=reason):
        verify_book(raw, 77)
