"""Refuse files that are not one free book in plain text, each kind with an error of its own."""

from __future__ import annotations

import re

from charlab.core.errors import CharlabError
from charlab.core.units import counted

SHORTEST = 32
"""Minimum number of characters in a text, not counting blanks."""

OPENING = 4_000
"""Characters at the start of a text that show whether it is a web page, or binary."""

HTML = re.compile(r"\s*<(?:!doctype\s+html|html|head|body|\?xml|!--|title|script|meta)\b", re.I)
CAPTCHA = re.compile(r"captcha|are\s+you\s+(?:a\s+)?(?:human|robot)|unusual\s+traffic", re.I)
COPYRIGHTED = re.compile(
    r"\bCOPYRIGHTED\s+Project\s+Gutenberg|^Rights:\s*Copyrighted|\*\s*This\s+file\s+is\s+copyright"
    r"|SMALL\s+PRINT!?\W*FOR\s+COPYRIGHT|^(?:Copyright\s+)?Status:\s*Copyrighted"
    r"|this\s+(?:Project\s+Gutenberg(?:-tm)?\s+)?(?:e-?book|e-?text)\s+is\s+(?:a\s+)?copyrighted",
    re.I | re.M,
)
# The first bytes of each format.
FORMATS = (
    (b"PK\x03\x04", "a ZIP or EPUB file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF-1", "a PDF file"),
    (b"{\\rtf1", "an RTF file"),
    (b"\xd0\xcf\x11\xe0", "a Word file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF89a", "a picture"),
    (b"BZh91AY&SY", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
)
# Old files end with the control character 0x1A, and ISO-2022 uses 0x1B.
CONTROLS = bytes(sorted({*range(0x20), 0x7F} - set(b"\t\n\v\f\r\x1a\x1b")))


class CleaningError(CharlabError):
    """A file that is not a book, or not one that may be used."""


class NotTextError(CleaningError):
    """Bytes that are not text."""


class EncodingError(CleaningError):
    """Bytes that are not in the encoding that they should be in."""


class WebPageError(CleaningError):
    """A web page that was saved as the book."""


class TinyFileError(CleaningError):
    """A file or body with no text, or hardly any."""


class TwoBooksError(CleaningError):
    """A file with two books."""


class CopyrightedError(CleaningError):
    """A book whose header says that it is under copyright."""


def refuse_binary(start: bytes) -> None:
    """Refuse a binary file, recognized by its first bytes."""
    for magic, kind in FORMATS:
        if start.startswith(magic):
            raise NotTextError(
                f"expected a plain text, found {kind}; give the plain-text file of the book"
            )
    refuse_controls(start)


def refuse_controls(start: bytes) -> None:
    """Refuse a text with many control characters, from its first bytes."""
    controls = len(start) - len(start.translate(None, CONTROLS))
    if controls > 8 and controls > len(start) // 50:
        raise NotTextError(
            f"{controls} of the first {len(start)} bytes are control characters, so this is a "
            "binary file; give the plain-text file of the book"
        )


def refuse_web_page(start: str) -> None:
    """Refuse HTML and XML, recognized by the first characters of a file."""
    if HTML.match(start):
        kind = "a captcha page" if CAPTCHA.search(start) else "a web page (HTML or XML)"
        raise WebPageError(
            f"expected a plain text, found {kind}; fetch the plain-text file of the book, from a "
            "mirror if the main site shows a captcha"
        )


def refuse_tiny(count: int, what: str) -> None:
    """Refuse a text by the number of its characters that are not blank."""
    if count < SHORTEST:
        shown = counted(count, "character that is not blank", "characters that are not blank")
        problem = "is empty" if count == 0 else f"has only {shown}"
        raise TinyFileError(
            f"{what} {problem}, expected at least {SHORTEST} of them; check whether it was cut off"
        )


def refuse_copyrighted(header: str) -> None:
    """Refuse a book whose header says that it is under copyright."""
    match = COPYRIGHTED.search(header)
    if match is not None:
        line = header.count("\n", 0, match.start()) + 1
        raise CopyrightedError(
            f"line {line} of the header says that this book is COPYRIGHTED "
            f"({' '.join(match[0].split())!r}); if you have permission to use it, set "
            "allow_copyrighted: true in params.yaml (or give --allow-copyrighted)"
        )
