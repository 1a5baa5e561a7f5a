"""Tell a footer or header of Project Gutenberg from lines of a book beyond what looks like a mark.

A book may quote a mark, and a collected work may have one between its parts. Terms and headers
speak of little but the project: in those of real files at most 17 filled lines in a row have none
of its words. The lines of a longer run are strangers there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from charlab.clean import marker_patterns as markers

NAMES = (
    *("gutenb", "guttenb", "gutemb", "гутенберг", "γουτεμβ", "γουτέμβ"),
    *("古登堡", "古騰堡", "古腾堡", "谷登堡", "グーテンベルク"),
)
"""The project's name, which few lines of a book have."""

SIGNS = (
    *NAMES,
    *("e-text", " etext", "e-book", " ebook", "e-boek", " eboek"),
    *("foundation", "donation", "donate", "license", "licence", "trademark", "copyright"),
    *("small print", "distribut", "warrant", "electronic", "refund", "disclaim", "www.", "http"),
    "public domain",
)
"""Words that Project Gutenberg's terms have in almost every line; a regex takes longer."""

LONGEST_RUN = 24
"""Maximum number of filled lines in a row without such a word within a footer."""

LONGEST_OF_HEADER = 40
"""The same for a header, which may have a contents or an essay."""

LONGEST_AT_END = 8
"""The same for the end of a footer, and for a title above a START line."""

ALONE = 3
"""Number of filled lines that need at least one such word to be a footer."""

TERMS_WITHIN = 25
"""Number of lines behind an END line within which the terms begin."""


def _is_sign(line: str) -> bool:
    words = f" {line.lower()}"
    if any(sign in words for sign in SIGNS):
        return True
    return ":" in line and markers.FIELD.match(line) is not None


def strangers(lines: Iterable[str], longest: int = LONGEST_RUN) -> int:
    """Return the number of filled lines in long runs without a sign.

    Of three lines or more without any sign, all are strangers, and so are the last
    :data:`LONGEST_AT_END` lines or more.

    Parameters
    ----------
    lines : iterable of str
        Lines of a footer or header.
    longest : int
        Maximum number of filled lines in a row without a sign, but at the end.
    """
    count = run = filled = 0
    signs = False
    for line in lines:
        if not line:
            continue
        filled += 1
        if _is_sign(line):
            count += run if run > longest else 0
            signs, run = True, 0
        else:
            run += 1
    if not signs:
        return filled if filled >= ALONE else 0
    return count + (run if run > LONGEST_AT_END else 0)


def begin_terms(lines: Sequence[str]) -> bool:
    """Return whether terms of the project begin in the first lines."""
    first = lines[:TERMS_WITHIN]
    return markers.LEGAL.search("\n".join(first)) is not None or any(map(markers.is_license, first))


def ends_a_book(lines: Sequence[str], index: int, *, nearby: bool = False) -> bool:
    """Return whether an END line ends a book: the terms follow it, or no stranger does.

    With ``nearby``, only terms count, which takes no more time if many lines follow.
    """
    if begin_terms(lines[index + 1 : index + 1 + TERMS_WITHIN]):
        return True
    return not nearby and strangers(lines[index + 1 :]) == 0


def begins_with_a_book(lines: Iterable[str]) -> bool:
    """Return whether the lines above a START line begin with those of a book, not of a header.

    ``lines`` may be those up to the last line of the mark, or more.
    """
    # Above a mark alone, a few lines are a title, and more are a part of a book.
    return _above_a_mark(lines) > LONGEST_AT_END


def is_strange_header(lines: Sequence[str]) -> bool:
    """Return whether a header, up to its mark, reads like a book in part."""
    return strangers(lines, LONGEST_OF_HEADER) > 0 or _above_a_mark(lines) >= ALONE


def _above_a_mark(lines: Iterable[str]) -> int:
    """Return the number of filled lines above a mark, or 0 if one of the first opens a header."""
    marks = (markers.START, markers.BARE_START, markers.SMALL_PRINT_END)
    for above, line in enumerate(filter(None, lines)):
        if _opens_header(line):
            return above if any(mark.match(line) for mark in marks) else 0
        if above >= LONGEST_OF_HEADER:
            return above
    return 0


def _opens_header(line: str) -> bool:
    """Return whether a line has what only a header has; a story may "warrant" or "distribute"."""
    words = line.lower()
    return (
        any(name in words for name in NAMES)
        or (":" in line and markers.FIELD.match(line) is not None)
        or markers.LEGAL.search(line) is not None
        or markers.is_license(line)
    )
