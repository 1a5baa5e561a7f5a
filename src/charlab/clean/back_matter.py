"""Find the footer, and remove everything between the end of the book and the footer.

After the last line of a book there may be a closing sentence, notes by whoever made the file
(often a list of corrections), credits, the license or old small print, in any order.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from charlab.clean import credit_patterns as phrases
from charlab.clean import marker_patterns as markers
from charlab.clean.front_matter import CREDITS, NOTE, bracket_end, unboxed
from charlab.clean.header import Header, letters
from charlab.clean.lines import MIDDLE, Ends

NEAR = 60
"""Filled lines before the footer in which a closing sentence is searched."""

LONGEST_NOTE = 400
"""Maximum number of lines in a note after the body; lists of corrections are long."""

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
    for index in range(footer - 1, low - 1, -1):
        line = ends.lines[index]
        glued = "*** " in line and markers.GLUED_END.search(line) is not None
        whole = "**" in line and markers.END.match(line) is not None
        if (glued or whole) and markers.is_after_end(ends.text(index + 1, index + 60)):
            footer = index if whole else index + 1
            break
    # Small print may come before the END line. Searching all lines at once for a few words is
    # much faster than inspecting each.
    first = low if footer == len(ends.lines) else max(low, footer - 2 * NEAR)
    above = ends.text(first, footer)
    if any(words in above for words in markers.LICENSE_WORDS):
        for index in range(first, footer):
            if markers.is_license(ends.lines[index]):
                return _with_title(ends, index, low)
    return footer


def _with_title(ends: Ends, index: int, low: int) -> int:
    """Return the line of the file's own title just above its small print, or the latter's line."""
    above = range(index - 1, max(index - 5, low - 1), -1)
    return next((n for n in above if markers.HEADING.match(ends.lines[n])), index)


def trim_back(ends: Ends, header: Header) -> None:
    """Remove closing sentences, notes and credits after the body."""
    for _ in range(ROUNDS):
        again = False
        for find, why in (
            (closing_at, CLOSING),
            (_rule, "rule"),
            (_title, "title of the file"),
            (_note, NOTE),
            (_credits, CREDITS),
        ):
            start = find(ends, header)
            if ends.first < start < ends.end:
                ends.cut_back(start, why)
                # The other rules of this round still follow a closing sentence.
                again = again or why != CLOSING
        if not again:
            return


def _low(ends: Ends, lines: int) -> int:
    """Return the line ``lines`` above the end of the body, but none in the head of a long text."""
    low = max(ends.first + 1, ends.end - lines)
    return max(low, ends.middle + 1) if ends.middle < len(ends.lines) else low


def closing_at(ends: Ends, header: Header) -> int:
    """Return the first line of a closing sentence, or the end of the body if there is none."""
    low = _near(ends)
    region = ends.text(low, ends.end)
    closing = markers.CLOSING.search(region)
    if closing is not None:
        start = closing.start()
        if "\n" in closing[0] and markers.CLOSING.match(region, region.index("\n", start) + 1):
            # "THE END" is the book's if the line below closes the file.
            start = region.index("\n", start) + 1
        return low + region.count("\n", 0, start)
    for match in markers.END_OF_TITLE.finditer(region):
        index = low + region.count("\n", 0, match.start())
        if _names_title(match["title"], header) and ends.filled(index, ends.end) <= 6:
            return index
    return ends.end


def _near(ends: Ends) -> int:
    """Return the first of the lines in which a closing sentence is searched."""
    low, left = ends.end, NEAR
    # A limit that counts blank lines, too: a tail of nothing else must not take long.
    first = _low(ends, 4 * NEAR)
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
        if markers.HEADING.match(ends.lines[index]) and index >= _low(ends, LONGEST_NOTE):
            return index
    return ends.end


def _credits(ends: Ends, header: Header) -> int:
    """Return the start of a last block of credits."""
    start = ends.block_before(ends.end)
    block = ends.text(start, ends.end)
    if ends.end - start > 10 or start < _low(ends, LONGEST_NOTE) or MIDDLE in block:
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


def _note(ends: Ends, header: Header) -> int:
    """Return the start of the notes after the body."""
    # No note takes up more than two thirds of a text.
    low = max(_low(ends, LONGEST_NOTE), ends.first + (ends.end - ends.first) // 3)
    for start in _candidates(ends, max(low, 1)):
        if _is_label(ends, start, ends.block_at(start)) and _is_note_to_the_end(ends, start):
            return _with_rule(ends, start)
    return ends.end


def _candidates(ends: Ends, low: int) -> list[int]:
    """Return the lines that start a block and may be the label of a note.

    Each stem is searched in all blocks at once, which is far faster than inspecting each block.
    """
    starts = [n for n in range(low, ends.end) if _may_be_label(ends, n)]
    heads = [ends.text(n, min(n + 3, ends.end)).lower() for n in starts]
    joined = "\0".join(heads)
    # The offset of each block in the joined string leads from a match back to its block.
    offsets = list(accumulate((len(head) + 1 for head in heads), initial=0))
    candidates = set()
    for stem in phrases.NOTE_STEMS:
        at = joined.find(stem)
        while at >= 0:
            number = bisect_right(offsets, at) - 1
            candidates.add(starts[number])
            at = joined.find(stem, offsets[number + 1])
    return sorted(candidates)


def _may_be_label(ends: Ends, start: int) -> bool:
    """Return whether a line starts a block and is not a full line of prose, as most are."""
    line = ends.lines[start]
    if not line or line.isspace() or ends.lines[start - 1].strip():
        return False
    return len(line) <= 66 or ":" in line or line.lstrip()[:1] in "[({|+*_=~"


def _label_at(ends: Ends, start: int, end: int) -> int:
    """Return the first line of a block that is not an ornament."""
    return next((n for n in range(start, end) if not markers.is_rule(ends.lines[n])), end)


def _is_label(ends: Ends, start: int, end: int) -> bool:
    """Return whether a block starts with the label of a note by whoever made the file."""
    label = _label_at(ends, start, end)
    block = unboxed(ends.text(label, end))
    if phrases.NOTE.match(block):
        return True
    if not phrases.WEAK_NOTE.match(block):
        return False
    # An author's own note may have such a label, too, so the text must be about a file.
    while ends.gap_at(end) == 1 and end - label < 25:
        following = ends.block_at(end + 1)
        if phrases.NOTE.match(unboxed(ends.text(end + 1, following))):
            break
        end = following
    rest = ends.text(label, end)
    return phrases.is_modern(rest) or phrases.ABOUT_FILE.search(rest) is not None


def _is_note_to_the_end(ends: Ends, start: int) -> bool:
    """Return whether everything after the label belongs to the note, or to further notes."""
    end = ends.block_at(start)
    label = _label_at(ends, start, end)
    # Bookmarks quote the book, so their text cannot be judged.
    if phrases.BOOKMARKS.match(ends.lines[label]):
        return True
    is_bracket = ends.lines[label].lstrip()[:1] in phrases.BRACKETS
    closed = bracket_end(ends, label) if is_bracket else None
    if closed is not None:
        following = closed + ends.gap_at(closed)
        return following >= ends.end or _continues(ends, following)
    # Without a bracket, the label must be a heading, or set off by blank lines or an ornament.
    set_off = ends.gap_before(start) >= 2 or label > start or _follows_rule(ends, start)
    is_heading = end - label <= 2
    return (set_off or is_heading) and _reads_as_note(ends, label)


def _continues(ends: Ends, start: int) -> bool:
    """Return whether another note, or a last block of credits, follows a note."""
    end = ends.block_at(start)
    return (_is_label(ends, start, end) and _is_note_to_the_end(ends, start)) or (
        phrases.CREDITS.match(ends.text(start, end)) is not None and end >= ends.end
    )


def _reads_as_note(ends: Ends, label: int) -> bool:
    """Return whether the blocks from a label to the end are mostly about the file.

    The last block must be, at least 70 % of the lines, and every block with a heading.
    """
    blocks = ends.blocks(label, ends.end)
    other = about = 0
    is_about = True
    for number, (start, end) in enumerate(blocks):
        block = unboxed(ends.text(start, end))
        is_about = number == 0 or _is_about_file(block)
        if phrases.HEADING_WORDS.match(ends.lines[start]) and not is_about:
            return False
        if is_about:
            about += end - start
        else:
            other += end - start
    # A label without any text may be a heading of the book.
    is_bare = len(blocks) == 1 and blocks[0][1] - label <= 1
    return is_about and not is_bare and other <= 0.3 * (about + other)


def _is_about_file(block: str) -> bool:
    """Return whether a block belongs to a note: an ornament, a list, or words about a file."""
    is_ornament = all(map(markers.is_rule, block.split("\n")))
    return is_ornament or phrases.is_list(block) or phrases.is_about_file(block)


def _follows_rule(ends: Ends, start: int) -> bool:
    """Return whether the block above a block ends with an ornament."""
    above = start - ends.gap_before(start) - 1
    return above > ends.first and markers.is_rule(ends.lines[above])


def _with_rule(ends: Ends, start: int) -> int:
    """Return ``start``, or the line of an ornament above it."""
    above = start - ends.gap_before(start) - 1
    return above if _follows_rule(ends, start) else start
