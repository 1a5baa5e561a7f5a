"""What arrives is looked at before it is kept."""

from __future__ import annotations

import pytest

from charlab.fetch.verify import FetchError, look_at
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
def test_the_book_is_kept(raw: bytes) -> None:
    """With another edition's number beside its own, or none, or the old header and no END."""
    look_at(raw, 77)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"<!DOCTYPE html><html><body>" + b"x" * 999, "a web page, not the book"),
        (b"\xef\xbb\xbf <html>" + b"captcha" * 200, "a web page, with a captcha, not the book"),
        (b'<?xml version="1.0"?>' + b"<p/>" * 500, "a web page, not the book"),
        (b"PK\x03\x04" + b"x" * 999, "a ZIP or EPUB file, not a plain text"),
        (b"\x1f\x8b" + b"x" * 999, "a gzip file, not a plain text"),
        (b"%PDF-1.4" + b"x" * 999, "a PDF, not a plain text"),
        (b"", "only 0 bytes, too few"),
        (b"short", "only 5 bytes, too few"),
        (BOOK.replace(b"#77", b"#78"), "the header says book 78, not 77"),
        (BOOK[: BOOK.rindex(b"***", 0, -6)], r"ends after \d+ bytes without their END line"),
        (BOOK[: len(BOOK) // 2], r"ends after \d+ bytes without their END line, so it is cut off"),
    ],
)
def test_what_is_not_the_book_is_not_kept(raw: bytes, reason: str) -> None:
    """Pages, stumps, parts and other books are refused, each with its own reason."""
    with pytest.raises(FetchError, match=reason):
        look_at(raw, 77)
