"""Where a file's own header ends, and what it says of the book."""

from __future__ import annotations

import re
from dataclasses import dataclass

from charlab.clean import marker_patterns as markers
from charlab.clean.credit_patterns import ANACHRONISM
from charlab.clean.lines import MIDDLE, Ends

FIELDS = {
    "title": r"Title|Titel|Titre|T[íi]tulo|Titolo",
    "author": r"Authors?|Autore?|Auteur|Verfasser|F[öo]rfattare|Forfatter|Tekij[äa]",
    "language": r"Language|Sprache|Langue|Idioma|Lingua|Taal|Kieli|Spr[åa]k|Sprog",
    "release_date": r"Release\s+Date|Posting\s+Date|Date\s+(?:first\s+posted|of\s+first\s+pub\w+)",
}
NUMBER = re.compile(r"\b(?:e-?book|e-?text)\s*(?:#|No\.?:?|number:?)\s*(\d+)", re.I)
OF_BY = re.compile(
    rf"^[\s*]*(?:The\s+)?{markers.FULL_NAME}(?:['’]s)?\s*(?:\w+\s+)?(?:e-?text|e-?book|edition)?\s*(?:of|:|,)?\s+"
    r"(?P<title>\S.*?)(?:,?\s+by\s+(?P<author>.+?))?[\s*]*$",
    re.I | re.M,
)
"""The first line of many files, which names the book where no field does."""
SISTER = re.compile(rf"[\s*]*(?:The\s+)?{markers.FULL_NAME}[^.!?\n]{{0,40}}(?:\n|$)", re.I)
"""A first line that has the name of a project, and hardly more."""
NEAR = 120
"""Lines of small print or a second header behind the first."""


@dataclass(frozen=True)
class Header:
    """What a header says of the book, as it stands there; None where it does not."""

    title: str | None
    author: str | None
    language: str | None
    release_date: str | None
    gutenberg: int | None
    short_title: str
    """The title's first line, up to a subtitle."""
    words: frozenset[str]
    """Words of the whole header, and of the title those that no old book has, lower case."""

    def names(self) -> frozenset[str]:
        """Return the title, its main part and the author, letters only."""
        parts = (self.title or "", self.short_title, self.author or "")
        return frozenset(letters(part) for part in parts) - {""}


def letters(line: str) -> str:
    """Return the letters and digits of a line, lower case."""
    return "".join(filter(str.isalnum, line)).casefold()


def read_header(head: str) -> Header:
    """Return what a header says of the book."""
    found = {name: _field(head, pattern) for name, pattern in FIELDS.items()}
    first = OF_BY.search(head[:2_000])
    if found["title"] is None and first is not None:
        found["title"] = " ".join(first["title"].split()) or None
        found["author"] = found["author"] or first["author"]
    number = NUMBER.search(head)
    first_line = re.search(rf"^(?:{FIELDS['title']}):[ \t]*(\S.*)", head, re.M | re.I)
    short = first_line[1] if first_line else found["title"] or ""
    words = re.findall(r"\w+", head.casefold())
    titled = (match[0].lower() for match in ANACHRONISM.finditer(found["title"] or ""))
    return Header(
        title=found["title"],
        author=found["author"],
        language=found["language"],
        release_date=found["release_date"],
        gutenberg=int(number[1]) if number else None,
        short_title=re.split(r"[:;,(\[]| or ", short)[0].strip(),
        words=frozenset((*words, *titled)),
    )


def _field(head: str, names: str) -> str | None:
    """Return a field of the header, with the indented lines that go on with it."""
    found = re.search(rf"^(?:{names}):[ \t]*(\S.*(?:\n[ \t]+\S.*)*)", head, re.M | re.I)
    return " ".join(found[1].split()) if found else None


def find_header(ends: Ends) -> int:
    """Return the first line behind header and small print, or 0 if there are none."""
    starred = [n for n, line in enumerate(ends.lines[: ends.middle]) if "*" in line]
    found = _last_mark(ends, starred)
    if not found:
        # Now and then a mark has lost its stars.
        firsts = ("START OF", "Beginning of", "[")
        head = enumerate(ends.lines[: ends.middle])
        found = _last_mark(ends, [n for n, line in head if line.lstrip().startswith(firsts)])
    return found or header_of_blocks(ends)


def _last_mark(ends: Ends, indices: list[int]) -> int:
    """Return the line behind the last of the marks that end a header, or 0."""
    found = 0
    for index in indices:
        line = ends.lines[index]
        if found and (index > found + 5 * NEAR or markers.END.match(line)):
            break
        if markers.START.match(line) or markers.BARE_START.match(line):
            if not found or _is_header_between(ends, found, index):
                found = markers.marker_end(ends.lines, index)
        elif markers.SMALL_PRINT_END.match(line) and _is_in_front(ends, found, index):
            found = index + 1
    return found


def _is_header_between(ends: Ends, found: int, index: int) -> bool:
    """Whether what stands between two START lines belongs to the header."""
    between = ends.lines[max(found, index - 15) : index]
    return index - found <= NEAR and (
        not any(line.strip() for line in between)
        or any(markers.FIELD.match(line) or markers.LEGAL.search(line) for line in between)
    )


def _is_in_front(ends: Ends, found: int, index: int) -> bool:
    """Whether small print that ends at a line stands in front of the body."""
    behind = ends.filled(index + 1, min(index + 200, len(ends.lines)))
    if behind < 8:
        return False
    if not found:
        return True
    begin = next(
        (n for n in range(found, index) if markers.SMALL_PRINT_START.match(ends.lines[n])), index
    )
    return begin < index and ends.filled(found, begin) <= 60


def header_of_blocks(ends: Ends) -> int:
    """Return the end of a header that no marker ends, such as those of sister projects.

    Its first block names the project; some block has its fields or its terms; it goes on as
    long as blocks have such signs.
    """
    start = ends.gap_at(0)
    first = ends.text(start, ends.block_at(start))
    named = SISTER.match(first) and first.count("\n") < 3
    if not (named or markers.HEADING.search(first) or NUMBER.search(first) or "Proofr" in first):
        return 0
    found, is_header = 0, False
    for begin, end in ends.blocks(start, min(ends.middle, 300)):
        block = ends.text(begin, end)
        sign = markers.FIELD.match(block) or markers.LEGAL.search(block)
        other = ANACHRONISM.search(block) or markers.MENTIONS_PROJECT.search(block)
        if MIDDLE in block or not (sign or other or all(map(markers.is_rule, block.split("\n")))):
            break
        is_header = is_header or sign is not None
        found = end
    return found if is_header else 0
