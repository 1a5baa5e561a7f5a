"""What can be seen of a text's bytes at a glance, many times as fast as by its characters."""

from __future__ import annotations

import numpy as np


def with_line_feeds(raw: bytes) -> bytes:
    """Return bytes with LF line ends: deleting a byte is far faster than replacing two."""
    if b"\r" not in raw:
        return raw
    octets = np.frombuffer(raw, dtype=np.uint8)
    returns = np.flatnonzero(octets == ord("\r"))
    if returns[-1] + 1 < len(raw) and bool((octets[returns + 1] == ord("\n")).all()):
        return raw.replace(b"\r", b"")
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def is_plainly_nfc(encoded: bytes) -> bool:
    """Whether UTF-8 has only characters that are in NFC wherever they stand.

    Those are the ones before U+0300, which in UTF-8 begin with a byte below 0xCC, and the
    dashes and quotation marks from U+2010 to U+2027. Looking at bytes is four times as fast as
    asking unicodedata of each character.
    """
    if encoded.isascii():
        return True
    octets = np.frombuffer(encoded, dtype=np.uint8)
    high = np.flatnonzero(octets >= 0xCC)
    # Most texts that have others have many.
    some = high[:1_000]
    for begins in (some, high) if len(high) > len(some) else (some,):
        third = octets[np.minimum(begins + 2, len(octets) - 1)]
        quotes = (octets[begins] == 0xE2) & (octets[begins + 1] == 0x80)
        if not (quotes & (third >= 0x90) & (third <= 0xA7)).all():
            return False
    return True
