"""Where a footer begins, and taking away what stands between the book and it.

Behind the last line of a book there may be a closing sentence, notes by whoever made the file
(often a list of corrections), credits, the licence or old small print, in any order.
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
"""Lines, not counting blank ones, that may follow a closing sentence before the footer."""

LONGEST_NOTE = 400
FOOTER, CLOSING = "footer and licence", "closing sentence"


def find_footer(ends: Ends, after: int) -> int:
    """Return the first line of the footer, or the number of lines if there is none.

    Parameters
    ----------
    ends : Ends
        A text.
    after : int
        The first line behind the header.
    """
    low = after if ends.middle == len(ends.lines) else ends.middle + 1
    footer = len(ends.lines)
    for index in range(footer - 1, low - 1, -1):
        line = ends.lines[index]
        if "**" in line and markers.END.match(line):
            footer = index
            break
        if "*** " in line and markers.GLUED_END.search(line):
            footer = index + 1
            break
    # Looking for some words in all lines at once is much faster than looking at each line.
    first = low if footer == len(ends.lines) else max(low, footer - 2 * NEAR)
    above = ends.text(first, footer)
    if any(words in above for words in markers.LICENCE_WORDS):
        for index in range(first, footer):
            if markers.is_licence(ends.lines[index]):
                return _with_title(ends, index, low)
    return footer


def _with_title(ends: Ends, index: int, low: int) -> int:
    """Return the line of the file's own title that stands right above its small print."""
    above = range(index - 1, max(index - 5, low - 1), -1)
    return next((n for n in above if markers.HEADING.match(ends.lines[n])), index)


def trim_back(ends: Ends, header: Header) -> None:
    """Take away closing sentences, notes and credits behind the body."""
    for _ in range(40):
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
                # Behind a closing sentence all the others are still looked for.
                again = again or why != CLOSING
        if not again:
            return


def _low(ends: Ends, lines: int) -> int:
    """Return the first line that may be looked at, so many above the end."""
    low = max(ends.first + 1, ends.end - lines)
    return max(low, ends.middle + 1) if ends.middle < len(ends.lines) else low


def closing_at(ends: Ends, header: Header) -> int:
    """Return where a closing sentence begins: no book goes on behind one."""
    low = _near(ends)
    region = ends.text(low, ends.end)
    for found in markers.CLOSING.finditer(region):
        start = found.start()
        if "\n" in found[0] and markers.CLOSING.match(region, region.index("\n", start) + 1):
            # "THE END" is the book's, where the line below says it of the file.
            start = region.index("\n", start) + 1
        return low + region.count("\n", 0, start)
    for found in markers.END_OF_TITLE.finditer(region):
        index = low + region.count("\n", 0, found.start())
        if _names_title(found["title"], header) and ends.filled(index, ends.end) <= 6:
            return index
    return ends.end


def _near(ends: Ends) -> int:
    """Return the first of the last lines among which a closing sentence may be."""
    low, left = ends.end, NEAR
    first = _low(ends, 4 * NEAR)
    while low > first and left:
        low -= 1
        left -= not ends.is_blank(low)
    return low


def _names_title(text: str, header: Header) -> bool:
    main = letters(header.short_title)
    return bool(main) and main in letters(text)


def _rule(ends: Ends, header: Header) -> int:
    """Return the last line if it is an ornament, which parted the book from what is gone."""
    last = ends.end - 1
    alone = last > ends.first and ends.is_blank(last - 1)
    return last if alone and markers.is_rule(ends.lines[last]) else ends.end


def _title(ends: Ends, header: Header) -> int:
    """Return where the file's own title stands at the end."""
    start = ends.block_before(ends.end)
    for index in range(max(start, ends.end - 4), ends.end):
        if markers.HEADING.match(ends.lines[index]) and _is_behind(ends, index):
            return index
    return ends.end


def _is_behind(ends: Ends, index: int) -> bool:
    return index >= _low(ends, LONGEST_NOTE)


def _credits(ends: Ends, header: Header) -> int:
    """Return where a last block of credits begins."""
    start = ends.block_before(ends.end)
    block = ends.text(start, ends.end)
    if ends.end - start > 10 or not _is_behind(ends, start) or MIDDLE in block:
        return ends.end
    is_credit = phrases.CREDITS.match(block) is not None
    known = frozenset(re.findall(r"[\w-]+", (header.title or "").lower()))
    about = phrases.ABOUT_FILE.search(block) or markers.MENTIONS_PROJECT.search(block)
    if is_credit and (about or phrases.strange(block, known)):
        return start
    return start if about and ends.gap_before(start) >= 2 and _is_about(block) else ends.end


def _is_about(block: str) -> bool:
    """Whether a block without a known beginning is about the file: e-texts, and who made one."""
    return re.search(r"\be-?texts?\b|\bpgdp\b|distributed\s+proof", block, re.I) is not None


