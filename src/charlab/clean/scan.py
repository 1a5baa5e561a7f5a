"""Read a text once for its head and tail, its length, and the markers in between.

Only finding and counting runs over the whole text, at the speed of memory; regular expressions
see single lines. A text is read through a :class:`Source`, in memory or on disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import IO, Protocol

from charlab.clean import marker_patterns as markers
from charlab.clean.damage import Evidence
from charlab.clean.encoding import CHUNK
from charlab.clean.lines import HEAD, TAIL, Ends, ends_of
from charlab.clean.reading import pieces
from charlab.clean.reject import OPENING, SHORTEST, TwoBooksError
from charlab.clean.strangers import begin_terms

AFTER = 3_000
"""Characters after an END line that show whether the license follows."""

AROUND = 400
"""Characters around a mention of the project that show whether it is a notice of its terms."""

LONGEST_MARKER = 500
"""Characters in a line above which it is prose, not a marker."""

MOST_NOTICES = 10
"""Maximum number of notices to report of a piece; counting their lines takes time."""

MOST_MARKERS = 100
"""Maximum number of lines that delimit a book."""

SHORTEST_BOOK = 30_000
"""Characters that must separate two closings of small print to make two books."""


class Source(Protocol):
    """A text that can be read more than once, by ranges of its characters."""

    def read(self, start: int, end: int | None) -> Iterator[str]:
        """Yield the characters of a range, in pieces that end with a line end."""


@dataclass(frozen=True)
class InMemory:
    """A text as one string."""

    text: str

    def read(self, start: int, end: int | None) -> Iterator[str]:
        """Yield a range in one piece."""
        yield self.text[start:end]


@dataclass(frozen=True)
class OnDisk:
    """A text in an open file, of which only one piece at a time is held in memory."""

    stream: IO[bytes]
    evidence: Evidence
    size: int = CHUNK

    def read(self, start: int, end: int | None) -> Iterator[str]:
        """Yield a range piece by piece, reading the file from its start."""
        self.stream.seek(0)
        at = 0
        for piece in pieces(self.stream, self.evidence, self.size):
            if end is not None and at >= end:
                return
            # The range may start after this piece or end within it.
            part = piece[max(start - at, 0) : None if end is None else end - at]
            at += len(piece)
            if part:
                yield part


@dataclass(frozen=True)
class Marker:
    """A line that delimits a book.

    Attributes
    ----------
    kind : str
        "start", "end" or "small print" (the last line of it).
    offset, line : int
        Characters before it, and its number, counted from 1.
    after : str
        The next :data:`AFTER` characters.
    """

    kind: str
    offset: int
    line: int
    after: str

    def is_end(self) -> bool:
        """Return whether this is an END line soon followed by the terms of the project."""
        return self.kind == "end" and begin_terms(self.after.split("\n"))


@dataclass(frozen=True)
class Scan:
    """The result of reading a text once.

    Attributes
    ----------
    start : str
        Its first :data:`~charlab.clean.reject.OPENING` characters.
    ends : Ends
        Its first and last lines.
    characters, lines : int
        Its length.
    solid : int
        Characters that are not blank; all of the first
        :data:`~charlab.clean.reject.SHORTEST` are counted.
    blank_before, blank_after : int
        Line ends at its start and at its end.
    markers : list of Marker
        All lines that delimit a book, in order.
    notices : list of int
        Lines with a notice of the project's terms.
    """

    start: str
    ends: Ends
    characters: int
    lines: int
    solid: int
    blank_before: int
    blank_after: int
    markers: list[Marker] = field(default_factory=list)
    notices: list[int] = field(default_factory=list)

    def ends_above_tail(self) -> list[Marker]:
        """Return the END lines that the tail of the text does not reach."""
        if not self.ends.between:
            return []
        limit = self.characters - TAIL
        return [marker for marker in self.markers if marker.kind == "end" and marker.offset < limit]


def scan(text: Iterable[str]) -> Scan:
    """Read a text once.

    Parameters
    ----------
    text : iterable of str
        The text in pieces, each but the last ending with a line end.
    """
    head = tail = ""
    characters = newlines = solid = blank_before = blank_after = 0
    seen: list[Marker] = []
    notices: list[int] = []
    for piece in text:
        # The text after the last markers may continue in this piece.
        if seen and len(seen[-1].after) < AFTER:
            seen = [replace(m, after=(m.after + piece[:AFTER])[:AFTER]) for m in seen]
        counted, line = 0, newlines
        for kind, begin, end in _markers(piece):
            # Line ends up to the last marker have been counted already.
            line += piece.count("\n", counted, begin)
            counted = begin
            seen.append(Marker(kind, characters + begin, line + 1, piece[end : end + AFTER]))
            _refuse_many(seen)
        notices += [newlines + number for number in islice(_notices(piece), MOST_NOTICES)]
        # A text no longer than head and tail together is kept whole.
        if len(head) < HEAD + TAIL:
            head += piece[: HEAD + TAIL - len(head)]
        tail = piece[-TAIL:] if len(piece) >= TAIL else (tail + piece)[-TAIL:]
        # Almost every text has enough characters at its start.
        for part in (piece[:OPENING], piece[OPENING:]):
            solid += 0 if solid >= SHORTEST else sum(map(len, part.split()))
        blank_after = len(piece) - len(piece.rstrip("\n")) + blank_after * (not piece.strip("\n"))
        blank_before += 0 if newlines < characters else len(piece) - len(piece.lstrip("\n"))
        characters += len(piece)
        newlines = line + piece.count("\n", counted)
    facts = (characters, newlines + 1, solid, blank_before, blank_after, seen, notices)
    if characters <= HEAD + TAIL:
        return Scan(head[:OPENING], ends_of(head.split("\n"), [], 0), *facts)
    start = head[:OPENING]
    # Both ends are cut to whole lines; a text of one line has none.
    head = head[: head.rfind("\n", 0, HEAD) + 1]
    last = tail[tail.find("\n") + 1 :].split("\n") if "\n" in tail else []
    between = newlines + 1 - head.count("\n") - len(last)
    return Scan(start, ends_of(head.split("\n")[:-1], last, between), *facts)


def _notices(piece: str) -> Iterator[int]:
    """Yield the numbers of the lines of a piece, from 1, that belong to a notice of terms."""
    for name in ("Project Gutenberg", "PROJECT GUTENBERG"):
        counted, line, at = 0, 1, piece.find(name)
        while at >= 0:
            if markers.TERMS.search(piece[max(at - AROUND, 0) : at + AROUND]):
                line += piece.count("\n", counted, at)
                counted = at
                yield line
            at = piece.find(name, at + AROUND)


def _refuse_many(seen: list[Marker]) -> None:
    """Refuse a file with more lines that delimit a book than any book has."""
    if len(seen) > MOST_MARKERS:
        raise TwoBooksError(
            f"expected one book, found {len(seen)} lines that begin or end one, from line "
            f"{seen[0].line} to {seen[-1].line}; cut the file"
        )


def _markers(piece: str) -> list[tuple[str, int, int]]:
    """Return the kind, start and end of each marker in a piece, in order."""
    lines = ((_kind(piece[start:end]), start, end) for start, end in _starred_lines(piece))
    return [line for line in lines if line[0]]


def _starred_lines(piece: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each line with a star: finding one character is fastest."""
    at = piece.find("*")
    while at >= 0:
        start = piece.rfind("\n", 0, at) + 1
        end = piece.find("\n", at)
        end = len(piece) if end < 0 else end
        if end - start < LONGEST_MARKER:
            yield start, end
        at = piece.find("*", end)


