"""From the bytes of a Gutenberg file to the body of the book.

What enters is a file as Project Gutenberg or its readers have it; what leaves is its body,
and a record of what was removed and why. The priorities: no line of the body is lost; then,
no line that is not the book's is left.

The structure of such files, which is all that the rules here know: a header up to a START
line or the end of the "small print"; behind it blocks that say who made the file; notes by
whoever did; the body; such notes again; an END line or a closing sentence; the licence. Blocks
are taken away one by one as long as each is recognised, and a doubtful one stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from charlab.clean.back_matter import FOOTER, closing_at, find_footer, trim_back
from charlab.clean.encoding import PIECE, decode, encoding_of
from charlab.clean.front_matter import trim_front
from charlab.clean.header import Header, find_header, header_of_blocks, read_header
from charlab.clean.lines import TAIL, Ends
from charlab.clean.normalize import finished
from charlab.clean.params import CleanParams
from charlab.clean.record import CleaningRecord, Removed, explain
from charlab.clean.reject import (
    CleaningError,
    refuse_copyrighted,
    refuse_tiny,
    refuse_web_page,
)
from charlab.clean.scan import Survey, refuse_two_books, survey
from charlab.clean.sources import InMemory, OnDisk, Source
from charlab.core.files import atomic, write_json

__all__ = ["Cleaned", "CleaningError", "CleaningRecord", "clean", "clean_file", "explain"]

NO_HEADER = read_header("")


@dataclass(frozen=True)
class Cleaned:
    """A body, and the record of how it was found."""

    text: str
    record: CleaningRecord


@dataclass
class _Found:
    """A body: its place in the text, and what is known of the rest."""

    start: int = 0
    end: int | None = None
    first_line: int = 1
    last_line: int = 0
    lines: int = 0
    characters: int = 0
    header: Header = field(default=NO_HEADER)
    removed: list[Removed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


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
        under copyright that was not allowed; each has its own class in :mod:`.refusals`.
    """
    decoded = decode(raw)
    source = InMemory(decoded.text)
    found = _find_body(source, allow_copyrighted)
    body, digest = [], hashlib.sha256()
    for text, encoded in finished(source.read(found.start, found.end), params or CleanParams()):
        body.append(text)
        digest.update(encoded)
    text = body[0] if len(body) == 1 else "".join(body)
    return Cleaned(
        text, _record(found, decoded.encoding, decoded.why, len(text), digest.hexdigest())
    )


def clean_file(
    source: Path,
    out: Path,
    record: Path | None = None,
    *,
    params: CleanParams | None = None,
    allow_copyrighted: bool = False,
    size: int = PIECE,
) -> CleaningRecord:
    """Clean one file of any length in constant memory, and write its body atomically.

    Parameters
    ----------
    source : Path
        The file.
    out, record : Path
        What to write: the same bytes as the text of :func:`clean`, and its record as JSON.
    params, allow_copyrighted
        As for :func:`clean`.
    size : int
        Bytes to read at once.

    Raises
    ------
    CleaningError
        As :func:`clean`, with the file's name.
    """
    with _named(source), source.open("rb") as stream:
        encoding, why = encoding_of(stream, size)
        text = OnDisk(stream, encoding, size)
        found = _find_body(text, allow_copyrighted)
        characters, digest = 0, hashlib.sha256()
        with atomic(out) as target:
            for piece, encoded in finished(
                text.read(found.start, found.end), params or CleanParams()
            ):
                target.write(encoded)
                digest.update(encoded)
                characters += len(piece)
    made = _record(found, encoding, why, characters, digest.hexdigest())
    if record is not None:
        write_json(record, made.as_dict())
    return made


@contextmanager
def _named(source: Path) -> Iterator[None]:
    """Put a file's name in front of what is said against it."""
    try:
        yield
    except CleaningError as error:
        raise type(error)(f"{source}: {error}") from None


