"""Find the footer, and remove everything between the end of the book and the footer.

After the last line of a book there may be a closing sentence, notes by whoever made the file
(often a list of corrections), credits, the license or old small print, in any order.
"""

from __future__ import annotations

import re
from itertools import islice

from charlab.clean import credit_patterns as phrases
from charlab.clean import marker_patterns as markers
from charlab.clean import note_patterns as notes
from charlab.clean.back_notes import LONGEST_NOTE, find_note
from charlab.clean.front_matter import CREDITS, NOTE
from charlab.clean.header import Header, letters
from charlab.clean.lines import MIDDLE, Ends, Removed
from charlab.clean.strangers import ends_a_book, strangers

NEAR = 60
"""Filled lines before the footer that may be paragraphs about the file."""

MOST_QUOTED = 10
"""Maximum number of marks that a book may quote; looking at all behind each takes time."""

ROUNDS = 40
"""Maximum number of times to try all rules."""

# Reasons in the record.
FOOTER, CLOSING = "footer and licence", "closing sentence"


def find_footer(ends: Ends, after: int) -> int:
    """Return the first line of the footer, or the number of lines if there is none.

    Parameters
    ----------
    ends : Ends
        The head and tail of a text.
    after : int
        The first line after the header.
    """
    # Search only the tail: in the head of a long text, an END line would be a quotation.
    low = after if ends.middle == len(ends.lines) else ends.middle + 1
    footer = len(ends.lines)
    # From the last line up: a body may quote an END line, but not after the real one.
    # Finding two stars in all lines at once is much faster than in each.
    starred = "**" in ends.text(low, footer)
    quoted = 0
    for index in range(footer - 1, low - 1, -1) if starred else ():
        line = ends.lines[index]
        glued = "*** " in line and markers.GLUED_END.search(line) is not None
        whole = "**" in line and markers.END.match(line) is not None
        if (glued or whole) and markers.is_after_end(ends.text(index + 1, index + 60)):
            if not ends_a_book(ends.lines, index, nearby=quoted >= MOST_QUOTED):
                _quote(ends, index)
                quoted += 1
                continue
            # The book's line stays; with nothing behind it, there is no footer.
            behind = whole or ends.filled(index + 1, footer) > 0
            footer = index if whole else index + 1 if behind else footer
            break
    # Small print may come before the END line. Searching all lines at once for a few words is
    # much faster than inspecting each.
    first = low if footer == len(ends.lines) else max(low, footer - 2 * NEAR)
    above = ends.text(first, footer)
    if any(words in above for words in markers.LICENSE_WORDS):
        openings = (n for n in range(first, footer) if markers.is_license(ends.lines[n]))
        # After too many that a book quotes, give up: the rest stays, or goes with an END line.
        for index in islice(openings, MOST_QUOTED + 1):
            # What is behind it must be the terms alone.
            if strangers(ends.lines[index + 1 : footer]) == 0:
                return _with_title(ends, index, low)
            _quote(ends, index)
    return footer


def _quote(ends: Ends, index: int) -> None:
    """Take note of a mark that stays with what is beyond it."""
    if ends.number(index) not in ends.quoted:
        ends.quoted.append(ends.number(index))


def _with_title(ends: Ends, index: int, low: int) -> int:
    """Return the line of the file's own title just above its small print, or the latter's line."""
    above = range(index - 1, max(index - 5, low - 1), -1)
    return next((n for n in above if markers.HEADING.match(ends.lines[n])), index)


def note_strangers(ends: Ends, start: int, why: str) -> None:
    """Take note of lines from ``start`` on that are to be removed, but unlike a footer."""
    if strangers(ends.lines[start + 1 : ends.end]):
        ends.strange.append(Removed(ends.number(start), ends.number(ends.end - 1), why))


def trim_back(ends: Ends, header: Header) -> None:
    """Remove closing sentences, notes and credits after the body."""
    for _ in range(ROUNDS):
        again = False
        for find, why in (
            (closing_at, CLOSING),
            (_rule, "rule"),
            (_title, "title of the file"),
            (find_note, NOTE),
            (_credits, CREDITS),
        ):
            start = find(ends, header)
            if ends.first < start < ends.end:
                if why == CLOSING:
                    note_strangers(ends, start, why)
                ends.cut_back(start, why)
                # The other rules of this round still follow a closing sentence.
                again = again or why != CLOSING
        if not again:
            return


