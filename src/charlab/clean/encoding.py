"""Detect the encoding of a file from its bytes, and decode it to NFC with LF line ends.

Project Gutenberg's files declare their character set in terms that Python does not know, or
wrongly, or not at all, and statistics can only guess. Here the bytes decide, in this order:

1. a byte order mark;
2. strict UTF-8, which text in another encoding practically never satisfies by chance;
3. the declared character set, if the bytes are consistent with it;
4. CP1252 if bytes 0x80 to 0x9F occur (letters and quotation marks there, control characters
   in Latin-1), otherwise Latin-1.
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

import numpy as np

from charlab.clean.reject import NotTextError, refuse_binary

CHUNK = 1 << 22
"""Bytes to read at a time."""

HEADER = 20_000
"""Bytes at the start of a file in which its header declares a character set."""

# The UTF-32 mark starts with the UTF-16 mark, so it has to be tried first.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(
    rb"^(?:Character set encoding|Charset|Encoding):[ \t]*(\S[^\r\n]*)", re.M | re.I
)
C1 = re.compile("[\x80-\x9f]")
C1_IN_UTF8 = re.compile(rb"\xc2[\x80-\x9f]")
IN_CP1252 = bytes(sorted({*range(0x80, 0xA0)} - {0x81, 0x8D, 0x8F, 0x90, 0x9D}))
"""The bytes from 0x80 to 0x9F to which CP1252 assigns a character."""

UNTRUSTED = ("ascii", "utf-8", "utf-8-sig", "utf-16", "utf-32", "iso8859-1", "cp1252")
"""Declared encodings to ignore: already refuted, or decided by bytes 0x80 to 0x9F."""

MULTIBYTE = ("cp932", "cp936", "cp949", "cp950")
BETWEEN_LETTERS = re.compile(rb"[A-Za-z]([\x80-\xff])(?=[A-Za-z])")


@dataclass(frozen=True)
class Decoded:
    """A text in NFC with LF line ends, the encoding of its bytes, and the evidence for it."""

    text: str
    encoding: str
    why: str


def decode(raw: bytes) -> Decoded:
    """Decode a whole file held in memory.

    Raises
    ------
    NotTextError
        If the bytes are those of a binary file.
    """
    start = raw[:HEADER]
    text = None
    if _byte_order_mark(start) in (None, "utf-8") and b"\x1b" not in start and b"\0" not in raw:
        refuse_binary(start)
        text = _decode_utf8(raw)
    if text is not None:
        return Decoded(text, "utf-8", _why_utf8(start, raw.isascii()))
    encoding, why = detect_encoding(io.BytesIO(raw))
    return Decoded("".join(pieces(io.BytesIO(raw), encoding)), encoding, why)


def _decode_utf8(raw: bytes) -> str | None:
    """Decode UTF-8 in fewer passes than :func:`pieces` needs; return None for other bytes."""
    body = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    has_c1 = C1_IN_UTF8.search(body) is not None
    return _normalize(text, has_c1) if has_c1 or not is_plainly_nfc(body) else text


def is_plainly_nfc(encoded: bytes) -> bool:
    """Return whether UTF-8 contains only characters that are in NFC in any context.

    These are the characters below U+0300, whose UTF-8 starts with a byte below 0xCC, and the
    dashes and quotation marks from U+2010 to U+2027. Comparing bytes is four times as fast as
    calling unicodedata.
    """
    if encoded.isascii():
        return True
    octets = np.frombuffer(encoded, dtype=np.uint8)
    high = np.flatnonzero(octets >= 0xCC)
    # A text with any other character usually has one early, so a sample is checked first.
    sample = high[:1_000]
    for begins in (sample, high) if len(high) > len(sample) else (sample,):
        third = octets[np.minimum(begins + 2, len(octets) - 1)]
        # U+2010 to U+2027 are E2 80 90 to E2 80 A7.
        quotes = (octets[begins] == 0xE2) & (octets[begins + 1] == 0x80)
        if not (quotes & (third >= 0x90) & (third <= 0xA7)).all():
            return False
    return True


def _byte_order_mark(start: bytes) -> str | None:
    return next((name for mark, name in BYTE_ORDER_MARKS if start.startswith(mark)), None)


def _why_utf8(start: bytes, ascii_only: bool) -> str:
    if start.startswith(codecs.BOM_UTF8):
        return "byte order mark"
    return "ASCII only" if ascii_only else "valid as strict UTF-8"


def pieces(stream: IO[bytes], encoding: str, size: int = CHUNK) -> Iterator[str]:
    """Yield the text of :class:`Decoded` in pieces; all but the last end with a line end.

    Parameters
    ----------
    stream : binary file
        Positioned at its start.
    encoding : str
        As returned by :func:`detect_encoding`.
    size : int
        Bytes to read at a time; memory use is a small multiple of it, or of the longest line.
    """
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(name)(), translate=True)
    unfinished: list[str] = []
    has_c1 = encoding != "utf-8"
    for chunk in iter(partial(stream.read, size), b""):
        # Searching bytes is twenty times as fast as searching characters; a chunk may end
        # between the two bytes of a C1 control.
        has_c1 = has_c1 or C1_IN_UTF8.search(chunk) is not None or chunk.endswith(b"\xc2")
        text = _decode_chunk(decoder, chunk, encoding)
        end = text.rfind("\n") + 1
        if end:
            # Complete lines only, so that no combining character is cut from its base.
            yield _normalize("".join((*unfinished, text[:end])), has_c1)
            unfinished = []
        unfinished.append(text[end:])
    rest = "".join(unfinished) + _decode_chunk(decoder, b"", encoding, final=True)
    if rest:
        yield _normalize(rest, has_c1)


def _decode_chunk(
    decoder: io.IncrementalNewlineDecoder, chunk: bytes, encoding: str, final: bool = False
) -> str:
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        raise NotTextError(
            f"expected {encoding}, as its byte order mark says, found invalid bytes "
            f"{error.object[error.start : error.end]!r}; fetch the file again"
        ) from None


def detect_encoding(stream: IO[bytes], size: int = CHUNK) -> tuple[str, str]:
    """Return the name of a file's encoding and the evidence for it.

    The stream is positioned at its start, and left there. It is read in chunks of ``size``
    bytes: once, or twice if it is not UTF-8.

    Raises
    ------
    NotTextError
        If the bytes are those of a binary file.
    """
    start = stream.read(HEADER)
    stream.seek(0)
    marked = _byte_order_mark(start)
    if marked is not None and marked != "utf-8":
        return marked, "byte order mark"
    refuse_binary(start)
    position, ascii_only = _first_not_utf8(stream, size)
    stream.seek(0)
    declared = _declared(start)
    if position is None:
        # ISO-2022 encodes everything in ASCII bytes, so its escape characters are the evidence.
        if ascii_only and b"\x1b" in start and declared and declared.startswith("iso2022"):
            return declared, f"declared {declared}, and its escape sequences are there"
        return "utf-8", _why_utf8(start, ascii_only)
    encoding, why = _not_utf8(stream, declared, size)
    stream.seek(0)
    return encoding, f"not UTF-8 at byte {position}; {why}"


def _first_not_utf8(stream: IO[bytes], size: int) -> tuple[int | None, bool]:
    """Return the position of the first byte that is not UTF-8, and whether all is ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    # pending: bytes of a character that the last chunk cut in two.
    read, ascii_only, pending = 0, True, 0
    for chunk in iter(partial(stream.read, size), b""):
        if b"\0" in chunk:
            raise NotTextError(
                f"byte {read + chunk.index(0)} is zero, so this is a binary file; give the "
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
    """A declared encoding, tested against the bytes of the file."""

    def __init__(self, name: str) -> None:
        self.name, self.is_valid = name, True
        self.decoder = codecs.getincrementaldecoder(name)()
        self.between_letters = self.letters = 0
        single = name.startswith(("iso8859", "cp", "koi8", "mac"))
        self.is_single_byte = single and name not in MULTIBYTE

    def feed(self, chunk: bytes, final: bool = False) -> None:
        """Test the next bytes."""
        try:
            # No book contains C1 controls, so decoding to one refutes the encoding.
            text = self.decoder.decode(chunk, final)
            self.is_valid = self.is_valid and C1.search(text) is None
        except UnicodeDecodeError:
            self.is_valid = False
        if self.is_valid and self.is_single_byte:
            for match in BETWEEN_LETTERS.finditer(chunk):
                self.between_letters += 1
                self.letters += match[1].decode(self.name, "replace").isalpha()

    @property
    def agrees(self) -> bool:
        """True if the bytes are valid, and those between two ASCII letters are mostly letters."""
        return self.is_valid and self.letters >= 0.9 * self.between_letters


def _not_utf8(stream: IO[bytes], declared: str | None, size: int) -> tuple[str, str]:
    """Return the encoding of a file that is not UTF-8, and the evidence."""
    candidate = _Candidate(declared) if declared is not None else None
    has_c1, cp1252 = False, True
    for chunk in iter(partial(stream.read, size), b""):
        c1 = chunk.translate(None, bytes(range(0x80))).translate(None, bytes(range(0xA0, 0x100)))
        has_c1 = has_c1 or bool(c1)
        cp1252 = cp1252 and not c1.translate(None, IN_CP1252)
        if candidate is not None:
            candidate.feed(chunk)
    if candidate is not None:
        candidate.feed(b"", final=True)
        if candidate.agrees:
            return candidate.name, f"declared {candidate.name}, and the bytes agree"
    if not has_c1:
        return "latin-1", "it has no bytes from 0x80 to 0x9F"
    if cp1252:
        return "cp1252", "it has bytes from 0x80 to 0x9F, which are characters in CP1252"
    return "latin-1", "it has bytes from 0x80 to 0x9F that are no characters in CP1252"


def _declared(start: bytes) -> str | None:
    """Return Python's name for the declared character set, unless it cannot be trusted."""
    match = DECLARED.search(start)
    if match is None:
        return None
    words = match[1].decode("ascii", "replace").strip()
    # The whole field, then each word with a digit: "ISO-8859-3 (Latin-3)" needs the second.
    for name in (words, *re.findall(r"[A-Za-z][\w-]*\d[\w-]*", words)):
        try:
            known = codecs.lookup(re.sub(r"(?i)^(?:codepage|windows|cp)[- ]?(?=\d)", "cp", name))
        except LookupError:
            continue
        is_text = getattr(known, "_is_text_encoding", True)
        return known.name if is_text and known.name not in UNTRUSTED else None
    return None


def _normalize(text: str, has_c1: bool) -> str:
    """Return text in NFC, with C1 controls read as the CP1252 characters that they were."""
    if text.isascii():
        return text
    if has_c1:
        # Five of the controls are no CP1252 character, and stay.
        text = C1.sub(lambda m: m[0].encode("latin-1").decode("cp1252", "ignore") or m[0], text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
