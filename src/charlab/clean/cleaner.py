"""Reduce a Gutenberg file to the body of its book, and record what was removed and why.

No line of the body may be lost; after that, no line that is not the book's may remain.

The rules know only the structure of such files: a header, up to a START line or the end of the
"small print"; credits and notes by whoever made the file; the body; further notes; an END line
or a closing sentence; the license. Blocks are removed one by one as long as each is recognized,
and a doubtful one stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from charlab.clean import doubts
from charlab.clean.back_matter import FOOTER, closing_at, find_footer, note_strangers, trim_back
from charlab.clean.characters import changed
from charlab.clean.damage import Evidence
from charlab.clean.encoding import detect_encoding
from charlab.clean.front_matter import trim_front
from charlab.clean.header import Header, find_header, read_header
from charlab.clean.lines import HEAD, TAIL, Ends, Removed
from charlab.clean.params import CleanParams
from charlab.clean.reading import decode
from charlab.clean.record import CleaningRecord
from charlab.clean.reject import (
    CleaningError,
    TwoBooksError,
    refuse_binary,
    refuse_copyrighted,
    refuse_tiny,
    refuse_web_page,
)
from charlab.clean.scan import InMemory, OnDisk, Scan, Source, refuse_two_books, scan
from charlab.clean.strangers import is_strange_header
from charlab.clean.unwrap import unwrap
from charlab.core.files import atomic, write_json

NO_HEADER = read_header("")

PASSES = 8
"""Maximum number of passes over a text; two suffice for almost all."""

SMALL = 1 << 25
"""Bytes of a file that is held in memory as a whole."""


@dataclass(frozen=True)
class Cleaned:
    """A body, the record of its cleaning, and the evidence for the file's encoding."""

    text: str
    record: CleaningRecord
    evidence: Evidence


