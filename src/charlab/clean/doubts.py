"""Say what a person should check in a cleaning: what went, or stayed, without being certain."""

from __future__ import annotations

from collections.abc import Sequence

from charlab.clean.lines import Removed

HEADER = "header"
"""The reason for which a header is removed; its mark is its last line, others are the first."""

UNMARKED = "no mark of Project Gutenberg found; the text is kept whole"
"""The warning about a file that need not be Gutenberg's."""

MOST_NAMED = 5
"""Maximum number of lines to name in a warning."""


def of_notices(lines: Sequence[int]) -> list[str]:
    """Return a warning about lines of the body with notices of the project's terms."""
    if not lines:
        return []
    return [f"a notice of Project Gutenberg stays within the body, at line {_named(lines)}"]


def of_quoted(lines: Sequence[int]) -> list[str]:
    """Return a warning about lines that look like marks, but stay with what is beyond them."""
    if not lines:
        return []
    return [
        "a mark of Project Gutenberg stays, with what is beyond it, since that reads like a book: "
        f"line {_named(sorted(lines))}"
    ]


def of_removed(ranges: Sequence[Removed]) -> list[str]:
    """Return a warning for each removed range that is unlike a header or footer in part."""
    return [
        f"lines {r.first} to {r.last} are removed as {r.why}, but some of them read like a book; "
        f"if they are the book's, delete line {r.last if r.why == HEADER else r.first} of the file"
        for r in ranges
    ]


def of_marks(has_header: bool, has_mark: bool) -> list[str]:
    """Return a warning about a text without a header, or without any mark."""
    if has_header:
        return []
    if has_mark:
        return ["no header found; the text may be cut off"]
    return [UNMARKED]


def _named(lines: Sequence[int]) -> str:
    more = f" and {len(lines) - MOST_NAMED} more" if len(lines) > MOST_NAMED else ""
    return ", ".join(map(str, lines[:MOST_NAMED])) + more