def _note(ends: Ends, header: Header) -> int:
    """Return where the notes behind the body begin."""
    low = max(_low(ends, LONGEST_NOTE), ends.first + (ends.end - ends.first) // 3)
    for start in _candidates(ends, max(low, 1)):
        if _is_label(ends, start, ends.block_at(start)) and _is_note_to_the_end(ends, start):
            return _with_rule(ends, start)
    return ends.end


def _candidates(ends: Ends, low: int) -> list[int]:
    """Return the lines that begin a block and may be the label of a note.

    All are searched at once for each of some words, since looking at each takes far longer.
    """
    starts = [n for n in range(low, ends.end) if _may_be_label(ends, n)]
    heads = [ends.text(n, min(n + 3, ends.end)).lower() for n in starts]
    joined = "\0".join(heads)
    places = list(accumulate((len(head) + 1 for head in heads), initial=0))
    found = set()
    for stem in phrases.NOTE_STEMS:
        at = joined.find(stem)
        while at >= 0:
            number = bisect_right(places, at) - 1
            found.add(starts[number])
            at = joined.find(stem, places[number + 1])
    return sorted(found)


def _may_be_label(ends: Ends, start: int) -> bool:
    """Whether a line begins a block and is no full line of prose: most end here, and fast."""
    line = ends.lines[start]
    if not line or line.isspace() or ends.lines[start - 1].strip():
        return False
    return len(line) <= 66 or ":" in line or line.lstrip()[:1] in "[({|+*_=~"


def _label_at(ends: Ends, start: int, end: int) -> int:
    """Return the first line of a block that is no ornament."""
    return next((n for n in range(start, end) if not markers.is_rule(ends.lines[n])), end)


def _is_label(ends: Ends, start: int, end: int) -> bool:
    """Whether a block begins with the label of a note by whoever made the file."""
    label = _label_at(ends, start, end)
    block = unboxed(ends.text(label, end))
    if phrases.NOTE.match(block):
        return True
    if not phrases.WEAK_NOTE.match(block):
        return False
    # An author's own notes have such a label, too, so they must speak of a file.
    while ends.gap_at(end) == 1 and end - label < 25:
        following = ends.block_at(end + 1)
        if phrases.NOTE.match(unboxed(ends.text(end + 1, following))):
            break
        end = following
    rest = ends.text(label, end)
    return phrases.strange(rest, frozenset()) or phrases.ABOUT_FILE.search(rest) is not None


def _is_note_to_the_end(ends: Ends, start: int) -> bool:
    """Whether all that follows the label of a note belongs to it, or to further ones."""
    end = ends.block_at(start)
    label = _label_at(ends, start, end)
    if phrases.BOOKMARKS.match(ends.lines[label]):
        return True
    is_bracket = ends.lines[label].lstrip()[:1] in phrases.BRACKETS
    closed = bracket_end(ends, label) if is_bracket else None
    if closed is not None:
        following = closed + ends.gap_at(closed)
        return following >= ends.end or _goes_on(ends, following)
    set_off = ends.gap_before(start) >= 2 or label > start or _follows_rule(ends, start)
    is_heading = end - label <= 2
    return (set_off or is_heading) and _reads_as_note(ends, label)


def _goes_on(ends: Ends, start: int) -> bool:
    end = ends.block_at(start)
    return (_is_label(ends, start, end) and _is_note_to_the_end(ends, start)) or (
        phrases.CREDITS.match(ends.text(start, end)) is not None and end >= ends.end
    )


def _reads_as_note(ends: Ends, label: int) -> bool:
    """Whether the blocks from a label to the end speak of a file, or list corrections."""
    blocks = ends.blocks(label, ends.end)
    other = known = 0
    last_known = True
    for number, (start, end) in enumerate(blocks):
        block = unboxed(ends.text(start, end))
        last_known = number == 0 or _is_about_file(block)
        if phrases.HEADING_WORDS.match(ends.lines[start]) and not last_known:
            return False
        if last_known:
            known += end - start
        else:
            other += end - start
    is_bare = len(blocks) == 1 and blocks[0][1] - label <= 1
    return last_known and not is_bare and other <= 0.3 * (known + other)


def _is_about_file(block: str) -> bool:
    lines = block.split("\n")
    changes = sum(phrases.CHANGE.search(line) is not None for line in lines)
    return (
        changes * 2 >= len(lines)
        or phrases.talks(block) >= 1
        or phrases.strange(block, frozenset())
        or phrases.NOTE.match(block) is not None
        or all(map(markers.is_rule, lines))
    )


def _follows_rule(ends: Ends, start: int) -> bool:
    above = start - ends.gap_before(start) - 1
    return above > ends.first and markers.is_rule(ends.lines[above])


def _with_rule(ends: Ends, start: int) -> int:
    """Return ``start``, or the line of the ornament that stands before it."""
    above = start - ends.gap_before(start) - 1
    return above if _follows_rule(ends, start) else start
