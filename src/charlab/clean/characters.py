"""Normalize the characters of a text, whatever its encoding was: LF, NFC, no trailing blanks.

A text comes as UTF-8, whose bytes can be searched many times as fast as characters.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from charlab.clean.params import CleanParams

# Blanks by the length of their UTF-8, each as a big-endian number.
_SPACES = [chr(code) for code in range(0x3001) if chr(code).isspace() and chr(code) != "\n"]
_ENCODED = [int.from_bytes(space.encode(), "big") for space in _SPACES]
_BLANK_ASCII = np.isin(np.arange(256), [code for code in _ENCODED if code < 0x80])
_BLANK_TWO = np.array([code for code in _ENCODED if 0x80 <= code < 1 << 16])
_BLANK_THREE = np.array([code for code in _ENCODED if code >= 1 << 16])

C1 = re.compile("[\x80-\x9f]")
C1_IN_UTF8 = re.compile(rb"\xc2[\x80-\x9f]")

CHANGES = {
    "ascii_quotes": str.maketrans(dict.fromkeys("‘’‚‛‹›", "'") | dict.fromkeys("“”„‟«»", '"')),
    "ascii_dashes": str.maketrans(dict.fromkeys("‐‑‒–", "-") | dict.fromkeys("—―", "--")),
    "plain_spaces": str.maketrans(
        dict.fromkeys((chr(code) for code in (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F)), " ")
    ),
}
"""The translation table of each parameter."""

LONG_RUN = 200
"""Number of combining marks in a row above which they are sorted here."""


def composed(text: str) -> str:
    """Return text from a command line as texts are read: NFC, LF line ends, no byte order mark."""
    return nfc(text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n"))


def normalized_utf8(encoded: bytes) -> str:
    """Return whole lines of UTF-8 as text in NFC with LF line ends.

    Blanks at line ends and byte order marks are removed wherever they are, and C1 controls are
    read as the CP1252 characters that they were.
    """
    encoded = encoded.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if encoded.isascii():
        text = encoded.decode("ascii")
    else:
        encoded = encoded.replace(codecs.BOM_UTF8, b"")
        text = encoded.decode("utf-8")
        has_c1 = C1_IN_UTF8.search(encoded) is not None
        if has_c1:
            # Five of the controls are no CP1252 character, and stay.
            text = C1.sub(lambda m: m[0].encode("latin-1").decode("cp1252", "ignore") or m[0], text)
        if has_c1 or not is_plainly_nfc(encoded):
            text = nfc(text)
    if not _has_blanks(encoded):
        return text
    return "\n".join(map(str.rstrip, text.split("\n")))


def changed(text: str, params: CleanParams) -> str:
    """Return a text with the changes to characters that the parameters ask for."""
    if params == CleanParams():
        return text
    for name, table in CHANGES.items():
        if getattr(params, name):
            text = text.translate(table)
    return text.expandtabs() if params.expand_tabs else text


def nfc(text: str) -> str:
    """Return a text in NFC, in linear time."""
    if unicodedata.is_normalized("NFC", text):
        return text
    # Python sorts the marks on a letter by insertion, which is quadratic, so long runs are
    # sorted here first.
    parts, done = [], 0
    for start, end in _long_runs(text):
        marks = "".join(unicodedata.normalize("NFD", mark) for mark in text[start:end])
        parts += [text[done:start], "".join(sorted(marks, key=unicodedata.combining))]
        done = end
    return unicodedata.normalize("NFC", "".join((*parts, text[done:])))


def _long_runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each run of at least :data:`LONG_RUN` combining marks."""
    end = 0
    # Each such run covers a position that is a multiple of its minimum length.
    for at in range(0, len(text), LONG_RUN):
        if at < end or not _is_mark(text[at]):
            continue
        start, last, end = at, end, at + 1
        while start > last and _is_mark(text[start - 1]):
            start -= 1
        while end < len(text) and _is_mark(text[end]):
            end += 1
        if end - start >= LONG_RUN:
            yield start, end


def _is_mark(character: str) -> bool:
    """Return whether the decomposition of a character starts with a combining mark."""
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) > 0


def is_plainly_nfc(encoded: bytes) -> bool:
    """Return whether UTF-8 contains only characters that are in NFC in any context.

    These are the characters below U+0300, whose UTF-8 starts with a byte below 0xCC, and the
    dashes and quotation marks from U+2010 to U+2027. Comparing bytes is four times as fast as
    calling unicodedata.
    """
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


def _has_blanks(encoded: bytes) -> bool:
    """Return whether any line of a text in UTF-8 ends with a blank of any kind.

    Inspecting the bytes before all line ends at once is many times as fast as a loop over lines.
    """
    octets = np.frombuffer(encoded, dtype=np.uint8)
    ends = np.append(np.flatnonzero(octets == ord("\n")), len(octets))
    ends = ends[ends > 0]
    last = octets[ends - 1]
    if _BLANK_ASCII[last].any():
        return True
    if encoded.isascii() or not len(ends):
        return False
    # The last two bytes of each line as one number, then the last three.
    ends = ends[(last >= 0x80) & (ends >= 2)]
    two = octets[ends - 2].astype(np.int64) << 8 | octets[ends - 1]
    if np.isin(two, _BLANK_TWO).any():
        return True
    ends, two = ends[ends >= 3], two[ends >= 3]
    three = octets[ends - 3].astype(np.int64) << 16 | two
    return bool(np.isin(three, _BLANK_THREE).any())
