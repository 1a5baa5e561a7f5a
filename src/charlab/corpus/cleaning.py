"""From the bytes of a Gutenberg file to the body of the book.

What enters is a file as Project Gutenberg or its readers have it; what leaves is its body,
and a record of what was removed and why. The priorities: no line of the body is lost; then,
no line that is not the book's is left.

The structure of such files, which is all that the rules here know: a header up to a START
line or the end of the "small print"; behind it blocks that say who made the file; notes by
whoever did; the body; such notes again; an END line or a closing sentence; the licence. Blocks
in front are taken away one by one as long as each is recognised (:mod:`.markers`), and a doubtful
one stays.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from charlab.corpus import markers
from charlab.corpus.decoding import NotTextError, decode
from charlab.errors import CharlabError
from charlab.files import write_json, write_text
from charlab.params import CleanParams

__all__ = ["Cleaned", "CleaningError", "CleaningRecord", "clean", "clean_file", "explain"]

WINDOW = 1_500
"""Lines at each end in which a header or footer is looked for."""

SHORTEST = 200
"""Characters that a book has at least."""


class CleaningError(CharlabError):
    """A file is not a book, or not one that may be used."""


@dataclass(frozen=True)
class Removed:
    """Lines that were taken away: the first and last, counted from 1, and why."""

    first: int
    last: int
    why: str


@dataclass(frozen=True)
class CleaningRecord:
    """What was done to a file, for a person to check at a glance.

    Attributes
    ----------
    title, author, language, release_date, gutenberg : str, int or None
        From the header, as they stand there.
    encoding, why : str
        How the bytes were read, and on what ground.
    removed : tuple of Removed
    lines, body_first, body_last : int
        Lines of the file, and the body's first and last, counted from 1.
    characters : int
        Of the body.
    warnings : tuple of str
    body_sha256 : str
        What identifies the text, whatever its header says.
    """

    title: str | None
    author: str | None
    language: str | None
    release_date: str | None
    gutenberg: int | None
    encoding: str
    why: str
    removed: tuple[Removed, ...]
    lines: int
    body_first: int
    body_last: int
    characters: int
    warnings: tuple[str, ...]
    body_sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True)
class Cleaned:
    """A body, and the record of how it was found."""

    text: str
    record: CleaningRecord


@dataclass
class _Lines:
    """A file's lines, and the part of them that is still taken for the body."""

    lines: list[str]
    first: int = 0
    end: int = 0
    removed: list[Removed] = field(default_factory=list)

    def cut_front(self, to: int, why: str) -> None:
        """Take away all lines before ``to``."""
        if to > self.first:
            self.removed.append(Removed(self.first + 1, to, why))
            self.first = to
        self._skip_blank()

    def cut_back(self, to: int, why: str) -> None:
        """Take away the lines from ``to`` on."""
        if to < self.end:
            self.removed.append(Removed(to + 1, self.end, why))
            self.end = to
        self._skip_blank()

    def _skip_blank(self) -> None:
        while self.first < self.end and not self.lines[self.first].strip():
            self.first += 1
        while self.end > self.first and not self.lines[self.end - 1].strip():
            self.end -= 1

    def block_at(self, start: int) -> int:
        """Return the end of the block that begins at line ``start``."""
        end = start
        while end < self.end and self.lines[end].strip():
            end += 1
        return end

    def block_before(self, end: int) -> int:
        """Return the start of the block that ends before line ``end``."""
        start = end
        while start > self.first and self.lines[start - 1].strip():
            start -= 1
        return start

    def gap_at(self, start: int) -> int:
        """Return how many blank lines begin at line ``start``."""
        end = start
        while end < self.end and not self.lines[end].strip():
            end += 1
        return end - start

    def text_of(self, start: int, end: int) -> str:
        """Return lines as one string."""
        return "\n".join(self.lines[start:end])


