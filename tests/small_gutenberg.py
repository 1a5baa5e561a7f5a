"""A small book as Gutenberg has it, and a mirror with it."""

from __future__ import annotations

from pathlib import Path

BOOK = (
    b"The Project Gutenberg eBook of A Small Book\r\n\r\nTitle: A Small Book\r\n"
    b"Release date: June 1, 1998 [eBook #77]\r\nLanguage: English\r\n\r\n"
    b"*** START OF THE PROJECT GUTENBERG EBOOK A SMALL BOOK ***\r\n\r\n"
    + b"It has few words, and says them again.\r\n" * 40
    + b"\r\n*** END OF THE PROJECT GUTENBERG EBOOK A SMALL BOOK ***\r\n"
)


def make_mirror(root: Path, book: bytes = BOOK) -> Path:
    """Write book 77 in the generated collection's layout below ``root``."""
    path = root / "cache" / "epub" / "77" / "pg77.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(book)
    return root
