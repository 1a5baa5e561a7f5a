"""One look over a whole text: its ends, how long it is, and the marks in between.

Only finding and counting is done on all of a text, which runs at the speed of memory; regular
expressions see single lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from charlab.clean import marker_patterns as markers
from charlab.clean.lines import HEAD, TAIL, Ends, ends_of
from charlab.clean.reject import TwoBooksError

AFTER = 3_000
"""Characters behind an END line that show whether the licence follows."""


@dataclass(frozen=True)
class Mark:
    """A line that fences a book off: its kind, place, and what stands behind it."""

    kind: str
    offset: int
    line: int
    after: str

    def is_end(self) -> bool:
        """Whether it is an END line with licence, or words about the project, behind it."""
        return self.kind == "end" and (
            markers.LEGAL.search(self.after) is not None
            or markers.MENTIONS_PROJECT.search(self.after.partition("\n\n")[2]) is not None
        )


@dataclass(frozen=True)
class Survey:
    """What a look over a text found.

    Attributes
    ----------
    ends : Ends
        Its first and last lines.
    characters, lines : int
        How long it is.
    marks : list of Mark
    """

    ends: Ends
    characters: int
    lines: int
    marks: list[Mark] = field(default_factory=list)


def survey(pieces: Iterable[str]) -> Survey:
    """Look over a text.

    Parameters
    ----------
    pieces : iterable of str
        The text, each piece but the last ending with a line.
    """
    head = tail = ""
    characters = newlines = 0
    marks: list[Mark] = []
    for piece in pieces:
        if marks and len(marks[-1].after) < AFTER:
            marks = [replace(m, after=(m.after + piece[:AFTER])[:AFTER]) for m in marks]
        counted, line = 0, newlines
        for kind, start, end in _marks(piece):
            # What was counted up to a mark is not counted again.
            line += piece.count("\n", counted, start)
            counted = start
            marks.append(Mark(kind, characters + start, line + 1, piece[end : end + AFTER]))
        if len(head) < HEAD + TAIL:
            head += piece[: HEAD + TAIL - len(head)]
        tail = piece[-TAIL:] if len(piece) >= TAIL else (tail + piece)[-TAIL:]
        characters += len(piece)
        newlines = line + piece.count("\n", counted)
    if characters <= HEAD + TAIL:
        return Survey(ends_of(head, "", 0), characters, newlines + 1, marks)
    head = head[: head.rfind("\n", 0, HEAD) + 1]
    tail = tail[tail.find("\n") + 1 :] if "\n" in tail else ""
    between = newlines + 1 - head.count("\n") - (tail.count("\n") + 1 if tail else 0)
    return Survey(ends_of(head, tail, between), characters, newlines + 1, marks)


def _marks(piece: str) -> list[tuple[str, int, int]]:
    """Return the kind, start and end of each mark in a piece, in order."""
    lines = _starred_lines(piece)
    marks = ((_kind(piece[start:end]), start, end) for start, end in lines)
    return [mark for mark in marks if mark[0]]


def _starred_lines(piece: str) -> Iterator[tuple[int, int]]:
    """Yield where each line with a star starts and ends: one character is found fastest."""
    at = piece.find("*")
    while at >= 0:
        start = piece.rfind("\n", 0, at) + 1
        end = piece.find("\n", at)
        end = len(piece) if end < 0 else end
        if end - start < 500:
            yield start, end
        at = piece.find("*", end)


def _kind(line: str) -> str:
    if "**" not in line and "SMALL" not in line:
        return ""
    if markers.SMALL_PRINT_END.match(line):
        return "small print"
    if markers.START.match(line):
        return "start"
    return "end" if markers.END.match(line) else ""


def refuse_two_books(found: Survey) -> None:
    """Refuse a file with two books.

    Raises
    ------
    TwoBooksError
        If a book starts behind the end of another.
    """
    ends = [mark for mark in found.marks if mark.kind == "end"]
    for start in (mark for mark in found.marks if mark.kind == "start"):
        before = [end for end in ends if end.offset < start.offset]
        if before:
            _refuse(before[0].line, start.line)
    small = [mark for mark in found.marks if mark.kind == "small print"]
    for first, second in pairwise(small):
        # Small print at the end of a book has nothing behind it.
        apart = second.offset - first.offset
        if apart > 30_000 and found.characters - second.offset > 30_000:
            _refuse(first.line, second.line)


def _refuse(first: int, second: int) -> None:
    raise TwoBooksError(
        f"two books in one file: one has its mark at line {first}, another starts at line "
        f"{second}; cut the file in two"
    )
