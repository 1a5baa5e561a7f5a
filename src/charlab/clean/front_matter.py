"""Remove credits and notes on the file between the header and the book.

Blocks are removed one by one as long as each is recognized; a doubtful one stays, and so does
everything after it.
"""

from __future__ import annotations

import re
from copy import copy

from charlab.clean import credit_patterns as phrases
from charlab.clean import marker_patterns as markers
from charlab.clean import note_patterns as notes
from charlab.clean.boxes import bracket_end, is_label_in_brackets, unboxed
from charlab.clean.header import Header, letters
from charlab.clean.lines import MIDDLE, Ends

LONGEST_CREDITS = 25
"""Maximum number of lines in a block of credits."""

LONGEST_NOTE = 150
"""Maximum number of lines in a note before the body."""

FENCED_NOTE = 80
"""Maximum number of lines in a note that ends with two blank lines."""

BLOCKS = 60
"""Maximum number of blocks to remove."""

OFFICE = re.compile(r"\W*(?:executive\s+director|project\s+gutenberg|michael\s+s?\.?\s*hart)", re.I)
"""Office-holders of the project, who wrote essays with quotations before some books."""

FIRST_PERSON = re.compile(r"\b(?:I|my|me)\b")
DATED = re.compile(r"[A-Z]\w+ [A-Z]\w+\W+(?:\w+\W+)?(?:199\d|20\d\d)\b\W*$")
"""A name and a date of the time of such files."""

STARS = re.compile(r"\s+\*(?:\s{5,}\*){4}")
"""The row of stars that volunteers put between parts."""

# Reasons in the record.
CREDITS, NOTE = "credits", "note by whoever made the file"


def trim_front(ends: Ends, header: Header) -> None:
    """Remove credits and notes before the body."""
    names = header.names()
    why, fenced = "", False
    for _ in range(BLOCKS):
        start, end = ends.first, ends.block_at(ends.first)
        # A long block is prose, and no rule may reach beyond the head of the text.
        if start >= ends.end or end - start > LONGEST_NOTE or MIDDLE in ends.lines[start:end]:
            return
        rule = all(map(markers.is_rule, ends.lines[start:end]))
        # An ornament goes only with the block it fences; otherwise it may be the book's first.
        ahead = _ahead(ends, end) if rule else ends
        to, kind = _recognized(ahead, header, names, why)
        if kind and rule:
            ends.cut_front(end, "rule")
            fenced = kind == NOTE
        elif kind:
            ends.cut_front(to, kind)
            why = kind
        # The ornament that closes a note is removed: a row of stars, or one like that above it.
        elif rule and (fenced or (why == NOTE and STARS.fullmatch(ends.lines[start]))):
            ends.cut_front(end, "rule")
            fenced = False
        else:
            return


def _ahead(ends: Ends, end: int) -> Ends:
    """Return a copy of the text whose body starts after a block."""
    ahead = copy(ends)
    ahead.first = end + ends.gap_at(end)
    return ahead


def _recognized(ends: Ends, header: Header, names: frozenset[str], before: str) -> tuple[int, str]:
    """Return the end and the kind of the first block; the kind is empty if it is the book's.

    ``before`` is the kind of the block removed last.
    """
    start, end = ends.first, ends.block_at(ends.first)
    block = ends.text(start, end)
    lines = end - start
    if lines <= 8 and markers.HEADING.search(block):
        return end, "title of the file"
    # The title or the author is the surest sign that the book has started.
    if _names_the_book(ends, start, end, names):
        return start, ""
    if _is_note(ends, start, names):
        return _note_end(ends, header, names), NOTE
    # A part's heading may have a modern word, but "Part 1 of this etext, by ..." names a maker.
    if lines == 1 and notes.PART.match(block) and not re.search(r"\sby\s", block, re.I):
        return start, ""
    known = header.title_words()
    # One blank line below credits, a modern word is enough to continue them.
    close = before == CREDITS and _gap_above(ends, start) == 1
    after_credits = close and phrases.is_modern(block, known)
    following = end + ends.gap_at(end)
    below = ends.text(following, min(following + 1, ends.end))
    if lines <= LONGEST_CREDITS and (after_credits or phrases.names_makers(block, known, below)):
        return end, CREDITS
    if before == CREDITS and lines <= 8 and phrases.THANKS.match(block):
        # Thanks may also open a book, so they count only as the last or a middle block of credits.
        after = ends.text(following, ends.block_at(following))
        closes = following - end >= 2 or phrases.names_makers(after, known)
        return (end, CREDITS) if closes and close else (start, "")
    fields = lines >= 3 and all(":" in line for line in block.split("\n"))
    if close and fields and markers.FIELD.match(block):
        return end, CREDITS
    if before == NOTE and _is_signature(ends, header, start, end):
        return end, "signature of the note"
    return start, ""