@dataclass
class _Body:
    """The range of a text that may still be the body, and facts about the rest.

    ``start`` and ``end`` count characters from 0, ``first_line`` and ``last_line`` lines from 1;
    ``lines`` and ``characters`` are those of the whole text.
    ``joined`` is set when the body is written.
    """

    start: int = 0
    end: int = 0
    first_line: int = 1
    last_line: int = 0
    lines: int = 0
    characters: int = 0
    joined: int = 0
    header: Header = field(default=NO_HEADER)
    removed: list[Removed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def clean(
    raw: bytes,
    *,
    params: CleanParams | None = None,
    allow_copyrighted: bool = False,
    encoding: str | None = None,
) -> Cleaned:
    """Reduce a raw Gutenberg file to the body of its book.

    Parameters
    ----------
    raw : bytes
        The file.
    params : CleanParams, optional
        Changes to make to characters and line ends; none by default.
    allow_copyrighted : bool
        Accept a book whose header says that it is under copyright.
    encoding : str, optional
        The encoding of the file; detected by default.

    Returns
    -------
    Cleaned
        The body in NFC with LF line ends, and the record.

    Raises
    ------
    CleaningError
        If the file is empty, tiny, binary, a web page, two books in one, or a book under
        copyright that is not allowed; each case has a class of its own in
        :mod:`charlab.clean.reject`.
    """
    decoded = decode(raw, encoding)
    source = InMemory(decoded.text)
    body = _find_body(source, allow_copyrighted)
    text = "".join(_written(source, body, params or CleanParams()))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    record = _record(body, decoded.evidence, len(text), digest)
    return Cleaned(text, record, decoded.evidence)


def clean_file(
    source: Path,
    out: Path,
    record: Path | None = None,
    *,
    params: CleanParams | None = None,
    allow_copyrighted: bool = False,
    encoding: str | None = None,
) -> CleaningRecord:
    """Clean one file of any length, and write its body atomically.

    This takes constant memory, except with ``unwrap``, which needs the whole body at once.

    Parameters
    ----------
    source : Path
        The file.
    out, record : Path
        Files to write: the body in UTF-8, and the record of its cleaning as JSON.
    params, allow_copyrighted, encoding
        The same as for :func:`clean`, and so are the errors.
    """
    with _naming(source), source.open("rb") as stream:
        evidence = detect_encoding(stream, named=encoding)
        text: Source = OnDisk(stream, evidence)
        if source.stat().st_size <= SMALL:
            # Decoded once, not once in each pass.
            text = InMemory("".join(text.read(0, None)))
        body = _find_body(text, allow_copyrighted)
        characters, digest = 0, hashlib.sha256()
        with atomic(out) as target:
            for piece in _written(text, body, params or CleanParams()):
                encoded = piece.encode("utf-8")
                target.write(encoded)
                digest.update(encoded)
                characters += len(piece)
    result = _record(body, evidence, characters, digest.hexdigest())
    if record is not None:
        write_json(record, asdict(result))
    return result


def _written(source: Source, body: _Body, params: CleanParams) -> Iterator[str]:
    """Yield the pieces of a body as they are written; the last ends with a line end."""
    ended = True
    pieces: Iterable[str] = source.read(body.start, body.end)
    if params.unwrap:
        # Before the other changes: a long dash becomes two characters, which moves line ends.
        unwrapped = unwrap("".join(pieces))
        pieces, body.joined = [unwrapped.text], unwrapped.joined
    for piece in pieces:
        yield changed(piece, params)
        ended = piece.endswith("\n")
    if not ended:
        yield "\n"


@contextmanager
def _naming(source: Path) -> Iterator[None]:
    """Put the name of a file in front of the message of an error."""
    try:
        yield
    except CleaningError as error:
        raise type(error)(f"{source}: {error}") from None


def _find_body(source: Source, allow_copyrighted: bool) -> _Body:
    """Strip a text repeatedly until it has no mark of Project Gutenberg.

    This makes cleaning idempotent: the last pass is the one that a clean text gets.
    """
    body = _Body()
    for number in range(PASSES):
        text = scan(source.read(body.start, body.end if number else None))
        what = "the body" if number else "the file"
        if number == 0:
            body.lines, body.characters = text.lines, text.characters
            body.end, body.last_line = text.characters, text.lines
        # The body begins with what is not blank, and must not be refused when it is cleaned again.
        refuse_binary(text.start.lstrip().encode("utf-8"))
        refuse_web_page(text.start)
        refuse_tiny(text.solid, what)
        if text.blank_before >= HEAD or text.blank_after >= TAIL:
            # Skip more blank lines than the rules see.
            body.start += text.blank_before
            body.first_line += text.blank_before
            body.end -= text.blank_after
            body.last_line -= text.blank_after
            continue
        refuse_two_books(text)
        before = body.first_line - 1
        if not _strip(text, body, allow_copyrighted, first_pass=number == 0):
            if body.removed:
                body.warnings += doubts.of_notices(sorted(before + line for line in text.notices))
            quoted = [*text.ends.quoted, *(m.line for m in text.ends_above_tail())]
            body.warnings += doubts.of_quoted([before + line for line in quoted])
            return body
    raise TwoBooksError(
        f"expected one header and one footer, found them nested {PASSES} times; cut the file"
    )


def _strip(text: Scan, body: _Body, allow_copyrighted: bool, first_pass: bool) -> bool:
    """Remove everything around the book; return whether the text had any mark."""
    ends = text.ends
    # An END line above the tail is handled first; the next pass sees the rest.
    cut = _end_in_the_middle(text)
    if cut is not None:
        first = body.first_line + cut[1] - 1
        body.removed.append(Removed(first, body.last_line, FOOTER))
        # There is far more behind it than the longest license.
        body.warnings += doubts.of_removed(body.removed[-1:])
        body.end, body.last_line = body.start + cut[0], first - 1
        return True
    to = find_header(ends)
    head = ends.text(0, to)
    if not allow_copyrighted:
        refuse_copyrighted(head)
    if to or first_pass:
        body.header = read_header(head)
    footer = find_footer(ends, to)
    # An unmarked text may be the user's own, of which even "Produced by" must stay.
    marked = to > 0 or footer < len(ends.lines) or closing_at(ends, body.header) < ends.end
    if first_pass:
        body.warnings += doubts.of_marks(to > 0, marked)
    if is_strange_header(ends.lines[:to]):
        ends.strange.append(Removed(1, ends.number(to - 1), doubts.HEADER))
    ends.cut_front(to, doubts.HEADER)
    note_strangers(ends, footer, FOOTER)
    ends.cut_back(footer, FOOTER)
    if marked:
        trim_front(ends, body.header)
        trim_back(ends, body.header)
    if ends.first >= ends.end:
        refuse_tiny(0, "the body")
    _narrow(body, ends, text.characters)
    return marked


def _end_in_the_middle(text: Scan) -> tuple[int, int] | None:
    """Return the offset and line of an END line that the tail of the text does not reach."""
    found = next((marker for marker in text.ends_above_tail() if marker.is_end()), None)
    return None if found is None else (found.offset, found.line)


def _narrow(body: _Body, ends: Ends, characters: int) -> None:
    """Narrow a body of some length to what is left of its lines."""
    # Line numbers in ``ends`` count from the body, those of the record from the whole text.
    offset = body.first_line - 1
    body.removed += [r.moved(offset) for r in ends.removed]
    body.warnings += doubts.of_removed([r.moved(offset) for r in ends.strange])
    body.last_line = offset + ends.number(ends.end - 1)
    body.first_line = offset + ends.number(ends.first)
    body.end = body.start + characters - ends.characters_after()
    body.start += ends.characters_before()


def _record(body: _Body, evidence: Evidence, characters: int, digest: str) -> CleaningRecord:
    header = body.header
    return CleaningRecord(
        title=header.title,
        author=header.author,
        language=header.language,
        release_date=header.release_date,
        gutenberg=header.gutenberg,
        encoding=evidence.encoding,
        why=evidence.why,
        removed=tuple(sorted(body.removed, key=lambda removed: removed.first)),
        lines=body.lines,
        body_first=body.first_line,
        body_last=body.last_line,
        characters_read=body.characters,
        characters=characters,
        joined=body.joined,
        warnings=(*evidence.warnings, *body.warnings),
        body_sha256=digest,
    )
