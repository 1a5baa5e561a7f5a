"""A text as a cleaner sees it: its first lines, its last lines, and what was taken away.

Where a header ends and a footer begins is decided on these lines alone, so that a text of any
length costs the same. What lies between stands as one line that no rule can match.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HEAD = 1 << 16
TAIL = 80_000
"""Characters at each end that are looked at: the longest licence has 20,000."""

MIDDLE = "\0"


@dataclass(frozen=True)
class Removed:
    """Lines that were taken away: the first and last, counted from 1, and why."""

    first: int
    last: int
    why: str


@dataclass
class Ends:
    """The lines at both ends of a text, and the part of them that is still taken for the body.

    Attributes
    ----------
    lines : list of str
        All lines, or the first ones, :data:`MIDDLE`, and the last ones.
    between : int
        Lines that :data:`MIDDLE` stands for; 0 if it is not there.
    first, end : int
        The body is ``lines[first:end]``.
    removed : list of Removed
    """

    lines: list[str]
    between: int = 0
    first: int = 0
    end: int = 0
    removed: list[Removed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.middle = self.lines.index(MIDDLE) if self.between else len(self.lines)
        self.end = len(self.lines)

    def number(self, index: int) -> int:
        """Return the number that a line has in the text, counted from 1."""
        return index + 1 if index < self.middle else index + self.between

    def cut_front(self, to: int, why: str) -> None:
        """Take away all lines before ``to``, and blank ones behind."""
        if to > self.first:
            self.removed.append(Removed(self.number(self.first), self.number(to - 1), why))
            self.first = to
        self.skip_blank()

    def cut_back(self, start: int, why: str) -> None:
        """Take away the lines from ``start`` on, and blank ones before."""
        if start < self.end:
            self.removed.append(Removed(self.number(start), self.number(self.end - 1), why))
            self.end = start
        self.skip_blank()

    def skip_blank(self) -> None:
        """Leave blank lines at both ends out of the body."""
        while self.first < self.end and self.is_blank(self.first):
            self.first += 1
        while self.end > self.first and self.is_blank(self.end - 1):
            self.end -= 1

    def is_blank(self, index: int) -> bool:
        """Whether a line has nothing but blanks (or a stray byte order mark) on it."""
        line = self.lines[index]
        return not line or line.isspace() or not line.strip("\ufeff \t")

    def block_at(self, start: int) -> int:
        """Return the end of the run of lines that begins at ``start`` and has no blank one."""
        end = start
        while end < self.end and not self.is_blank(end):
            end += 1
        return end

    def block_before(self, end: int) -> int:
        """Return the start of the run of lines that ends before ``end``."""
        start = end
        while start > self.first and not self.is_blank(start - 1):
            start -= 1
        return start

    def gap_at(self, start: int) -> int:
        """Return how many blank lines begin at ``start``."""
        end = start
        while end < self.end and self.is_blank(end):
            end += 1
        return end - start

    def gap_before(self, end: int) -> int:
        """Return how many blank lines there are before ``end``."""
        start = end
        while start > self.first and self.is_blank(start - 1):
            start -= 1
        return end - start

    def blocks(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the first line and the end of each block in a range of lines."""
        found = []
        while start < end:
            start += self.gap_at(start)
            if start >= end:
                break
            found.append((start, min(self.block_at(start), end)))
            start = found[-1][1]
        return found

    def text(self, start: int, end: int) -> str:
        """Return lines as one string."""
        return "\n".join(self.lines[start:end])

    def filled(self, start: int, end: int) -> int:
        """Return how many lines of a range are not blank."""
        return sum(not self.is_blank(index) for index in range(start, end))

    def characters_before(self) -> int:
        """Return how many characters of the text stand before the body."""
        return sum(len(line) + 1 for line in self.lines[: self.first])

    def characters_behind(self) -> int:
        """Return how many characters stand behind it, the line end before them counted."""
        return sum(len(line) + 1 for line in self.lines[self.end :])


def ends_of(head: str, tail: str, between: int) -> Ends:
    """Return the ends of a text.

    Parameters
    ----------
    head : str
        Its first lines with their line ends, or the whole text.
    tail : str
        Its last lines, or nothing.
    between : int
        Lines between the two.
    """
    if not between:
        return Ends((head + tail).split("\n"))
    return Ends([*head.split("\n")[:-1], MIDDLE, *tail.split("\n")], between)