def _gap_above(ends: Ends, start: int) -> int:
    """Return the number of blank lines above a line, including removed ones."""
    above = start
    while above > 0 and ends.is_blank(above - 1):
        above -= 1
    return start - above


def _names_the_book(ends: Ends, start: int, end: int, names: frozenset[str]) -> bool:
    """Return whether a line of a block consists of the book's title or author."""
    # A title page has fewer lines; in more, some line may equal the title by chance.
    if end - start > 12:
        return False
    lines = ends.lines[start:end]
    return any(letters(re.sub(r"^\s*by\s+", "", line, flags=re.I)) in names for line in lines)


def _is_note(ends: Ends, start: int, names: frozenset[str]) -> bool:
    """Return whether a note by whoever made the file starts at a line."""
    end = ends.block_at(start)
    block = unboxed(ends.text(start, end))
    if start >= ends.end or _names_the_book(ends, start, end, names):
        return False
    if notes.NOTE.match(block):
        # A label alone may be a heading of the book, such as "Notes on Gutenberg".
        is_heading = end - start == 1 and not notes.has_text(block)
        return not (is_heading and notes.SUBJECT.match(block)) or _is_about(ends, end)
    weak = notes.WEAK_NOTE.match(block) is not None
    if not weak and not notes.OWNED_NOTE.match(block):
        return False
    # An author's note has the same label, so the text must be about a file.
    section = unboxed(ends.text(start, _section_end(ends, start)))
    section = section[:1_500]
    if notes.mentions_file(section):
        return True
    # In brackets, one topic is enough.
    needed = 1 if block.startswith("[") and block.endswith("]") else 2
    return weak and notes.topics(section) >= needed and notes.OF_ITS_TIME.search(section) is None


def _is_about(ends: Ends, end: int) -> bool:
    """Return whether the section below a label is about the file."""
    below = ends.text(end, _section_end(ends, end))[:1_500] if ends.gap_at(end) == 1 else ""
    return notes.topics(below) > 0 or notes.mentions_file(below)


def _section_end(ends: Ends, start: int) -> int:
    """Return the end of the run of blocks that are one blank line apart."""
    end = ends.block_at(start)
    while ends.gap_at(end) == 1 and end - start < LONGEST_NOTE:
        end = ends.block_at(end + 1)
    return end


def _note_end(ends: Ends, header: Header, names: frozenset[str]) -> int:
    """Return the end of the note at the start of the body."""
    start = ends.first
    closing = notes.BRACKETS.get(ends.lines[start].lstrip()[:1])
    if is_label_in_brackets(ends, start):
        return _unfenced_end(ends, names)
    if closing is not None and (end := bracket_end(ends, start)) is not None:
        following = end + ends.gap_at(end)
        again = ends.lines[following].lstrip()[:1] if following < ends.end else ""
        if following - end <= 1 and notes.BRACKETS.get(again) == closing:
            # A second bracket is the same note in another language.
            second = bracket_end(ends, following)
            if second is not None and ends.gap_at(second) >= 2:
                return second
        return end
    if OFFICE.match(ends.lines[start]):
        return _up_to_last_mention(ends, _unfenced_end(ends, names), names)
    return _unfenced_end(ends, names)


