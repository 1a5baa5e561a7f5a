"""The evidence for an encoding, and the bytes of a file that are invalid in it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from functools import partial
from typing import IO

SHOWN = 3
"""Maximum number of invalid bytes in a message."""

LONG_RUN = 20
"""Number of valid characters in a row that do not occur by chance in another encoding."""

ADVICE = "name the encoding with --encoding, or encoding: in the text's block of params.yaml"

# A byte that cannot be decoded becomes half a surrogate pair, which no encoding yields.
INVALID = re.compile("[\udc00-\udcff]")


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Decode invalid bytes like "surrogateescape", but also those below 0x80."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    octets = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + octet) for octet in octets), error.end


codecs.register_error("charlab.invalid", _escape)


@dataclass(frozen=True)
class Evidence:
    """The encoding of a file.

    Attributes
    ----------
    encoding : str
        Python's name for it.
    why : str
        The evidence.
    warnings : tuple of str
        Invalid bytes that are replaced, or that the encoding is a guess.
    """

    encoding: str
    why: str
    warnings: tuple[str, ...] = ()

    @property
    def errors(self) -> str:
        """The error handler for decoding: invalid bytes are replaced once they are reported."""
        return "replace" if self.warnings else "strict"


@dataclass
class Damage:
    """The bytes of a file that are invalid in an encoding.

    Attributes
    ----------
    valid, invalid : int
        Valid characters beyond ASCII, and invalid bytes.
    longest : int
        Largest number of valid characters beyond ASCII without an invalid byte between them,
        if it is at least :data:`LONG_RUN`.
    cut : int
        Bytes of a character that is cut off at the end of the file; they are not invalid.
    binary : bool
        Whether a character is U+0000, or an escape sequence is left.
    first : list of tuple of int
        Line and column (in characters, from 1) and value of the first invalid bytes.
    """

    valid: int = 0
    invalid: int = 0
    longest: int = 0
    cut: int = 0
    binary: bool = False
    first: list[tuple[int, int, int]] = field(default_factory=list)

    def places(self) -> str:
        """Return where the first invalid bytes are."""
        places = [f"0x{value:02x} at line {line}, column {col}" for line, col, value in self.first]
        more = self.invalid - len(self.first)
        return ", ".join(places) + (f", and {more:,} more" if more else "")

    def warnings(self) -> tuple[str, ...]:
        """Return what is lost when the invalid bytes are replaced."""
        lost = []
        if self.invalid:
            count = "1 byte is" if self.invalid == 1 else f"{self.invalid:,} bytes are"
            lost.append(f"{count} invalid and replaced by U+FFFD: {self.places()}")
        if self.cut:
            count = "1 byte is" if self.cut == 1 else f"{self.cut} bytes are"
            lost.append(f"the last {count} the start of a character that was cut off; dropped")
        return tuple(lost)


def find_damage(stream: IO[bytes], encoding: str, size: int) -> Damage:
    """Find the bytes of a file that are invalid in an encoding.

    The stream is read from its position, and left at its start.
    """
    errors = "surrogateescape" if encoding == "utf-8" else "charlab.invalid"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    damage, run, line, column, last = Damage(), 0, 1, 1, ""
    for chunk in iter(partial(stream.read, size), b""):
        text = decoder.decode(chunk)
        damage.binary = damage.binary or "\0" in text or "\x1b$" in text
        if not text.isascii():
            run = _count(damage, text, run)
            damage.first += _places(text, SHOWN - len(damage.first), line, column, last)
        # A line ends with CR, LF, or both, which may be in two chunks.
        ends = text.count("\n") + text.count("\r") - (last + text).count("\r\n")
        line += ends
        newest = max(text.rfind("\n"), text.rfind("\r"))
        column = column + len(text) if newest < 0 else len(text) - newest
        last = text[-1:] or last
    pending = decoder.getstate()[0]
    damage.cut = len(pending) if isinstance(pending, bytes) else 0
    stream.seek(0)
    return damage


def _count(damage: Damage, text: str, run: int) -> int:
    """Count valid characters and invalid bytes; return the length of the current valid run."""
    valid = text.encode("utf-8", "ignore").decode("utf-8")
    damage.invalid += len(text) - len(valid)
    damage.valid += len(valid) - len(valid.encode("ascii", "ignore"))
    # Most files in another encoding have hardly a valid character, and so no run of them.
    if damage.valid < LONG_RUN:
        return 0
    for number, part in enumerate(INVALID.split(text)):
        run = 0 if number else run
        run += 0 if part.isascii() else len(part) - len(part.encode("ascii", "ignore"))
        damage.longest = max(damage.longest, run)
    return run


def _places(text: str, shown: int, line: int, column: int, last: str) -> list[tuple[int, int, int]]:
    """Return the places of the first invalid bytes in a part of a text that starts at a place."""
    places: list[tuple[int, int, int]] = []
    for match in INVALID.finditer(text):
        if len(places) >= shown:
            break
        before = text[: match.start()]
        ends = before.count("\n") + before.count("\r") - (last + before).count("\r\n")
        newest = max(before.rfind("\n"), before.rfind("\r"))
        at = column + len(before) if newest < 0 else len(before) - newest
        places.append((line + ends, at, ord(match[0]) - 0xDC00))
    return places
