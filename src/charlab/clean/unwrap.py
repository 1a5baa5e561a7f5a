"""Join the hard line ends within paragraphs of prose, and leave verse, tables and lists.

The rule is geometric. A book that was wrapped has a width, which most lines of its paragraphs
nearly fill: the first word of the next line would not have fitted. Lines of verse end long before,
in varying places, and begin with a capital letter.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

NARROWEST, WIDEST = 55, 100
"""Widths, in characters, to which prose is wrapped; Gutenberg's own rule says 65 to 75."""

SLACK = 1 / 6
"""Share of the width by which a full line may miss it: many books were wrapped by hand."""

FEWEST = 8
"""Line ends within paragraphs from which a text has a width."""

ENOUGH = 0.8
"""Share of the lines that must be full, in a book and in each of its paragraphs."""

CAPITALS = 0.75
"""Share of lines with an initial capital above which a text is verse; German prose has 0.4."""

STANZA = 6
"""Lines with an initial capital in a row, all that a block has, from which it is a stanza."""

TABLE = re.compile(r"\S(?: {3,}|\t)\S|\|")
ITEM = re.compile(r"(?:\d{1,3}[.)]|[*•·+]|\[[\w#]{1,6}\])(?:\s|$)|[-—–―]")
"""The start of an item of a list, of a note, or of what somebody says, after a full stop."""

DASHES, CLOSING = "-—–―", "\"'”’»)]"
# The negative look-behind keeps the time linear in the length of a row of dashes.
AFTER_DASH = re.compile(r"(?<![-—–―])[-—–―]++(?=( ?)(\w+))")


@dataclass(frozen=True)
class Unwrapped:
    """A text with its paragraphs joined, and the number of line ends that became spaces."""

    text: str
    joined: int


def unwrap(text: str) -> Unwrapped:
    """Join the lines of each wrapped paragraph of prose.

    No character other than a line end is removed, and none but a space is put in its place, so
    the text without its whitespace is the same. Unwrapping an unwrapped text changes nothing.

    Parameters
    ----------
    text : str
        A text with LF line ends and without blanks before them.
    """
    joined = 0
    # A book has one width, so a second pass rarely finds another; it makes the result a fixpoint.
    while (after := _pass(text)).joined:
        text, joined = after.text, joined + after.joined
    return Unwrapped(text, joined)


def _pass(text: str) -> Unwrapped:
    """Join lines once, by the width that the text has now."""
    blocks = [block.split("\n") for block in text.split("\n\n")]
    width = _width(blocks)
    if width is None:
        return Unwrapped(text, 0)
    dashes = _Dashes(text)
    least = width * (1 - SLACK)
    results, joined = [], 0
    for lines in blocks:
        result, count = _joined(lines, least, dashes)
        results.append(result)
        joined += count
    return Unwrapped("\n\n".join(results), joined)


def _width(blocks: list[list[str]]) -> int | None:
    """Return the width to which a text is wrapped, or None if its line ends are not from that."""
    pairs = [
        pair
        for lines in blocks
        for pair in pairwise(lines)
        if len(pair[0]) <= WIDEST and _may_continue(*pair)
    ]
    if len(pairs) < FEWEST:
        return None
    lengths = sorted(len(line) for line, _ in pairs)
    # Not the maximum: a few lines of most books are longer than the others.
    width = lengths[int(0.98 * len(lengths))]
    full = sum(_is_full(*pair, width * (1 - SLACK)) for pair in pairs)
    capitals = sum(_has_capital(following) for _, following in pairs)
    wrapped = full >= ENOUGH * len(pairs) and capitals < CAPITALS * len(pairs)
    return width if wrapped and width >= NARROWEST else None


def _joined(lines: list[str], least: float, dashes: _Dashes) -> tuple[str, int]:
    """Return a block of lines with its full lines joined to the next, and the number of joins."""
    candidates = [_may_continue(*pair) for pair in pairwise(lines)]
    full = [
        may and _is_full(*pair, least)
        for may, pair in zip(candidates, pairwise(lines), strict=True)
    ]
    if not any(full) or sum(full) < ENOUGH * sum(candidates) or _is_stanza(lines):
        return "\n".join(lines), 0
    parts = [lines[0]]
    for joins, (line, following) in zip(full, pairwise(lines), strict=True):
        parts += [dashes.between(line, following) if joins else "\n", following]
    return "".join(parts), sum(full)


def _may_continue(line: str, following: str) -> bool:
    """Return whether a paragraph can go on from a line to the following, by their form."""
    if following[:1].isspace() or not any(map(str.isalnum, line)):
        return False
    if ITEM.match(following) and line.rstrip(CLOSING)[-1:] in (*".!?:;…",):
        return False
    # A row of stars or dashes separates; French sets "?" and "»" after a space, so these wrap.
    words = any(map(str.isalnum, following)) or (0 < len(following) <= 2 and "*" not in following)
    return words and not TABLE.search(line) and not TABLE.search(following)


def _is_full(line: str, following: str, least: float) -> bool:
    """Return whether the first word of the following line would not have fitted."""
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) > least


def _is_stanza(lines: list[str]) -> bool:
    return len(lines) >= STANZA and all(map(_has_capital, lines))


def _has_capital(line: str) -> bool:
    """Return whether the first letter of a line is a capital, or has no case."""
    return next((not letter.islower() for letter in line if letter.isalpha()), False)


class _Dashes:
    """The spaces that a book has after its hyphens and dashes within lines.

    A line may have been broken at a space, or after a dash that no space follows: "ends--and
    begins", "to-morrow", but "Sonn- und Feiertage". The rest of the book decides which it was.
    """

    def __init__(self, text: str) -> None:
        self.after, self.words = Counter[tuple[bool, str]](), Counter[tuple[str, str]]()
        for match in AFTER_DASH.finditer(text):
            space, word = match.groups()
            blank = text[match.start() - 1 : match.start()] == " "
            self.after[blank, match[0]] += 1 if space else -1
            if not blank:
                self.words[match[0], word] += 1 if space else -1

    def between(self, line: str, following: str) -> str:
        """Return what replaces the line end between two lines: a space, or nothing."""
        before = line.rstrip(DASHES)
        dash, blank = line[len(before) :], before[-1:] == " "
        if not dash:
            return " "
        word = re.match(r"\w*", following)
        # "to-morrow" or "Sonn- und": the next word decides, unless it never follows a dash.
        balance = 0 if blank or word is None else self.words[dash, word[0]]
        balance = balance or self.after[blank, dash]
        return " " if balance > 0 or (balance == 0 and blank) else ""