def clean(
    raw: bytes, *, params: CleanParams | None = None, allow_copyrighted: bool = False
) -> Cleaned:
    """Reduce a raw Gutenberg file to the body of its book.

    Parameters
    ----------
    raw : bytes
        The file.
    params : CleanParams, optional
        Changes to characters that are wanted; none by default.
    allow_copyrighted : bool
        Accept a book whose header says that it is under copyright.

    Returns
    -------
    Cleaned
        The body in NFC with LF line ends, and the record.

    Raises
    ------
    CleaningError
        If the file is empty, tiny, binary, a web page, two books in one, or a book
        under copyright that was not allowed.
    """
    _refuse_what_is_no_book(raw)
    try:
        decoded = decode(raw)
    except NotTextError as error:
        raise CleaningError(f"not a text: {error}") from None
    lines = decoded.text.split("\n")
    part = _Lines(lines, 0, len(lines))
    header = _find_header(part)
    head = "\n".join(lines[:header])
    _refuse_by_header(lines, head, allow_copyrighted)
    footer = _find_footer(part, header)
    warnings = []
    if header:
        part.cut_front(header, "header of Project Gutenberg")
    if footer < len(lines):
        part.cut_back(footer, "footer and licence of Project Gutenberg")
    if header or footer < len(lines):
        _trim_front(part)
        _trim_back(part)
    else:
        warnings.append("no mark of Project Gutenberg found; the text is kept whole")
    body = _finish(part.lines[part.first : part.end], params or CleanParams())
    if len(body) < SHORTEST and header:
        raise CleaningError(
            f"only {len(body)} characters are left between header and footer; is the file cut off?"
        )
    return Cleaned(body, _record(part, head, decoded.encoding, decoded.why, body, warnings))


