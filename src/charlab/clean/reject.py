"""What the cleaner refuses, each with its own error and its own words."""

from __future__ import annotations

import re

from charlab.core.errors import CharlabError

SHORTEST = 32
"""Letters and other marks, blanks not counted, that a text has at least."""

HTML = re.compile(r"\s*<(?:!doctype\s+html|html|head|body|\?xml|!--|title|script|meta)\b", re.I)
CAPTCHA = re.compile(r"captcha|are\s+you\s+(?:a\s+)?(?:human|robot)|unusual\s+traffic", re.I)
COPYRIGHTED = re.compile(
    r"\bCOPYRIGHTED\s+Project\s+Gutenberg|^Rights:\s*Copyrighted|\*\s*This\s+file\s+is\s+copyright"
    r"|SMALL\s+PRINT!?\W*FOR\s+COPYRIGHT|^(?:Copyright\s+)?Status:\s*Copyrighted"
    r"|this\s+(?:Project\s+Gutenberg(?:-tm)?\s+)?(?:e-?book|e-?text)\s+is\s+(?:a\s+)?copyrighted",
    re.I | re.M,
)
FORMATS = (
    (b"PK\x03\x04", "a ZIP or EPUB file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF", "a PDF file"),
    (b"{\\rtf", "an RTF file"),
    (b"\xd0\xcf\x11\xe0", "a Word file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
)
CONTROLS = bytes(sorted({*range(0x20), 0x7F} - set(b"\t\n\v\f\r\x1a\x1b")))


class CleaningError(CharlabError):
    """A file is not a book, or not one that may be used."""


class NotTextError(CleaningError):
    """The bytes are no text."""


class WebPageError(CleaningError):
    """A web page was saved as the book."""


class TinyFileError(CleaningError):
    """There is nothing in the file, or hardly anything."""


class TwoBooksError(CleaningError):
    """One file has two books."""


class CopyrightedError(CleaningError):
    """The header says that the book is under copyright."""


def refuse_binary(start: bytes) -> None:
    """Refuse what is no text, by the first bytes of a file."""
    for magic, kind in FORMATS:
        if start.startswith(magic):
            raise NotTextError(f"{kind}, not a plain text; give the plain-text file of the book")
    controls = len(start) - len(start.translate(None, CONTROLS))
    if controls > 8 and controls > len(start) // 50:
        raise NotTextError(
            f"{controls} of the first {len(start)} bytes are control characters, so it is a "
            "binary file; give the plain-text file of the book"
        )


def refuse_web_page(start: str) -> None:
    """Refuse HTML and XML, by the first characters of a file."""
    if HTML.match(start):
        kind = "a captcha page" if CAPTCHA.search(start) else "a web page (HTML or XML)"
        raise WebPageError(
            f"{kind}, not a plain text; fetch the plain-text file of the book, from a mirror if "
            "the main site asks who you are"
        )


def refuse_tiny(text: str, what: str) -> None:
    """Refuse a text that has hardly any characters."""
    if len(text) > 100 * SHORTEST and not text[:10_000].isspace():
        return
    count = sum(not character.isspace() for character in text[: 1_000 * SHORTEST])
    if count < SHORTEST:
        found = "is empty" if count == 0 else f"has only {count} characters that are not blank"
        raise TinyFileError(f"{what} {found}, fewer than {SHORTEST}; is the file cut off?")


def refuse_copyrighted(header: str) -> None:
    """Refuse a book whose header says that it is under copyright."""
    found = COPYRIGHTED.search(header)
    if found is not None:
        line = header.count("\n", 0, found.start()) + 1
        raise CopyrightedError(
            f"line {line} of the header says that this book is COPYRIGHTED "
            f"({' '.join(found[0].split())!r}); if you may use it, say so with "
            "allow_copyrighted: true (or --allow-copyrighted)"
        )
