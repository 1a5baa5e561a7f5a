"""Find the end of a file's header, and read the header's fields."""

from __future__ import annotations

import re
from dataclasses import dataclass

from charlab.clean import marker_patterns as markers
from charlab.clean.credit_patterns import ANACHRONISM
from charlab.clean.lines import MIDDLE, Ends
from charlab.clean.strangers import begins_with_a_book

FIELDS = {
    "title": r"Title|Titel|Titre|T[íi]tulo|Titolo",
    "author": r"Authors?|Autore?|Auteur|Verfasser|F[öo]rfattare|Forfatter|Tekij[äa]",
    "language": r"Language|Sprache|Langue|Idioma|Lingua|Taal|Kieli|Spr[åa]k|Sprog",
    "release_date": r"Release\s+Date|Posting\s+Date|Date\s+(?:first\s+posted|of\s+first\s+pub\w+)",
}
NUMBER = re.compile(r"\b(?:e-?book|e-?text)\s*(?:#|No\.?:?|number:?)\s*(\d{1,9})\b", re.I)
# Matched against the first lines of old files, which have no "Title:" field.
OF_BY = re.compile(
    rf"^[\s*]*(?:The\s+)?{markers.FULL_NAME}(?:['’]s)?\s*(?:\w+\s+)?(?:e-?text|e-?book|edition)?\s*(?:of|:|,)?\s+"
    r"(?P<title>\S.*?)(?:,?\s+by\s+(?P<author>.+?))?[\s*]*$",
    re.I | re.M,
)
"""A first line such as "The Project Gutenberg Etext of TITLE, by AUTHOR"."""

SISTER = re.compile(rf"[\s*]*(?:The\s+)?{markers.FULL_NAME}[^.!?\n]{{0,40}}(?:\n|$)", re.I)
"""A first line with the name of a project and hardly anything else."""

NEAR = 120
"""Maximum number of lines between two START lines of one header."""

FEW = 60
"""Maximum number of filled lines between a START line and small print that follows it."""

TITLE_BLOCKS = 5
"""Maximum number of blocks of title, author and date between the terms of a header."""

FIRST_LINES = 300
"""Lines in which a header without a marker must end."""


@dataclass(frozen=True)
class Header:
    """The fields of a header, verbatim; None for those that it does not have.

    Attributes
    ----------
    title, author, language, release_date : str or None
        Copied from the header.
    gutenberg : int or None
        The book's number.
    short_title : str
        The first line of the title, up to a subtitle.
    words : frozenset of str
        The words of the whole header, and the modern terms in the title, in lower case.
    """

    title: str | None
    author: str | None
    language: str | None
    release_date: str | None
    gutenberg: int | None
    short_title: str
    words: frozenset[str]

    def names(self) -> frozenset[str]:
        """Return the title, its main part and the author, reduced to letters and digits."""
        parts = (self.title or "", self.short_title, self.author or "")
        return frozenset(letters(part) for part in parts) - {""}

    def title_words(self) -> frozenset[str]:
        """Return the words of the title, which a block may contain and still be the book's."""
        return frozenset(re.findall(r"[\w-]+", (self.title or "").lower()))


def letters(line: str) -> str:
    """Return the letters and digits of a line, casefolded."""
    return "".join(filter(str.isalnum, line)).casefold()


def read_header(head: str) -> Header:
    """Return the fields of a header."""
    fields = {name: _field(head, pattern) for name, pattern in FIELDS.items()}
    # Only the first lines can be such a title; below, a quotation may look like one.
    first = OF_BY.search(head[:2_000])
    if fields["title"] is None and first is not None:
        fields["title"] = " ".join(first["title"].split()) or None
        fields["author"] = fields["author"] or first["author"]
    number = NUMBER.search(head)
    first_line = re.search(rf"^[*_]{{0,2}}(?:{FIELDS['title']}):[ \t*_]*(\S.*)", head, re.M | re.I)
    short = first_line[1] if first_line else fields["title"] or ""
    words = re.findall(r"\w+", head.casefold())
    titled = (match[0].lower() for match in ANACHRONISM.finditer(fields["title"] or ""))
    return Header(
        **fields,
        gutenberg=int(number[1]) if number else None,
        # "The Lamp; or, The Keeper" is known as "The Lamp".
        short_title=re.split(r"[:;,(\[]| or ", short)[0].strip(),
        words=frozenset((*words, *titled)),
    )


def _field(head: str, names: str) -> str | None:
    """Return a field of the header, including indented continuation lines."""
    match = re.search(
        rf"^[*_]{{0,2}}(?:{names}):[ \t*_]*(\S.*(?:\n[ \t]+\S.*)*)", head, re.M | re.I
    )
    return " ".join(match[1].split()) if match else None


