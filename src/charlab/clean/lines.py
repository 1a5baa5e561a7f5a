"""The head and tail of a text, the only lines the cleaning rules inspect.

They suffice to decide where a header ends and a footer begins, so a text of any length costs the
same. All lines in between are represented by one line that no rule can match.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HEAD = 1 << 16
"""Characters at the start of a text that the rules inspect."""

TAIL = 80_000
"""Characters at the end that the rules inspect; the longest license has 20,000."""

LONGEST = 1_000
"""Characters of a line that the rules inspect."""

MIDDLE = "\0"
"""The line that represents all lines between head and tail."""


@dataclass(frozen=True)
class Removed:
    """A removed range of lines: the first and last, counted from 1, and the reason."""

    first: int
    last: int
    why: str

    def moved(self, lines: int) -> Removed:
        """Return the range so many lines further down."""
        return Removed(self.first + lines, self.last + lines, self.why)


@dataclass
class Ends:
    """The lines at both ends of a text, and the range of them that is still the body.

    Attributes
    ----------
    lines : list of str
        All lines, or the first ones, :data:`MIDDLE`, and the last ones; each up to
        :data:`LONGEST` characters.
    widths : list of int
        Number of characters of each line.
    between : int
        Number of lines that :data:`MIDDLE` represents; 0 if there is no such line.
    first, end : int
        The body is ``lines[first:end]``.
    removed : list of Removed
        Ranges removed so far.
    strange : list of Removed
        Those of them that are unlike a header or footer, at least in part.
    quoted : list of int
        Numbers of lines that look like a mark, but stay with what is beyond them.
    middle : int
        Index of :data:`MIDDLE`, or the number of lines if there is none.
    """

    lines: list[str]
    widths: list[int]
    between: int = 0
    first: int = 0
    end: int = 0
    removed: list[Removed] = field(default_factory=list)
    strange: list[Removed] = field(default_factory=list)
    quoted: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        # No line of a book is a single NUL character.
        self.middle = self.lines.index(MIDDLE) if self.between else len(self.lines)
        self.end = len(self.lines)

    def number(self, index: int) -> int:
        """Return the number of a line in the whole text, counted from 1."""
        return index + 1 if index < self.middle else index + self.between

    def cut_front(self, to: int, why: str) -> None:
        """Remove the lines of the body before ``to``, and blank lines after them."""
        if to > self.first:
            self.removed.append(Removed(self.number(self.first), self.number(to - 1), why))
            self.first = to
        self.skip_blank()

    def cut_back(self, start: int, why: str) -> None:
        """Remove the lines of the body from ``start`` on, and blank lines before them."""
        if start < self.end:
            self.removed.append(Removed(self.number(start), self.number(self.end - 1), why))
            self.end = start
        self.skip_blank()

    def skip_blank(self) -> None:
        """Exclude blank lines at both ends from the body."""
        while self.first < self.end and self.is_blank(self.first):
            self.first += 1
        while self.end > self.first and self.is_blank(self.end - 1):
            self.end -= 1

    def is_blank(self, index: int) -> bool:
        """Return whether a line is blank; the reader has removed blanks at line ends."""
        return not self.lines[index]

    def block_at(self, start: int) -> int:
        """Return the end of the block, a run of lines without a blank one, from ``start``."""
        end = start
        while end < self.end and not self.is_blank(end):
            end += 1
        return end

    def block_before(self, end: int) -> int:
        """Return the start of the block that ends before ``end``."""
        start = end
        while start > self.first and not self.is_blank(start - 1):
            start -= 1
        return start

    def gap_at(self, start: int) -> int:
        """Return the number of blank lines from ``start`` on."""
        end = start
        while end < self.end and self.is_blank(end):
            end += 1
        return end - start

    def gap_before(self, end: int) -> int:
        """Return the number of blank lines before ``end``."""
        start = end
        while start > self.first and self.is_blank(start - 1):
            start -= 1
        return end - start

    def blocks(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the first line and the end of each block in a range of lines."""
        ranges = []
        while start < end:
            start += self.gap_at(start)
            if start >= end:
                break
            ranges.append((start, min(self.block_at(start), end)))
            start = ranges[-1][1]
        return ranges

    def text(self, start: int, end: int) -> str:
        """Return a range of lines as one string."""
        return "\n".join(self.lines[start:end])

    def filled(self, start: int, end: int) -> int:
        """Return the number of lines in a range that are not blank."""
        return sum(not self.is_blank(index) for index in range(start, end))

    def low(self, lines: int) -> int:
        """Return the line ``lines`` above the end of the body, but none in the head of a text."""
        low = max(self.first + 1, self.end - lines)
        return max(low, self.middle + 1) if self.middle < len(self.lines) else low

    def characters_before(self) -> int:
        """Return the number of characters of the text before the body."""
        return sum(self.widths[: self.first]) + self.first

    def characters_after(self) -> int:
        """Return the number of characters after the body, with the line end that ends it."""
        return sum(self.widths[self.end :]) + len(self.widths) - self.end


def ends_of(head: list[str], tail: list[str], between: int) -> Ends:
    """Combine the first and the last lines of a text.

    Parameters
    ----------
    head, tail : list of str
        Its first lines, or all of them, and its last lines.
    between : int
        Number of lines between the two.
    """
    lines = [*head, MIDDLE, *tail] if between else head + tail
    return Ends([line[:LONGEST] for line in lines], list(map(len, lines)), between)
