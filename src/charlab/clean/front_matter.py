"""Taking away what stands between the header and the book: credits, and notes on the file.

Blocks are taken one by one as long as each is recognised; a doubtful one stays, and
everything behind it.
"""

from __future__ import annotations

import re
from copy import copy

from charlab.clean import credit_patterns as phrases
from charlab.clean import marker_patterns as markers
from charlab.clean.header import Header, letters
from charlab.clean.lines import MIDDLE, Ends

LONGEST_CREDITS = 25
LONGEST_NOTE = 150
OFFICE = re.compile(r"\W*(?:executive\s+director|project\s+gutenberg|michael\s+s?\.?\s*hart)", re.I)
"""Who writes essays in front of a book, with quotations in them."""
FIRST_PERSON = re.compile(r"\b(?:I|my|me)\b")
DATED = re.compile(r"[A-Z]\w+ [A-Z]\w+\W+(?:\w+\W+)?(?:199\d|20\d\d)\b\W*$")
"""A name, and a date since there have been such files."""
CREDITS, NOTE = "credits", "note by whoever made the file"


def trim_front(ends: Ends, header: Header) -> None:
    """Take away credits and notes in front of the body."""
    names = header.names()
    why, fenced = "", False
    for _ in range(60):
        start, end = ends.first, ends.block_at(ends.first)
        if start >= ends.end or end - start > LONGEST_NOTE or MIDDLE in ends.lines[start:end]:
            return
        rule = all(map(markers.is_rule, ends.lines[start:end]))
        # An ornament goes only with what it fences; else it may be the book's first.
        ahead = _ahead(ends, end) if rule else ends
        to, found = _recognised(ahead, header, names, why)
        if found and rule:
            ends.cut_front(end, "rule")
            fenced = found == NOTE
        elif found:
            ends.cut_front(to, found)
            why = found
        elif rule and fenced:
            ends.cut_front(end, "rule")
            fenced = False
        else:
            return


def _ahead(ends: Ends, end: int) -> Ends:
    """Return the same text as if the body began behind a block."""
    ahead = copy(ends)
    ahead.first = end + ends.gap_at(end)
    return ahead


def _recognised(ends: Ends, header: Header, names: frozenset[str], before: str) -> tuple[int, str]:
    """Return the end and the kind of what the body seems to begin with, if it is not the book's."""
    start, end = ends.first, ends.block_at(ends.first)
    block = ends.text(start, end)
    lines = end - start
    if lines <= 8 and markers.HEADING.search(block):
        return end, "title of the file"
    if _names_the_book(ends, start, end, names):
        return start, ""
    if _is_note(ends, start, names):
        return _note_end(ends, header, names), NOTE
    known = _known(header)
    close = before == CREDITS and _gap_above(ends, start) == 1
    after_credits = close and phrases.strange(block, known)
    if lines <= LONGEST_CREDITS and (after_credits or phrases.says_who_made_it(block, known)):
        return end, CREDITS
    if before == CREDITS and lines <= 8 and phrases.THANKS.match(block):
        # What begins a book begins a passage, too: only a last line of credits stands so.
        following = end + ends.gap_at(end)
        behind = ends.text(following, ends.block_at(following))
        closes = following - end >= 2 or phrases.says_who_made_it(behind, known)
        return (end, CREDITS) if closes and close else (start, "")
    if before == NOTE and _is_signature(ends, header, start, end):
        return end, "signature of the note"
    return start, ""


def _known(header: Header) -> frozenset[str]:
    """Return the words of the title, which say nothing against a block."""
    return frozenset(re.findall(r"[\w-]+", (header.title or "").lower()))


def _gap_above(ends: Ends, start: int) -> int:
    """Return how many blank lines stand above a line, taken away or not."""
    above = start
    while above > 0 and ends.is_blank(above - 1):
        above -= 1
    return start - above


def _names_the_book(ends: Ends, start: int, end: int, names: frozenset[str]) -> bool:
    """Whether a line of a block is the book's title or its author, and nothing else."""
    if end - start > 12:
        return False
    lines = ends.lines[start:end]
    return any(letters(re.sub(r"^\s*by\s+", "", line, flags=re.I)) in names for line in lines)


def _is_note(ends: Ends, start: int, names: frozenset[str]) -> bool:
    """Whether a note by whoever made the file begins at a line."""
    end = ends.block_at(start)
    block = unboxed(ends.text(start, end))
    if start >= ends.end or _names_the_book(ends, start, end, names):
        return False
    if phrases.NOTE.match(block):
        return True
    if not phrases.WEAK_NOTE.match(block):
        return False
    section = unboxed(ends.text(start, _section_end(ends, start)))
    section = section[:1_500]
    if phrases.strange(section, frozenset()):
        return True
    return phrases.talks(section) >= 2 and phrases.OF_ITS_TIME.search(section) is None


def unboxed(block: str) -> str:
    """Return a block without the box that is drawn around it."""
    if not re.match(r"\s*[+|*=_~-]", block):
        return block
    lines = (re.sub(r"^\s*[|*+]+\s?|\s*[|*+]+\s*$", "", line) for line in block.split("\n"))
    return "\n".join(line for line in lines if line.strip(" -=_~*+")) or block


def _section_end(ends: Ends, start: int) -> int:
    """Return the end of the blocks that only one blank line parts from each other."""
    end = ends.block_at(start)
    while ends.gap_at(end) == 1 and end - start < LONGEST_NOTE:
        end = ends.block_at(end + 1)
    return end