def find_header(ends: Ends) -> int:
    """Return the first line after header and small print, or 0 if there are none."""
    head = ends.lines[: ends.middle]
    end = _after_last_marker(ends, [n for n, line in enumerate(head) if "*" in line])
    if not end:
        # A few markers have lost their stars.
        text = "\n".join(head)
        if any(words in text for words in ("START OF", "Beginning of", "mall Print", "MALL PRINT")):
            starts = ("START OF", "Beginning of", "[")
            bare = [n for n, line in enumerate(head) if line.lstrip().startswith(starts)]
            end = _after_last_marker(ends, bare)
    if end and begins_with_a_book(ends.lines[:end]):
        ends.quoted.append(ends.number(end - 1))
        end = 0
    return end or header_of_blocks(ends)


def _after_last_marker(ends: Ends, indices: list[int]) -> int:
    """Return the line after the last of the markers that end a header, or 0."""
    end = 0
    for index in indices:
        line = ends.lines[index]
        # A marker far below the last, or an END line, belongs to the body or its footer.
        if end and (index > end + 5 * NEAR or markers.END.match(line)):
            break
        if markers.START.match(line) or markers.BARE_START.match(line):
            if not end or _is_header_between(ends, end, index):
                end = markers.marker_end(ends.lines, index)
        elif markers.SMALL_PRINT_END.match(line) and _is_in_front(ends, end, index):
            end = index + 1
    return end


def _is_header_between(ends: Ends, start: int, index: int) -> bool:
    """Return whether the lines between two START lines belong to the header."""
    # The last lines before the second one are enough to tell.
    between = ends.lines[max(start, index - 15) : index]
    return index - start <= NEAR and (
        not any(line.strip() for line in between)
        or any(markers.FIELD.match(line) or markers.LEGAL.search(line) for line in between)
    )


def _is_in_front(ends: Ends, start: int, index: int) -> bool:
    """Return whether small print that ends at a line is in front of the body, not after it.

    ``start`` is the line after a START line above it, or 0.
    """
    # Fewer filled lines after it than any body has: it is the end of the file.
    after = ends.filled(index + 1, min(index + 200, len(ends.lines)))
    if after < 8:
        return False
    if not start:
        return True
    # Below a START line it counts only if both of its ends are close.
    begin = next(
        (n for n in range(start, index) if markers.SMALL_PRINT_START.match(ends.lines[n])), index
    )
    return begin < index and ends.filled(start, begin) <= FEW


def _is_title_in_header(ends: Ends, blocks: list[tuple[int, int]]) -> bool:
    """Return whether the first of some blocks is of the file's title, with terms soon below."""
    for begin, end in blocks:
        lines, block = ends.lines[begin:end], ends.text(begin, end)
        # The terms of a footer follow a closing sentence.
        if markers.CLOSING.match(block):
            return False
        # A play reserves its rights, and a story may name the small print; neither is the file's.
        is_legal = markers.LEGAL.search(block) and (
            markers.MENTIONS_PROJECT.search(block) or ANACHRONISM.search(block)
        )
        if is_legal or any(map(markers.is_license, lines)):
            return True
        if len(lines) > 2:
            return False
    return False


def header_of_blocks(ends: Ends) -> int:
    """Return the end of a header without a marker, as sister projects have it, or 0.

    Its first block names the project, and some block has fields or legal terms. It extends over
    all blocks that have fields, terms, modern words, or only ornaments.
    """
    start = ends.gap_at(0)
    first = ends.text(start, min(ends.block_at(start), start + 10))
    named = SISTER.match(first) and first.count("\n") < 3
    if not (
        named
        or markers.HEADING.search(first)
        or OF_BY.search(first)
        or NUMBER.search(first)
        or "Proofr" in first
    ):
        return 0
    header_end, is_header = 0, False
    blocks = ends.blocks(start, min(ends.middle, FIRST_LINES))
    for number, (begin, end) in enumerate(blocks):
        block = ends.text(begin, end)
        sign = markers.FIELD.match(block) or markers.LEGAL.search(block)
        other = ANACHRONISM.search(block) or markers.MENTIONS_PROJECT.search(block)
        if MIDDLE in block:
            break
        if not (sign or other or all(map(markers.is_rule, block.split("\n")))):
            if is_header and _is_title_in_header(ends, blocks[number : number + TITLE_BLOCKS]):
                continue
            break
        is_header = is_header or sign is not None
        header_end = end
    return header_end if is_header else 0