def _unfenced_end(ends: Ends, names: frozenset[str]) -> int:
    """Return the end of a note without brackets.

    It extends over single blank lines as long as the next block is about the file, or up to two
    blank lines if nothing before them reads like the start of a book.
    """
    start = ends.first
    section = _section_end(ends, start)
    fenced = ends.gap_at(section) >= 2 and section - start <= FENCED_NOTE and section < ends.end
    end = ends.block_at(start)
    # After "Transcriber's Note:" on a line of its own, the note is in the next block.
    is_label = end - start == 1 and not notes.has_text(ends.lines[start])
    label = end
    while end < section:
        next_start = end + 1
        next_end = ends.block_at(next_start)
        block = unboxed(ends.text(next_start, next_end))
        # A colon announces what follows, such as a list of marks for italics.
        announced = end > label and ends.lines[end - 1].endswith(":")
        begins = not announced and _begins_book(ends, next_start, next_end, names)
        is_list = notes.is_list(block) or announced
        if MIDDLE in block or (begins and not (is_list and notes.topics(block))):
            break
        between = not begins and _is_modern_after(ends, next_end)
        if not (fenced or is_label or is_list or between or notes.is_about_file(block)):
            break
        end, is_label = next_end, False
    return end


def _is_modern_after(ends: Ends, end: int) -> bool:
    """Return whether the block after one blank line has words that no old book has."""
    next_end = ends.block_at(end + 1) if ends.gap_at(end) == 1 else end
    return next_end > end and phrases.is_modern(ends.text(end, next_end))


def _begins_book(ends: Ends, start: int, end: int, names: frozenset[str]) -> bool:
    """Return whether a block reads like a title or a heading."""
    lines = [line.strip() for line in ends.lines[start:end]]
    first = lines[0]
    if _names_the_book(ends, start, end, names) or notes.HEADING_WORDS.match(first):
        return True
    # Capitals are a heading of the book, unless they are the heading of a note.
    if first.isupper() and not notes.NOTE.match(first):
        return True
    # Short lines without a full stop at the end are a title or verse.
    is_short = len(lines) <= 3 and all(len(line) < 50 for line in lines)
    is_centered = min(len(line) - len(line.lstrip()) for line in ends.lines[start:end]) >= 10
    return (is_short and not lines[-1].endswith(tuple(".:;,])。：，】］"))) or is_centered


def _up_to_last_mention(ends: Ends, end: int, names: frozenset[str]) -> int:
    """Return the end of the last block soon after a note that mentions the project.

    No book starts between two such blocks, unless its title is there.
    """
    note_end = end
    limit = min(ends.first + LONGEST_NOTE, ends.end, ends.middle)
    for start, stop in ends.blocks(end, limit):
        block = ends.text(start, stop)
        if _names_the_book(ends, start, stop, names):
            break
        # A heading or a long block is the book's.
        if notes.HEADING_WORDS.match(block.split("\n")[0]) or stop - start > 40:
            break
        if markers.MENTIONS_PROJECT.search(block):
            note_end = stop
    return note_end


def _is_signature(ends: Ends, header: Header, start: int, end: int) -> bool:
    """Return whether a block is the signature of the note above it.

    It is one line: a name under a note in the first person, or a name with a date. Names in the
    header are excluded, since they may be the author's or the book's.
    """
    above = start - 1
    while above > 0 and ends.is_blank(above):
        above -= 1
    note = " ".join(ends.lines[max(above - 12, 0) : above + 1])
    words = re.findall(r"[\w.]+", ends.lines[start])
    # A signature is one line, one blank line below the note.
    if end - start > 1 or start - above != 2 or notes.HEADING_WORDS.match(ends.lines[start]):
        return False
    if any(word.casefold() in header.words for word in words if not word.isdigit()):
        return False
    # "Per Sky", but not "PER SKY", which may be a heading.
    capitals = all(word[0].isupper() and not word.isupper() for word in words)
    by_name = FIRST_PERSON.search(note) is not None and 2 <= len(words) <= 4 and capitals
    return by_name or (3 <= len(words) <= 6 and DATED.search(ends.lines[start]) is not None)
