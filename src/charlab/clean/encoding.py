"""From bytes to characters: never a guess by statistics.

Gutenberg's files declare their character set in words that Python does not know, or
wrongly, or not at all. The bytes themselves decide: a byte order mark; else strict UTF-8, which
text in another encoding practically never is by chance; else the declared character set where
the bytes agree with it; else one byte per character, CP1252 if bytes 0x80 to 0x9F occur (which
are letters and quotation marks there, and control characters in Latin-1), else Latin-1.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO

from charlab.clean.glance import is_plainly_nfc, with_line_feeds
from charlab.clean.reject import NotTextError, refuse_binary

__all__ = ["Decoded", "NotTextError", "decode", "encoding_of", "pieces"]


@dataclass(frozen=True)
class Decoded:
    """A text in NFC with LF line ends, C1 controls that are really CP1252 mended.

    ``encoding`` and ``why`` say how its bytes were read, and on what ground.
    """

    text: str
    encoding: str
    why: str


# UTF-32's mark begins as that of UTF-16 does, so it comes first.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(
    rb"^(?:Character set encoding|Charset|Encoding):[ \t]*(\S[^\r\n]*)", re.M | re.I
)
HEAD = 20_000
PIECE = 1 << 22
C1 = re.compile("[\x80-\x9f]")
C1_IN_UTF8 = re.compile(rb"\xc2[\x80-\x9f]")
UNTRUSTED = ("ascii", "utf-8", "utf-8-sig", "utf-16", "utf-32", "iso8859-1", "cp1252")
MANY_BYTES = ("cp932", "cp936", "cp949", "cp950")
INSIDE = re.compile(rb"[A-Za-z]([\x80-\xff])(?=[A-Za-z])")


def decode(raw: bytes) -> Decoded:
    """Decode a text.

    Raises
    ------
    NotTextError
        If the bytes are those of a binary file.
    """
    start = raw[:HEAD]
    if _mark(start) not in (None, "utf-8") or b"\x1b" in start or b"\0" in raw:
        return _decode_in_pieces(raw)
    refuse_binary(start)
    # The usual cases in fewer passes than the general way takes.
    body = with_line_feeds(raw)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_one_byte(raw, body)
    mend = C1_IN_UTF8.search(body) is not None
    if mend or not is_plainly_nfc(body):
        text = _normalised(text, mend)
    return Decoded(text, "utf-8", _why_utf8(start, raw.isascii()))


def _decode_in_pieces(raw: bytes) -> Decoded:
    encoding, why = encoding_of(io.BytesIO(raw))
    return Decoded("".join(pieces(io.BytesIO(raw), encoding)), encoding, why)


def _decode_one_byte(raw: bytes, body: bytes) -> Decoded:
    """Decode bytes that are not UTF-8, given as they are and with LF line ends."""
    position, _ = _first_not_utf8(io.BytesIO(raw), PIECE)
    encoding, why = _not_utf8(io.BytesIO(raw), _declared(raw[:HEAD]), PIECE)
    if encoding not in ("latin-1", "cp1252"):
        return _decode_in_pieces(raw)
    text = body.decode(encoding)
    text = _normalised(text) if "no characters" in why else text
    # Neither has combining characters, so all that they can write is in NFC.
    return Decoded(text, encoding, f"not UTF-8 at byte {position}; {why}")


def _mark(start: bytes) -> str | None:
    return next((encoding for mark, encoding in MARKS if start.startswith(mark)), None)


def _why_utf8(start: bytes, ascii_only: bool) -> str:
    if start.startswith(codecs.BOM_UTF8):
        return "byte order mark"
    return "ASCII only" if ascii_only else "valid as strict UTF-8"


def pieces(stream: IO[bytes], encoding: str, size: int = PIECE) -> Iterator[str]:
    """Yield a text as :class:`Decoded` has it, in pieces that end with lines, but for the last.

    Parameters
    ----------
    stream : binary file
        At its start.
    encoding : str
        As :func:`encoding_of` returns it.
    size : int
        Bytes to read at once; what is held in memory is some times that, or the longest line.
    """
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(name)(), translate=True)
    waiting: list[str] = []
    mend = encoding != "utf-8"
    for chunk in iter(partial(stream.read, size), b""):
        # Bytes are searched twenty times as fast as characters; a chunk may part the two bytes.
        mend = mend or C1_IN_UTF8.search(chunk) is not None or chunk.endswith(b"\xc2")
        text = _decoded(decoder, chunk, encoding)
        end = text.rfind("\n") + 1
        if end:
            yield _normalised("".join((*waiting, text[:end])), mend)
            waiting = []
        waiting.append(text[end:])
    rest = "".join(waiting) + _decoded(decoder, b"", encoding, final=True)
    if rest:
        yield _normalised(rest, mend)


def _decoded(
    decoder: io.IncrementalNewlineDecoder, chunk: bytes, encoding: str, final: bool = False
) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        raise NotTextError(
            f"its first bytes say {encoding}, but {error.object[error.start : error.end]!r} is "
            "not; fetch it again"
        ) from None


def encoding_of(stream: IO[bytes], size: int = PIECE) -> tuple[str, str]:
    """Return the name of a text's encoding, and why it is that.

    Parameters
    ----------
    stream : binary file
        At its start, where it is left; it is read once, or twice if it is not UTF-8.
    size : int
        Bytes to read at once.

    Raises
    ------
    NotTextError
        If the bytes are those of a binary file.
    """
    start = stream.read(HEAD)
    stream.seek(0)
    marked = _mark(start)
    if marked is not None and marked != "utf-8":
        return marked, "byte order mark"
    refuse_binary(start)
    position, ascii_only = _first_not_utf8(stream, size)
    stream.seek(0)
    declared = _declared(start)
    if position is None:
        if ascii_only and b"\x1b" in start and declared and declared.startswith("iso2022"):
            return declared, f"declared {declared}, and its escape sequences are there"
        return "utf-8", _why_utf8(start, ascii_only)
    encoding, why = _not_utf8(stream, declared, size)
    stream.seek(0)
    return encoding, f"not UTF-8 at byte {position}; {why}"


def _first_not_utf8(stream: IO[bytes], size: int) -> tuple[int | None, bool]:
    """Return where a file stops being UTF-8, if it does, and whether it is ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read, ascii_only, pending = 0, True, 0
    for chunk in iter(partial(stream.read, size), b""):
        if b"\0" in chunk:
            raise NotTextError(
                f"byte {read + chunk.index(0)} is zero, so it is a binary file; give the "
                "plain-text file of the book"
            )
        if pending or not chunk.isascii():
            ascii_only = False
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return read - pending + error.start, False
            pending = len(decoder.getstate()[0])
        read += len(chunk)
    return (read - pending if pending else None), ascii_only