def _note_end(ends: Ends, header: Header, names: frozenset[str]) -> int:
    """Return the end of the note that starts the body."""
    start = ends.first
    closing = phrases.BRACKETS.get(ends.lines[start].lstrip()[:1])
    if closing is not None and (end := bracket_end(ends, start)) is not None:
        following = end + ends.gap_at(end)
        again = ends.lines[following].lstrip()[:1] if following < ends.end else ""
        if following - end <= 1 and phrases.BRACKETS.get(again) == closing:
            # The same note in another language.
            further = bracket_end(ends, following)
            if further is not None and ends.gap_at(further) >= 2:
                return further
        return end
    if OFFICE.match(ends.lines[start]):
        return _up_to_last_sign(ends, _unfenced_end(ends, names), names)
    return _unfenced_end(ends, names)


def bracket_end(ends: Ends, start: int) -> int | None:
    """Return the line behind the bracket that closes the one a line begins with."""
    opening = ends.lines[start].lstrip()[:1]
    closing, depth = phrases.BRACKETS[opening], 0
    for index in range(start, min(start + LONGEST_NOTE, ends.end)):
        depth += ends.lines[index].count(opening) - ends.lines[index].count(closing)
        if depth <= 0:
            # Text behind the bracket, on its line or the next, is not the note's.
            alone = ends.lines[index].rstrip(" .*_").endswith(closing)
            is_last = index + 1 >= ends.end or ends.is_blank(index + 1)
            return index + 1 if alone and is_last else None
    return None


def _unfenced_end(ends: Ends, names: frozenset[str]) -> int:
    """Return the end of a note without brackets.

    It goes on over one blank line as long as what follows talks of the file, or up to two
    blank lines where all of it reads as prose and nothing as the beginning of a book.
    """
    start = ends.first
    section = _section_end(ends, start)
    fenced = ends.gap_at(section) >= 2 and section - start <= 80 and section < ends.end
    end = ends.block_at(start)
    is_label = end - start == 1 and re.search(r"[:.]\W*\w", ends.lines[start]) is None
    while end < section:
        following = end + 1
        further = ends.block_at(following)
        block = unboxed(ends.text(following, further))
        begins = _begins_book(ends, following, further, names)
        is_list = _is_list(block)
        if MIDDLE in block or (begins and not (is_list and phrases.talks(block))):
            break
        between = not begins and _is_strange_at(ends, further)
        if not (fenced or is_label or is_list or between or _is_about_file(block)):
            break
        end, is_label = further, False
    return end


def _is_strange_at(ends: Ends, end: int) -> bool:
    """Whether the block behind one blank line has words that no old book has."""
    following = ends.block_at(end + 1) if ends.gap_at(end) == 1 else end
    return following > end and phrases.strange(ends.text(end, following), frozenset())


def _is_about_file(block: str) -> bool:
    return (
        phrases.talks(block) >= 1
        or phrases.NOTE.match(block) is not None
        or phrases.strange(block, frozenset())
    )


def _is_list(block: str) -> bool:
    """Whether a block is a list of corrections or of characters."""
    lines = block.split("\n")
    return sum(phrases.CHANGE.search(line) is not None for line in lines) * 2 >= len(lines)


def _begins_book(ends: Ends, start: int, end: int, names: frozenset[str]) -> bool:
    """Whether a block reads as a title, a heading, or the like."""
    lines = [line.strip() for line in ends.lines[start:end]]
    first = lines[0]
    if _names_the_book(ends, start, end, names) or phrases.HEADING_WORDS.match(first):
        return True
    if first.isupper() and not phrases.NOTE.match(first):
        return True
    is_short = len(lines) <= 3 and all(len(line) < 50 for line in lines)
    is_centred = min(len(line) - len(line.lstrip()) for line in ends.lines[start:end]) >= 10
    return (is_short and not lines[-1].endswith((".", ":", ";", ",", "]", ")"))) or is_centred


def _up_to_last_sign(ends: Ends, end: int, names: frozenset[str]) -> int:
    """Return the end of the last block close behind a note that is about the file for certain.

    Between two such blocks no book begins, unless its title stands there.
    """
    found = end
    limit = min(ends.first + LONGEST_NOTE, ends.end, ends.middle)
    for start, stop in ends.blocks(end, limit):
        block = ends.text(start, stop)
        if _names_the_book(ends, start, stop, names):
            break
        if phrases.HEADING_WORDS.match(block.split("\n")[0]) or stop - start > 40:
            break
        if markers.MENTIONS_PROJECT.search(block):
            found = stop
    return found


def _is_signature(ends: Ends, header: Header, start: int, end: int) -> bool:
    """Whether a block is the name of who wrote the note above: in the first person, or dated.

    The header names the author and the book, so that neither is taken for one.
    """
    above = start - 1
    while above > 0 and ends.is_blank(above):
        above -= 1
    note = " ".join(ends.lines[max(above - 12, 0) : above + 1])
    words = re.findall(r"[\w.]+", ends.lines[start])
    if end - start > 1 or start - above != 2 or phrases.HEADING_WORDS.match(ends.lines[start]):
        return False
    if any(word.casefold() in header.words for word in words if not word.isdigit()):
        return False
    capitals = all(word[0].isupper() and not word.isupper() for word in words)
    by_name = FIRST_PERSON.search(note) is not None and 2 <= len(words) <= 4 and capitals
    return by_name or (3 <= len(words) <= 6 and DATED.search(ends.lines[start]) is not None)
