"""Find the encoding of a file that is not Unicode: the declared one, or a guess between two."""

from __future__ import annotations

import codecs
import re
from functools import partial
from typing import IO

import numpy as np

from charlab.clean.damage import ADVICE, Evidence, find_damage

DECLARED = re.compile(
    rb"^(?:Character set encoding|Charset|Encoding):[ \t]*(\S[^\r\n]{0,80})", re.M | re.I
)
CHARSETS = re.compile(
    r"ascii|utf|iso8859|iso2022|cp\d|koi8|kz1048|mac[-_]|big5|gb|hz$|shift_jis|euc_|johab|tis-620"
)
"""Names of Python's codecs for text, unlike ``undefined`` or ``idna``."""

IN_CP1252 = bytes(sorted({*range(0x80, 0xA0)} - {0x81, 0x8D, 0x8F, 0x90, 0x9D}))
"""The bytes from 0x80 to 0x9F to which CP1252 assigns a character."""

WESTERN = ("iso8859-1", "cp1252")
"""Declared encodings that bytes 0x80 to 0x9F decide between."""

C1 = re.compile("[\x80-\x9f]")
MULTIBYTE = re.compile(r"cp9[345]|big5|gb|hz|shift_jis|euc_|johab|iso2022")
BETWEEN_LETTERS = re.compile(rb"[A-Za-z]([\x80-\xff])(?=[A-Za-z])")
ASCII = bytes(range(0x80))


def find_legacy(stream: IO[bytes], size: int, declared: str | None) -> Evidence:
    """Return the encoding of a file that is not UTF-8."""
    known = declared is not None and not declared.startswith(("utf", "ascii"))
    if known and MULTIBYTE.match(declared or ""):
        damage = find_damage(stream, str(declared), size)
        if 20 * damage.invalid < damage.valid:
            why = f"declared {declared}, and the bytes agree"
            return Evidence(str(declared), why, damage.warnings())
        known = False
    use = known and declared not in WESTERN
    candidate = _Candidate(str(declared)) if use else None
    has_c1, cp1252, high, close, last = False, True, 0, 0, b""
    for chunk in iter(partial(stream.read, size), b""):
        octets = chunk.translate(None, ASCII)
        c1 = octets.translate(None, bytes(range(0xA0, 0x100)))
        has_c1 = has_c1 or bool(c1)
        cp1252 = cp1252 and not c1.translate(None, IN_CP1252)
        high += len(octets)
        is_high = np.frombuffer(last + chunk, dtype=np.uint8) >= 0x80
        close += int((is_high[:-2] & is_high[1:-1] & is_high[2:]).sum())
        last = (last + chunk)[-2:]
        if candidate is not None:
            candidate.feed(chunk)
    stream.seek(0)
    if candidate is not None and candidate.agrees():
        return Evidence(candidate.name, f"declared {candidate.name}, and the bytes agree")
    encoding = "cp1252" if has_c1 and cp1252 else "latin-1"
    # Letters beyond ASCII stand alone in a Western text, but not in other scripts.
    if declared in WESTERN and 2 * close <= high:
        return Evidence(encoding, f"declared {declared}")
    other = ", more likely another script" if 2 * close > high else ""
    warning = f"the encoding is a guess: {encoding}{other}. If letters are wrong, {ADVICE}"
    return Evidence(encoding, "a guess: not UTF-8, and no other encoding is declared", (warning,))


class _Candidate:
    """A declared encoding, tested against the bytes of the file."""

    def __init__(self, name: str) -> None:
        self.name, self.is_valid = name, True
        self.decoder = codecs.getincrementaldecoder(name)()
        self.between_letters = self.letters = 0

    def feed(self, chunk: bytes, final: bool = False) -> None:
        """Test the next bytes."""
        try:
            # No book contains C1 controls, so decoding to one refutes the encoding.
            text = self.decoder.decode(chunk, final)
            self.is_valid = self.is_valid and C1.search(text) is None
        except UnicodeDecodeError:
            self.is_valid = False
        if self.is_valid:
            for match in BETWEEN_LETTERS.finditer(chunk):
                self.between_letters += 1
                self.letters += match[1].decode(self.name, "replace").isalpha()

    def agrees(self) -> bool:
        """Return whether the bytes are valid, and those between ASCII letters mostly letters."""
        self.feed(b"", final=True)
        return self.is_valid and self.letters >= 0.9 * self.between_letters


def find_charset(name: str) -> str | None:
    """Return Python's name for an encoding of text, or None."""
    # "codepage 437" and "windows-1251" are cp437 and cp1251.
    name = re.sub(r"(?i)^(?:codepage|windows|cp)[-_ ]?(?=\d)", "cp", name.strip())
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return codec if CHARSETS.match(codec) and codec != "utf-7" else None


def declared_charset(start: bytes) -> str | None:
    """Return Python's name for the declared character set, if it has one."""
    match = DECLARED.search(start)
    if match is None:
        return None
    words = match[1].decode("ascii", "replace").strip()
    # The whole field, then each word with a digit: "ISO-8859-3 (Latin-3)" needs the second.
    names = (words, *re.findall(r"[A-Za-z][\w-]*\d[\w-]*", words))
    return next(filter(None, map(find_charset, names)), None)
