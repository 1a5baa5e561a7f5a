"""From bytes to characters: never a guess by statistics.

Gutenberg's files declare their character set in words that Python does not know, or
wrongly, or not at all. The bytes themselves decide: a byte order mark; else strict UTF-8, which
text in another encoding practically never is by chance; else one byte per character, CP1252 if
bytes 0x80 to 0x9F occur (which are letters and quotation marks there, and control
characters in Latin-1), else what the header declares if it is of the ISO 8859 family
and agrees with the bytes, else Latin-1.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from charlab.errors import CharlabError


class NotTextError(CharlabError):
    """The bytes are no text."""


@dataclass(frozen=True)
class Decoded:
    """A text, and how its bytes were read.

    Attributes
    ----------
    text : str
        In NFC, with LF line ends.
    encoding, why : str
        What was decided, and on what ground.
    """

    text: str
    encoding: str
    why: str


MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DECLARED = re.compile(rb"^Character set encoding:[ \t]*(\S[^\r\n]*)", re.MULTILINE | re.IGNORECASE)
HEAD = 20_000
C1 = re.compile("[\x80-\x9f]")


def decode(raw: bytes) -> Decoded:
    """Decode a text.

    Raises
    ------
    NotTextError
        If the bytes are those of a binary file.
    """
    encoding, why = _encoding(raw)
    try:
        text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise NotTextError(
            f"its first bytes say {encoding}, but byte {error.start} is not"
        ) from None
    return Decoded(_normalised(text), encoding, why)


def _encoding(raw: bytes) -> tuple[str, str]:
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return encoding, "byte order mark"
    if b"\0" in raw:
        raise NotTextError("it has zero bytes, so it is a binary file; give the plain-text file")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _one_byte(raw, error.start)
    return "utf-8", "ASCII only" if raw.isascii() else "valid as strict UTF-8"


def _one_byte(raw: bytes, position: int) -> tuple[str, str]:
    """Choose among the encodings of one byte per character."""
    why = f"not UTF-8 at byte {position}"
    declared = _declared(raw)
    if any(byte in raw for byte in map(bytes, zip(range(0x80, 0xA0), strict=True))):
        if (
            declared is not None
            and declared not in ("iso8859-1", "cp1252")
            and _fits(raw, declared)
        ):
            return declared, f"{why}; declared {declared}, and the bytes agree"
        fits = _fits(raw, "cp1252")
        return ("cp1252" if fits else "latin-1"), f"{why}; it has bytes from 0x80 to 0x9F"
    if declared is not None and declared.startswith(("iso8859", "koi8")) and _is_wanted(declared):
        return declared, f"{why}; declared {declared}, and the bytes agree"
    return "latin-1", f"{why}; it has no bytes from 0x80 to 0x9F"


def _is_wanted(declared: str) -> bool:
    # "Latin-4" is what some headers call a Latin-1 file: only tell-tale scripts are believed.
    return declared in ("iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "koi8-r")


def _declared(raw: bytes) -> str | None:
    """Return Python's name of the declared character set, if there is one that it knows."""
    found = DECLARED.search(raw[:HEAD])
    if found is None:
        return None
    name = found[1].decode("ascii", "replace").strip()
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _fits(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _normalised(text: str) -> str:
    """Return text with LF line ends, in NFC, C1 controls that are really CP1252 mended."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if C1.search(text) is not None:
        text = C1.sub(_mended, text)
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return text


def _mended(found: re.Match[str]) -> str:
    """Return the CP1252 character that a C1 control stands for."""
    return found[0].encode("latin-1").decode("cp1252", "ignore")