class _Candidate:
    """An encoding that a text may be in, as long as the bytes agree."""

    def __init__(self, name: str) -> None:
        self.name, self.fits = name, True
        self.decoder = codecs.getincrementaldecoder(name)()
        self.inside = self.letters = 0

    def see(self, chunk: bytes, final: bool = False) -> None:
        """Take note of the next bytes."""
        try:
            # A C1 control is nothing that a book has.
            self.fits = self.fits and C1.search(self.decoder.decode(chunk, final)) is None
        except UnicodeDecodeError:
            self.fits = False
        if self.fits and self.is_one_byte:
            for found in INSIDE.finditer(chunk):
                self.inside += 1
                self.letters += found[1].decode(self.name, "replace").isalpha()

    @property
    def is_one_byte(self) -> bool:
        """Whether each byte is a character."""
        return (
            self.name.startswith(("iso8859", "cp", "koi8", "mac")) and self.name not in MANY_BYTES
        )

    @property
    def agrees(self) -> bool:
        """Whether the bytes are text, and those between two ASCII letters are letters."""
        return self.fits and self.letters >= 0.9 * self.inside


def _not_utf8(stream: IO[bytes], declared: str | None, size: int) -> tuple[str, str]:
    """Choose among the encodings of a text that is not UTF-8."""
    candidates = [_Candidate(declared)] if declared is not None else []
    controls, cp1252 = False, True
    for chunk in iter(partial(stream.read, size), b""):
        high = chunk.translate(None, bytes(range(0x80))).translate(None, bytes(range(0xA0, 0x100)))
        controls = controls or bool(high)
        cp1252 = cp1252 and not high.translate(None, IN_CP1252)
        for candidate in candidates:
            candidate.see(chunk)
    for candidate in candidates:
        candidate.see(b"", final=True)
        if candidate.agrees:
            return candidate.name, f"declared {candidate.name}, and the bytes agree"
    if not controls:
        return "latin-1", "it has no bytes from 0x80 to 0x9F"
    if cp1252:
        return "cp1252", "it has bytes from 0x80 to 0x9F, which are characters in CP1252"
    return "latin-1", "it has bytes from 0x80 to 0x9F that are no characters in CP1252"


IN_CP1252 = bytes(sorted({*range(0x80, 0xA0)} - {0x81, 0x8D, 0x8F, 0x90, 0x9D}))
"""The bytes from 0x80 to 0x9F that CP1252 gives a character."""


def _declared(start: bytes) -> str | None:
    """Return Python's name of the declared character set, if it is one to be believed.

    ASCII and UTF-8 were refuted by the bytes; between Latin-1 and CP1252 the bytes decide.
    """
    found = DECLARED.search(start)
    if found is None:
        return None
    words = found[1].decode("ascii", "replace").strip()
    for name in (words, *re.findall(r"[A-Za-z][\w-]*\d[\w-]*", words)):
        try:
            known = codecs.lookup(re.sub(r"(?i)^(?:codepage|windows|cp)[- ]?(?=\d)", "cp", name))
        except LookupError:
            continue
        is_text = getattr(known, "_is_text_encoding", True)
        return known.name if is_text and known.name not in UNTRUSTED else None
    return None


def _normalised(text: str, mend: bool = True) -> str:
    """Return text in NFC, C1 controls that are really CP1252 mended."""
    if text.isascii():
        return text
    if mend and C1.search(text) is not None:
        text = C1.sub(_mended, text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _mended(found: re.Match[str]) -> str:
    """Return the CP1252 character that a C1 control stands for; five stand for none."""
    return found[0].encode("latin-1").decode("cp1252", "ignore") or found[0]
