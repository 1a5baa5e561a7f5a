"""Normalize the characters of a body: no blanks at line ends, and the changes asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from charlab.clean.params import CleanParams

# Blanks by the length of their UTF-8, each as a big-endian number.
_SPACES = [chr(code) for code in range(0x3001) if chr(code).isspace() and chr(code) != "\n"]
_ENCODED = [int.from_bytes(space.encode(), "big") for space in _SPACES]
_BLANK_ASCII = np.isin(np.arange(256), [code for code in _ENCODED if code < 0x80])
_BLANK_TWO = np.array([code for code in _ENCODED if 0x80 <= code < 1 << 16])
_BLANK_THREE = np.array([code for code in _ENCODED if code >= 1 << 16])

CHANGES = {
    "ascii_quotes": str.maketrans(dict.fromkeys("‘’‚‛‹›", "'") | dict.fromkeys("“”„‟«»", '"')),
    "ascii_dashes": str.maketrans(dict.fromkeys("‐‑‒–", "-") | dict.fromkeys("—―", "--")),
    "plain_spaces": str.maketrans(
        dict.fromkeys((chr(code) for code in (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F)), " ")
    ),
}
"""The translation table of each parameter."""


def normalized(pieces: Iterable[str], params: CleanParams) -> Iterator[tuple[str, bytes]]:
    """Yield the pieces of a body as they are to be written, and their UTF-8.

    Parameters
    ----------
    pieces : iterable of str
        The body, each piece but the last ending with a line end.
    params : CleanParams
        Changes to make to characters.
    """
    is_first, ended = True, True
    for piece in pieces:
        # A file that was joined from two may have a byte order mark below its header.
        text = piece.lstrip("\ufeff") if is_first else piece
        text, encoded = _strip_line_ends(_changed(text, params))
        is_first, ended = False, text.endswith("\n")
        yield text, encoded
    if not (is_first or ended):
        yield "\n", b"\n"


def _changed(text: str, params: CleanParams) -> str:
    for name, table in CHANGES.items():
        if getattr(params, name):
            text = text.translate(table)
    return text.expandtabs() if params.expand_tabs else text


def _strip_line_ends(text: str) -> tuple[str, bytes]:
    """Return text without blanks at line ends, and its UTF-8."""
    encoded = text.encode("utf-8")
    if not _has_blanks(encoded):
        return text, encoded
    text = "\n".join(map(str.rstrip, text.split("\n")))
    return text, text.encode("utf-8")


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