def _refuse_what_is_no_book(raw: bytes) -> None:
    if not raw.strip():
        raise CleaningError("the file is empty; fetch it again")
    start = raw[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")) or b"<html" in start:
        kind = "a captcha page" if b"captcha" in raw[:20_000].lower() else "a web page (HTML)"
        raise CleaningError(
            f"{kind}, not a plain text; fetch the plain-text file of the book, from a mirror if "
            "the main site asks who you are"
        )


def _find_header(part: _Lines) -> int:
    """Return the first line behind header and small print, or 0 if there are none."""
    found = 0
    window = min(len(part.lines), WINDOW)
    for number in range(window):
        line = part.lines[number]
        if markers.START.match(line):
            found = _marker_end(part.lines, number)
            # Small print may stand behind the START line of a header, too, but only close by.
            window = min(len(part.lines), found + 400)
        elif markers.SMALL_PRINT_END.match(line) and number < len(part.lines) // 2:
            found = number + 1
    return found


def _marker_end(lines: list[str], number: int) -> int:
    """Return the line behind a START or END line, whose title may run on up to ``***``."""
    if lines[number].rstrip().endswith("*"):
        return number + 1
    for following in range(number + 1, min(number + 5, len(lines))):
        if not lines[following].strip():
            break
        if lines[following].rstrip().endswith("***"):
            return following + 1
    return number + 1


def _refuse_by_header(lines: list[str], head: str, allow_copyrighted: bool) -> None:
    starred = [number for number, line in enumerate(lines) if "**" in line]
    starts = [number for number in starred if markers.START.match(lines[number])]
    ends = [number for number in starred if markers.END.match(lines[number])]
    if len(starts) > 1 and ends and starts[-1] > ends[0]:
        raise CleaningError(
            f"two books in one file: one ends at line {ends[0] + 1}, another starts at line "
            f"{starts[-1] + 1}; cut the file in two"
        )
    if (
        re.search(r"copyrighted\s+Project\s+Gutenberg", head, re.IGNORECASE)
        and not allow_copyrighted
    ):
        raise CleaningError(
            "the header says that this book is COPYRIGHTED; if you may use it, say so with "
            "allow_copyrighted: true (or --allow-copyrighted)"
        )


def _find_footer(part: _Lines, header: int) -> int:
    """Return the first line of the footer, or the number of lines if there is none."""
    lines = part.lines
    ends = [n for n in range(header, len(lines)) if "*" in lines[n] and _is_end(lines[n])]
    footer = ends[0] if ends else len(lines)
    for number in range(max(header, footer - WINDOW), footer):
        if markers.LICENCE.match(lines[number]):
            footer = _with_title(lines, number)
            break
    # A closing sentence stands close before that, or near the end of the file.
    certain = footer < len(lines)
    for number in range(max(header, footer - (40 if certain else WINDOW)), footer):
        if _closes(lines, number, footer, certain=certain):
            return number
    return footer


def _with_title(lines: list[str], number: int) -> int:
    """Return the line of the e-text's own title that stands right above the small print."""
    above = range(number - 1, max(number - 5, 0), -1)
    titles = (n for n in above if markers.ETEXT_HEADER.search(lines[n]))
    return next(titles, number)


def _is_end(line: str) -> bool:
    return bool(markers.END.match(line) or markers.SMALL_PRINT_START.match(line))


def _closes(lines: list[str], number: int, footer: int, *, certain: bool) -> bool:
    """Whether a line begins the closing sentence: no book goes on behind one."""
    line = lines[number]
    # A long title runs over to a second line; a sentence that is finished does not.
    goes_on = not line.rstrip().endswith((".", "!", "?"))
    if not markers.CLOSING.match("\n".join(lines[number : min(number + 1 + goes_on, footer)])):
        return False
    # One line may close and the body still go on, as where the name of the project is told of.
    left = sum(bool(other.strip()) for other in lines[number:footer])
    return left <= (25 if certain else 40)


def _trim_front(part: _Lines) -> None:
    """Take away credits and notes in front of the body, block by block."""
    for _ in range(40):
        start, end = part.first, part.block_at(part.first)
        if start >= part.end or end - start > 40:
            return
        block = part.text_of(start, end)
        if markers.NOTE.match(block):
            part.cut_front(_note_end(part, start), "note by the transcriber")
        elif _is_credit(block, end - start):
            part.cut_front(end, "credits")
        elif re.fullmatch(r"[\s*_=~-]+", block) and part.removed[-1].why == "credits":
            part.cut_front(end, "rule behind the credits")
        else:
            return


def _is_credit(block: str, lines: int) -> bool:
    """Whether a block says who made the file, and nothing else."""
    if markers.ETEXT_HEADER.search(block) and lines <= 6:
        return True
    if lines <= 14 and (markers.CREDITS.match(block) or markers.LINK.match(block)):
        return True
    about_file = markers.SITES.search(block) or markers.FILE_FORMAT.search(block)
    return lines <= 8 and about_file is not None


def _note_end(part: _Lines, start: int) -> int:
    """Return the end of a transcriber's note that starts at a line.

    A bracketed note goes up to its bracket; another one over all blocks that only
    one blank line parts from it, since two or more set the body off.
    """
    opening = part.lines[start].lstrip()[:1]
    closing = {"[": "]", "{": "}", "(": ")"}.get(opening)
    if closing is not None:
        for number in range(start, min(start + 120, part.end)):
            if part.lines[number].rstrip().endswith(closing):
                return number + 1
    end = part.block_at(start)
    while part.gap_at(end) == 1 and end - start < 120:
        end = part.block_at(end + 1)
    return end


def _trim_back(part: _Lines) -> None:
    """Take away notes and credits behind the body."""
    low = max(part.first, part.end - 400, part.first + (part.end - part.first) // 2)
    for number in range(low, part.end):
        if _starts_note_behind(part, number):
            part.cut_back(_with_rule(part, number), "note by the transcriber")
            break
    for _ in range(20):
        start = part.block_before(part.end)
        block = part.text_of(start, part.end)
        closing = markers.CLOSING.match(block) is not None
        credit = markers.CREDITS.match(block) and markers.SITES.search(block)
        if part.end - start > 14 or start <= part.first or not (closing or credit):
            return
        part.cut_back(start, "closing sentence" if closing else "credits")


def _starts_note_behind(part: _Lines, number: int) -> bool:
    line = part.lines[number]
    blank_before = not part.lines[number - 1].strip() or _is_rule(part.lines[number - 1])
    return bool(
        line.strip()
        and blank_before
        and markers.NOTE.match(line)
        and markers.STRICT_NOTE.search(line)
    )


def _is_rule(line: str) -> bool:
    return re.fullmatch(r"\s*(?:[*_=~+|-]\s*){3,}", line) is not None


def _with_rule(part: _Lines, number: int) -> int:
    """Return ``number``, or the line of the rule that stands before it."""
    before = number - 1
    while before > part.first and not part.lines[before].strip():
        before -= 1
    return before if _is_rule(part.lines[before]) else number


def _finish(lines: list[str], params: CleanParams) -> str:
    """Join the body's lines, without trailing blanks, with the changes that are wanted."""
    body = "\n".join(lines)
    if not body.strip():
        return ""
    body = re.sub(r"[ \t\u00a0]+$", "", body, flags=re.MULTILINE) if _has_blanks(body) else body
    for wanted, change in CHANGES.items():
        if getattr(params, wanted):
            body = body.expandtabs() if wanted == "expand_tabs" else body.translate(change)
    return body.rstrip("\n") + "\n"


def _has_blanks(body: str) -> bool:
    return any(f"{blank}\n" in body or body.endswith(blank) for blank in (" ", "\t", "\u00a0"))


CHANGES: dict[str, dict[int, str]] = {
    "ascii_quotes": str.maketrans(
        {"‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
    ),
    "ascii_dashes": str.maketrans({"–": "-", "—": "--", "―": "--", "‒": "-"}),
    "expand_tabs": {},
    "plain_spaces": str.maketrans(dict.fromkeys("\u00a0\u2009\u202f\u2002\u2003\u2007", " ")),
}


def _field(head: str, name: str) -> str | None:
    """Return a field of the header, with the indented lines that go on with it."""
    found = re.search(rf"^{name}:[ \t]*(\S.*(?:\n[ \t]+\S.*)*)", head, re.MULTILINE | re.IGNORECASE)
    return " ".join(found[1].split()) if found else None


def _record(
    part: _Lines, head: str, encoding: str, why: str, body: str, warnings: list[str]
) -> CleaningRecord:
    number = re.search(r"\[\s*(?:e-?book|e-?text)\s*#\s*(\d+)", head, re.IGNORECASE)
    return CleaningRecord(
        title=_field(head, "Title"),
        author=_field(head, "Author"),
        language=_field(head, "Language"),
        release_date=_field(head, "(?:Release|Posting) Date"),
        gutenberg=int(number[1]) if number else None,
        encoding=encoding,
        why=why,
        removed=tuple(sorted(part.removed, key=lambda removed: removed.first)),
        lines=len(part.lines),
        body_first=part.first + 1,
        body_last=part.end,
        characters=len(body),
        warnings=tuple(warnings),
        body_sha256=hashlib.sha256(body.encode("utf-8")).hexdigest(),
    )


def clean_file(
    source: Path,
    out: Path,
    record: Path | None = None,
    *,
    params: CleanParams | None = None,
    allow_copyrighted: bool = False,
) -> CleaningRecord:
    """Clean one file and write its body, and the record of how it was found, atomically.

    Raises
    ------
    CleaningError
        As :func:`clean`, with the file's name.
    """
    try:
        cleaned = clean(source.read_bytes(), params=params, allow_copyrighted=allow_copyrighted)
    except CleaningError as error:
        raise CleaningError(f"{source}: {error}") from None
    write_text(out, cleaned.text)
    if record is not None:
        write_json(record, cleaned.record.as_dict())
    return cleaned.record


def explain(record: CleaningRecord) -> str:
    """Return a record as a person reads it."""
    lines = [
        f"title      {record.title or 'not given'}",
        f"author     {record.author or 'not given'}",
        f"language   {record.language or 'not given'}",
        f"book       {record.gutenberg or 'no number'}",
        f"encoding   {record.encoding} ({record.why})",
        f"body       lines {record.body_first} to {record.body_last} of {record.lines}, "
        f"{record.characters} characters",
        *(f"removed    lines {r.first} to {r.last}: {r.why}" for r in record.removed),
        *(f"warning    {warning}" for warning in record.warnings),
        f"sha256     {record.body_sha256}",
    ]
    return "\n".join(lines)
