"""What is done to the characters of a body: blanks at line ends, and what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from charlab.clean.params import CleanParams

Bytes = NDArray[np.uint8]

_SPACES = [chr(code) for code in range(0x3001) if chr(code).isspace() and chr(code) != "\n"]
_ENCODED = [int.from_bytes(space.encode(), "big") for space in _SPACES]
BLANK_ASCII = np.isin(np.arange(256), [code for code in _ENCODED if code < 0x80])
BLANK_TWO = np.array([code for code in _ENCODED if 0x80 <= code < 1 << 16])
BLANK_THREE = np.array([code for code in _ENCODED if code >= 1 << 16])

CHANGES = {
    "ascii_quotes": str.maketrans(dict.fromkeys("‘’‚‛‹›", "'") | dict.fromkeys("“”„‟«»", '"')),
    "ascii_dashes": str.maketrans(dict.fromkeys("‐‑‒–", "-") | dict.fromkeys("—―", "--")),
    "plain_spaces": str.maketrans(
        dict.fromkeys((chr(code) for code in (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F)), " ")
    ),
}
"""What each parameter changes."""


def finished(pieces: Iterable[str], params: CleanParams) -> Iterator[tuple[str, bytes]]:
    """Yield a body's pieces as they are to be written, and their bytes in UTF-8.

    Parameters
    ----------
    pieces : iterable of str
        The body, each piece but the last ending with a line; the last without its line end.
    params : CleanParams
        Changes that are wanted.
    """
    first, ended = True, True
    for piece in pieces:
        text = piece.lstrip("\ufeff") if first else piece
        text, encoded = _without_blanks(_changed(text, params))
        first, ended = False, text.endswith("\n")
        yield text, encoded
    if not (first or ended):
        yield "\n", b"\n"


def _changed(text: str, params: CleanParams) -> str:
    for wanted, change in CHANGES.items():
        if getattr(params, wanted):
            text = text.translate(change)
    return text.expandtabs() if params.expand_tabs else text


def _without_blanks(text: str) -> tuple[str, bytes]:
    """Return text without blanks at line ends, and its bytes."""
    encoded = text.encode("utf-8")
    if not has_blanks(encoded):
        return text, encoded
    text = "\n".join(map(str.rstrip, text.split("\n")))
    return text, text.encode("utf-8")


def has_blanks(encoded: bytes) -> bool:
    """Whether a line of a text in UTF-8 ends with a blank of any kind.

    Looking at the bytes before each line end is many times as fast as looking at each line.
    """
    octets = np.frombuffer(encoded, dtype=np.uint8)
    ends = np.append(np.flatnonzero(octets == ord("\n")), len(octets))
    ends = ends[ends > 0]
    last = octets[ends - 1]
    if BLANK_ASCII[last].any():
        return True
    if encoded.isascii() or not len(ends):
        return False
    ends = ends[(last >= 0x80) & (ends >= 2)]
    two = octets[ends - 2].astype(np.int64) << 8 | octets[ends - 1]
    if np.isin(two, BLANK_TWO).any():
        return True
    ends, two = ends[ends >= 3], two[ends >= 3]
    return bool(np.isin(octets[ends - 3].astype(np.int64) << 16 | two, BLANK_THREE).any())