def closing_at(ends: Ends, header: Header) -> int:
    """Return the first line of a closing sentence, or the end of the body if there is none.

    It is searched in the whole tail of a text, but what is behind it must not be the book's.
    """
    low = ends.low(len(ends.lines))
    last, quoted = low, 0
    for index in _hints(ends, low):
        if index >= last and markers.CLOSING.match(ends.text(index, index + 3)):
            # As in find_footer, what is behind an END line that a book quotes stays with it.
            if markers.END.match(ends.lines[index]) and (
                quoted >= MOST_QUOTED or not ends_a_book(ends.lines[: ends.end], index)
            ):
                quoted += 1
                _quote(ends, index)
                continue
            # Of several, those above the last part of the book are its own.
            last = _last_part(ends, index)
            if last == index:
                return index
    region = ends.text(low, ends.end)
    for match in markers.END_OF_TITLE.finditer(region) if header.short_title else ():
        index = low + region.count("\n", 0, match.start())
        if _names_title(match["title"], header) and ends.filled(index, ends.end) <= 6:
            return index
    return ends.end


def _hints(ends: Ends, low: int) -> list[int]:
    """Return the lines from ``low`` on that may start a closing sentence.

    Each stem is searched in all lines at once, which is far faster than inspecting each line.
    """
    text = ends.text(low, ends.end).lower()
    lines = set()
    for stem in markers.CLOSING_STEMS:
        number = counted = 0
        at = text.find(stem)
        while at >= 0:
            number += text.count("\n", counted, at)
            counted = at
            # The sentence starts on this line or on the one above it.
            lines |= {low + number, low + max(number - 1, 0)}
            at = text.find("\n", at)
            at = text.find(stem, at) if at >= 0 else -1
    return sorted(lines)


def _last_part(ends: Ends, start: int) -> int:
    """Return the line of the last part of the book from a line on, or that line.

    A part is the heading of a chapter, or a paragraph above the last lines, which may be
    paragraphs about the file.
    """
    # Unless none of them are.
    near = ends.end if strangers(ends.lines[start + 1 : ends.end]) else _near(ends)
    for begin, end in reversed(ends.blocks(start, ends.end)):
        heading = end - begin <= 2 and notes.PART.match(ends.lines[begin]) is not None
        if heading or (end <= near and notes.is_prose(ends.text(begin, end))):
            return max(begin, start)
    return start


def _near(ends: Ends) -> int:
    """Return the first of the last :data:`NEAR` lines that are not blank."""
    low, left = ends.end, NEAR
    # A limit that counts blank lines, too: a tail of nothing else must not take long.
    first = ends.low(4 * NEAR)
    while low > first and left:
        low -= 1
        left -= not ends.is_blank(low)
    return low


def _names_title(text: str, header: Header) -> bool:
    """Return whether a text contains the main part of the book's title."""
    main = letters(header.short_title)
    return bool(main) and main in letters(text)


def _rule(ends: Ends, header: Header) -> int:
    """Return the last line if it is an ornament that set off what has been removed."""
    last = ends.end - 1
    alone = last > ends.first and ends.is_blank(last - 1)
    return last if alone and markers.is_rule(ends.lines[last]) else ends.end


def _title(ends: Ends, header: Header) -> int:
    """Return the line of the file's own title at the end."""
    start = ends.block_before(ends.end)
    for index in range(max(start, ends.end - 4), ends.end):
        if markers.HEADING.match(ends.lines[index]) and index >= ends.low(LONGEST_NOTE):
            return index
    return ends.end


def _credits(ends: Ends, header: Header) -> int:
    """Return the start of a last block of credits."""
    start = ends.block_before(ends.end)
    block = ends.text(start, ends.end)
    if ends.end - start > 10 or start < ends.low(LONGEST_NOTE) or MIDDLE in block:
        return ends.end
    is_credit = phrases.CREDITS.match(block) is not None
    about = phrases.ABOUT_FILE.search(block) or markers.MENTIONS_PROJECT.search(block)
    if is_credit and (about or phrases.is_modern(block, header.title_words())):
        return start
    # Without a known opening, require a gap above and words that only volunteers use.
    return start if about and ends.gap_before(start) >= 2 and _is_about(block) else ends.end


def _is_about(block: str) -> bool:
    """Return whether a block without a known opening is about e-texts and their makers."""
    return re.search(r"\be-?texts?\b|\bpgdp\b|distributed\s+proof", block, re.I) is not None
