"""Find notes by whoever made a file between the end of the book and the footer."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from charlab.clean import credit_patterns as phrases
from charlab.clean import marker_patterns as markers
from charlab.clean import note_patterns as notes
from charlab.clean.boxes import bracket_end, is_label_in_brackets, unboxed
from charlab.clean.header import Header
from charlab.clean.lines import Ends
from charlab.clean.note_labels import STEMS as NOTE_STEMS

LONGEST_NOTE = 400
"""Maximum number of lines in a note after the body; lists of corrections are long."""


COLOPHON_LINES = 20
"""Lines at the start of a colophon that show whether it is about a file."""


def find_note(ends: Ends, header: Header) -> int:
    """Return the start of the notes after the body."""
    # No note takes up more than two thirds of a text.
    low = max(ends.low(LONGEST_NOTE), ends.first + (ends.end - ends.first) // 3)
    for start in _candidates(ends, max(low, 1)):
        if _is_label(ends, start, ends.block_at(start)) and _is_note_to_the_end(ends, start):
            return _with_rule(ends, _with_heading(ends, start))
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
    for stem in NOTE_STEMS:
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
    return len(line) <= 66 or ":" in line or line.lstrip()[:1] in "[({|+*_=~-<"


def _label_at(ends: Ends, start: int, end: int) -> int:
    """Return the first line of a block that is not an ornament."""
    return next((n for n in range(start, end) if not markers.is_rule(ends.lines[n])), end)


def _is_label(ends: Ends, start: int, end: int) -> bool:
    """Return whether a block starts with the label of a note by whoever made the file."""
    label = _label_at(ends, start, end)
    block = unboxed(ends.text(label, end))
    if notes.NOTE.match(block):
        return True
    if _is_list_of_corrections(ends, label):
        return True
    if notes.COLOPHON.match(block):
        start_of_it = ends.text(label, min(label + COLOPHON_LINES, ends.end))
        parts = notes.COLOPHON_PARTS.search(start_of_it)
        return parts is not None or notes.mentions_file(start_of_it)
    labels = (notes.WEAK_NOTE, notes.OWNED_NOTE, notes.TEXT_NOTE)
    listed = end - label == 1 and notes.LISTED.search(block) and ends.gap_at(end) == 1
    if not listed and not any(pattern.match(block) for pattern in labels):
        return False
    # An author's own note may have such a label, too, so the text must be about a file.
    while ends.gap_at(end) == 1 and end - label < 25:
        following = ends.block_at(end + 1)
        if notes.NOTE.match(unboxed(ends.text(end + 1, following))):
            # Below the heading of a list, it says who made the list.
            if listed:
                return True
            break
        end = following
    rest = ends.text(label, end)
    return notes.mentions_file(rest) or phrases.ABOUT_FILE.search(rest) is not None


def _is_list_of_corrections(ends: Ends, label: int) -> bool:
    """Return whether a heading announces corrections, and most lines to the end list one as made.

    An author's list of errata asks the reader to make them.
    """
    heading = ends.lines[label]
    if len(heading) > 66 or heading.endswith((".", ",", ";")) or not notes.LISTED.search(heading):
        return False
    lines = [line for line in ends.lines[label + 1 : ends.end] if line]
    if any(notes.OF_ITS_TIME.search(line) for line in (heading, *lines)):
        return False
    made = sum(_is_made(line, heading) for line in lines)
    columns = any(notes.COLUMNS.search(line) for line in lines[:8])
    return len(lines) > 0 and (columns or 2 * made >= len(lines))


def _is_made(line: str, heading: str) -> bool:
    """Return whether a line of a list lists a correction as made."""
    if notes.ARROW.search(line):
        return True
    if notes.CORRECTED.search(line) is None:
        return False
    # Without a colon, the heading may be that of a chapter, or of an author's additions.
    quoted = notes.QUOTED.match(line) is not None and notes.EDITION.search(heading) is None
    return heading.endswith(":") or quoted


def _is_note_to_the_end(ends: Ends, start: int) -> bool:
    """Return whether everything after the label belongs to the note, or to further notes."""
    end = ends.block_at(start)
    label = _label_at(ends, start, end)
    # Bookmarks quote the book, so their text cannot be judged.
    if notes.BOOKMARKS.match(ends.lines[label]):
        return True
    is_bracket = ends.lines[label].lstrip()[:1] in notes.BRACKETS
    closed = bracket_end(ends, label) if is_bracket else None
    if closed is not None and not is_label_in_brackets(ends, label):
        following = closed + ends.gap_at(closed)
        return following >= ends.end or _continues(ends, following)
    # Without a bracket, the label must be a heading, or set off by blank lines or an ornament.
    set_off = ends.gap_before(start) >= 2 or label > start or _follows_rule(ends, start)
    is_heading = end - label <= 2
    if not (set_off or is_heading):
        return False
    return (
        _is_list_of_corrections(ends, label)
        or _reads_as_note(ends, label)
        or _announces_list(ends, label)
    )


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
        if not is_about and (
            notes.HEADING_WORDS.match(ends.lines[start]) or _heads_a_part(ends, start, end)
        ):
            return False
        if is_about:
            about += end - start
        else:
            other += end - start
    # A label without any text may be a heading of the book.
    is_bare = (
        len(blocks) == 1 and blocks[0][1] - label <= 1 and not notes.has_text(ends.lines[label])
    )
    return is_about and not is_bare and other <= 0.3 * (about + other)


def _announces_list(ends: Ends, label: int) -> bool:
    """Return whether a label or the note below it announces a list that extends to the end.

    The list may quote the book, so its lines may look like anything but parts of a book that are
    set off from it.
    """
    first = unboxed(ends.text(label, ends.block_at(label)))
    colophon = notes.COLOPHON.match(first) is not None
    if not colophon and not notes.NOTE.match(first):
        return False
    announced = colophon or notes.LISTED.search(ends.lines[label]) is not None
    bare = not notes.has_text(first)
    for number, (start, end) in enumerate(ends.blocks(label, ends.end)):
        block = unboxed(ends.text(start, end))
        about = number == 0 or _is_about_file(block)
        # A list may be set off from a label that is alone on its line, but not from a note.
        set_off = number > bare and ends.gap_before(start) > 2
        heading = _heads_a_part(ends, start, end)
        if notes.PART.match(ends.lines[start]) or notes.is_prose(block):
            return False
        if not about and (set_off or heading or not announced):
            return False
        announced = announced or notes.LISTED.search(block) is not None or block.endswith(":")
    return announced


def _heads_a_part(ends: Ends, start: int, end: int) -> bool:
    """Return whether a block of a list is the heading of an appendix or a further chapter.

    That is a word for such a part, or a line in capitals above lines that are not about the file.
    """
    lines = ends.lines[start:end]
    if len(lines) > 2:
        return False
    # In small letters, such a word begins a quotation.
    if notes.BACK_PART.match(lines[0]) and not lines[0].lstrip()[:1].islower():
        return True
    if not all(line.isupper() for line in lines):
        return False
    following = end + ends.gap_at(end)
    below = unboxed(ends.text(following, ends.block_at(following)))
    # Below misprints in capitals there are more of them.
    return notes.HEADING_WORDS.match(lines[0]) is not None or (
        any(map(str.islower, below)) and not _is_about_file(below)
    )


def _is_about_file(block: str) -> bool:
    """Return whether a block belongs to a note: an ornament, a list, or words about a file."""
    is_ornament = all(map(markers.is_rule, block.split("\n")))
    return is_ornament or notes.is_list(block) or notes.is_about_file(block)


def _follows_rule(ends: Ends, start: int) -> bool:
    """Return whether the block above a block ends with an ornament."""
    above = start - ends.gap_before(start) - 1
    return above > ends.first and markers.is_rule(ends.lines[above])


def _with_heading(ends: Ends, start: int) -> int:
    """Return ``start``, or the line above it if that is a heading of the note alone."""
    above = start - 1 - ends.gap_before(start)
    label = ends.lines[_label_at(ends, start, ends.end)]
    alone = ends.gap_before(start) == 1 and above > ends.first and ends.gap_before(above) >= 2
    # A note in brackets may be on a heading of the book.
    if not alone or label.lstrip()[:1] in notes.BRACKETS:
        return start
    return above if notes.BARE_HEADING.fullmatch(ends.lines[above]) else start


def _with_rule(ends: Ends, start: int) -> int:
    """Return ``start``, or the line of an ornament above it."""
    above = start - ends.gap_before(start) - 1
    return above if _follows_rule(ends, start) else start
