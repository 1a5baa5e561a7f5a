"""Detect the encoding of a file from its bytes.

Project Gutenberg's files declare their character set in terms that Python does not know, or
wrongly, or not at all, and the guess of a statistical library changes from version to version. Here
the bytes decide, in this order:

1. the encoding that the user names;
2. a byte order mark, zero bytes in the pattern of UTF-16 or UTF-32, the escapes of ISO-2022;
3. UTF-8, which text in another encoding practically never satisfies by chance. A file may have a
   few invalid bytes if a mark, a declaration or the other characters show that it is UTF-8;
4. the declared character set, if the bytes are consistent with it;
5. CP1252 if bytes 0x80 to 0x9F occur (letters and quotation marks there, control characters
   in Latin-1), otherwise Latin-1. This last resort is a guess, and comes with a warning.
"""

from __future__ import annotations

import codecs
import re
from functools import partial
from typing import IO

from charlab.clean.damage import ADVICE, LONG_RUN, Evidence, find_damage
from charlab.clean.legacy import declared_charset, find_charset, find_legacy
from charlab.clean.reject import EncodingError, NotTextError, refuse_binary

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
# The escapes that switch to Japanese and Korean characters in ISO-2022.
ESCAPES = re.compile(rb"\x1b\$(?:[@B]|[()][@-D])")
ISO_2022 = ("iso2022_jp", "iso2022_kr", "iso2022_jp_2004")


def detect_encoding(stream: IO[bytes], size: int = CHUNK, named: str | None = None) -> Evidence:
    """Return the encoding of a file, which is left positioned at its start.

    Parameters
    ----------
    stream : binary file
        Positioned at its start. It is read once, or twice if it is not plain UTF-8.
    size : int
        Bytes to read at a time.
    named : str, optional
        The encoding that the user names.

    Raises
    ------
    NotTextError
        If the bytes are those of a binary file.
    EncodingError
        If the bytes are not text in the encoding that the user names or a mark announces, or if
        the encoding changes within the file.
    """
    start = stream.read(HEADER)
    stream.seek(0)
    if named is not None:
        return _checked(stream, size, text_encoding(named), "named by the user")
    marked = next((name for mark, name in BYTE_ORDER_MARKS if start.startswith(mark)), None)
    if marked is not None and marked != "utf-8":
        return _checked(stream, size, marked, "byte order mark")
    wide = _wide(start)
    if wide is not None:
        return _checked(stream, size, wide, f"its zero bytes are those of {wide}")
    refuse_binary(start)
    invalid, ascii_only, escapes = _first_not_utf8(stream, size)
    declared = declared_charset(start)
    if escapes:
        return _escaped(stream, size, declared)
    if not invalid:
        why = (
            "byte order mark" if marked else "ASCII only" if ascii_only else "valid as strict UTF-8"
        )
        return Evidence("utf-8", why)
    if marked:
        return _checked(stream, size, "utf-8", "byte order mark")
    return _damaged_utf8(stream, size, declared) or find_legacy(stream, size, declared)


def text_encoding(name: str) -> str:
    """Return Python's name for an encoding of text.

    Raises
    ------
    EncodingError
        If Python has no such encoding.
    """
    codec = find_charset(name)
    if codec is None:
        raise EncodingError(
            f"{name!r} is not an encoding that Python knows; expected a name such as utf-8, "
            "cp1251, koi8-r, shift_jis, gb18030, big5"
        )
    # Marks and byte orders are detected, so the general names serve.
    return "utf-8" if codec in ("utf-8-sig", "ascii") else codec


def _wide(start: bytes) -> str | None:
    """Return the encoding of a file with zero bytes in the pattern of UTF-16 or UTF-32."""
    if start.count(0) < max(2, len(start) // 100):
        return None
    best, most = None, 0
    for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(name)().decode(start)
        except UnicodeDecodeError:
            continue
        # In the wrong byte order, blanks and line ends become other characters.
        score = sum(map(text.count, "\n\r \u3000\u3001\u3002"))
        if "\0" not in text and score > most:
            best, most = name, score
    return best


def _first_not_utf8(stream: IO[bytes], size: int) -> tuple[bool, bool, bool]:
    """Return whether a byte is not UTF-8, whether all is ASCII, and whether ISO-2022 escapes occur.

    Raises
    ------
    NotTextError
        If a byte is zero.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    # pending: a character that the last chunk cut in two. last: an escape that it may have cut.
    read, valid, ascii_only, pending, last, escapes = 0, True, True, b"", b"", False
    for chunk in iter(partial(stream.read, size), b""):
        if b"\0" in chunk:
            raise NotTextError(
                f"byte {read + chunk.index(0)} is zero, so this is a binary file; give the "
                "plain-text file of the book"
            )
        if b"\x1b" in chunk or b"\x1b" in last:
            escapes = escapes or ESCAPES.search(last + chunk) is not None
        last = (last + chunk)[-3:]
        if valid and (pending or not chunk.isascii()):
            ascii_only = False
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                valid = False
            pending = decoder.getstate()[0]
        read += len(chunk)
    stream.seek(0)
    return not valid or bool(pending), ascii_only, escapes


def _checked(stream: IO[bytes], size: int, encoding: str, why: str) -> Evidence:
    """Return the evidence for a known encoding; few of the bytes may be invalid."""
    damage = find_damage(stream, encoding, size)
    if damage.binary:
        raise NotTextError(
            f"it has zero characters as {encoding} ({why}), so it is no text; {ADVICE}"
        )
    if damage.invalid > max(10, damage.valid // 10):
        raise EncodingError(
            f"the encoding is {encoding} ({why}), but {damage.invalid:,} bytes are not: "
            f"{damage.places()}; {ADVICE}, or convert the file"
        )
    return Evidence(encoding, why, damage.warnings())


def _escaped(stream: IO[bytes], size: int, declared: str | None) -> Evidence:
    """Return the evidence for a file with the escapes of ISO-2022."""
    names = (declared, *ISO_2022) if declared and declared.startswith("iso2022") else ISO_2022
    for name in filter(None, names):
        damage = find_damage(stream, name, size)
        if not damage.invalid:
            return Evidence(name, f"the escape sequences are those of {name}", damage.warnings())
    raise EncodingError(
        f"it has the escape sequences of ISO-2022, but is none of {', '.join(ISO_2022)}; {ADVICE}"
    )


def _damaged_utf8(stream: IO[bytes], size: int, declared: str | None) -> Evidence | None:
    """Return the evidence for UTF-8 in which some bytes are invalid, or None.

    Raises
    ------
    EncodingError
        If only a part of the file is UTF-8.
    """
    damage = find_damage(stream, "utf-8", size)
    # By chance, few characters of a text in another encoding are valid as UTF-8.
    is_declared = declared == "utf-8" and damage.invalid <= damage.valid
    if damage.valid and (is_declared or 5 * damage.invalid <= damage.valid):
        why = "declared" if is_declared else f"{damage.valid:,} characters are valid as UTF-8"
        return Evidence("utf-8", why, damage.warnings())
    if damage.longest >= LONG_RUN:
        raise EncodingError(
            f"the encoding changes within the file: {damage.valid:,} characters are UTF-8, but "
            f"{damage.invalid:,} bytes are not: {damage.places()}; convert the file to one "
            f"encoding, or {ADVICE}"
        )
    return None