def _kind(line: str) -> str:
    # Most starred lines are ornaments or emphasis, and fail this test without a regex.
    if "**" not in line and "SMALL" not in line:
        return ""
    if markers.SMALL_PRINT_END.match(line):
        return "small print"
    if markers.START.match(line):
        return "start"
    return "end" if markers.END.match(line) else ""


def refuse_two_books(text: Scan) -> None:
    """Refuse a file with two books.

    Raises
    ------
    TwoBooksError
        If a book starts after the end of another.
    """
    ends = [marker for marker in text.markers if marker.kind == "end"]
    for start in (marker for marker in text.markers if marker.kind == "start"):
        before = [end for end in ends if end.offset < start.offset]
        if before:
            _refuse(before[0].line, start.line)
    small_print = [marker for marker in text.markers if marker.kind == "small print"]
    for first, second in pairwise(small_print):
        # Small print at the end of a book has no second book after it.
        distance, rest = second.offset - first.offset, text.characters - second.offset
        if distance > SHORTEST_BOOK and rest > SHORTEST_BOOK:
            _refuse(first.line, second.line)


def _refuse(first: int, second: int) -> None:
    raise TwoBooksError(
        f"two books in one file: expected one, found the marker of one at line {first} and the "
        f"start of another at line {second}; cut the file in two"
    )