def _find_body(source: Source, allow_copyrighted: bool) -> _Found:
    """Find a body, and look again at what is left until nothing more is recognised.

    That makes cleaning a cleaned text change nothing.
    """
    found = _Found()
    for look in range(8):
        seen = survey(source.read(found.start, found.end))
        if look == 0:
            found.lines, found.characters = seen.lines, seen.characters
            found.end, found.last_line = seen.characters, seen.lines
            refuse_web_page(seen.ends.text(0, 40))
            refuse_tiny(seen.ends.text(0, 4_000), "the file")
        refuse_two_books(seen)
        if not _strip(seen, found, allow_copyrighted, first_look=look == 0):
            break
    return found


def _strip(seen: Survey, found: _Found, allow_copyrighted: bool, first_look: bool) -> bool:
    """Take away what is not the book's; return whether there may be more."""
    ends = seen.ends
    cut = _end_in_the_middle(seen)
    if cut is not None:
        first = found.first_line + cut[1] - 1
        found.removed.append(Removed(first, found.last_line, FOOTER))
        found.end, found.last_line = found.start + cut[0], first - 1
        return True
    to = find_header(ends)
    head = ends.text(0, to)
    if not allow_copyrighted:
        refuse_copyrighted(head)
    header = read_header(head)
    footer = find_footer(ends, to)
    if first_look:
        found.header = header
        found.warnings += _warnings(ends, to, footer)
    marked = to > 0 or footer < len(ends.lines) or closing_at(ends, header) < ends.end
    ends.cut_front(to, "header")
    ends.cut_back(footer, FOOTER)
    if marked:
        trim_front(ends, header)
        trim_back(ends, header)
    refuse_tiny(ends.text(ends.first, min(ends.end, ends.first + 4_000)), "the body")
    start, end = ends.characters_before(), seen.characters - ends.characters_behind()
    _take_over(ends, found, start, end)
    return marked and _is_marked(seen, start, end)


def _end_in_the_middle(seen: Survey) -> tuple[int, int] | None:
    """Return the offset and line of an END line that more follows than the last lines."""
    if seen.ends.between:
        for mark in seen.marks:
            if mark.offset < seen.characters - TAIL and mark.is_end():
                return mark.offset, mark.line
    return None


def _is_marked(seen: Survey, start: int, end: int) -> bool:
    """Whether a mark is left in what is taken for the body, a range of the characters."""
    ends = seen.ends
    left = Ends(ends.lines[ends.first : ends.end], ends.between if _has_middle(ends) else 0)
    return (
        any(start <= mark.offset < end for mark in seen.marks)
        or header_of_blocks(left) > 0
        or closing_at(left, NO_HEADER) < left.end
    )


def _has_middle(ends: Ends) -> bool:
    return ends.first <= ends.middle < ends.end


def _take_over(ends: Ends, found: _Found, start: int, end: int) -> None:
    """Take the place of the body over from its ends to the whole text."""
    offset = found.first_line - 1
    found.removed += [Removed(r.first + offset, r.last + offset, r.why) for r in ends.removed]
    found.last_line = offset + ends.number(ends.end - 1)
    found.first_line = offset + ends.number(ends.first)
    found.start, found.end = found.start + start, found.start + end


def _warnings(ends: Ends, to: int, footer: int) -> list[str]:
    if to == 0 and footer == len(ends.lines):
        if closing_at(ends, NO_HEADER) < ends.end:
            return ["no header found; the text may be cut off"]
        return ["no mark of Project Gutenberg found; the text is kept whole"]
    return ["no header found; the text may be cut off"] if to == 0 else []


def _record(found: _Found, encoding: str, why: str, characters: int, digest: str) -> CleaningRecord:
    header = found.header
    return CleaningRecord(
        title=header.title,
        author=header.author,
        language=header.language,
        release_date=header.release_date,
        gutenberg=header.gutenberg,
        encoding=encoding,
        why=why,
        removed=tuple(sorted(found.removed, key=lambda removed: removed.first)),
        lines=found.lines,
        body_first=found.first_line,
        body_last=found.last_line,
        characters_read=found.characters,
        characters=characters,
        warnings=tuple(found.warnings),
        body_sha256=digest,
    )
