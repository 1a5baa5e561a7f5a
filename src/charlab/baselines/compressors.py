r"""General compressors as baselines, in nats per character of a held-out text.

What enters is a training text and a held-out text; what leaves is the length that the
held-out text adds to the compressed training text,

    ( |C(training + held out)| - |C(training)| ) 8 ln 2 / characters held out.

Compressors read bytes, so the texts are encoded in UTF-8; the figure is still per
character. It includes what a compressor cannot help: whole bytes, tables, block ends.
A compressor goes on learning while it codes the held-out text, as a network under
dynamic evaluation does, and as one with fixed weights does not.

PPMd is variant H (Shkarin 2002, PPM: one step to practicality, DCC,
doi 10.1109/DCC.2002.999958), as 7-Zip has it.
"""

from __future__ import annotations

import bz2
import lzma
import math
import zlib
from collections.abc import Callable, Iterable

import pyppmd

Compressor = Callable[[bytes], int]
"""Takes bytes to the number of bytes they are compressed to."""

PPMD_MEMORY = 1 << 28
"""Bytes for PPMd's model. It starts afresh when they are full, so the number is part
of the figure; 256 MiB hold a novel of 3 million characters at order 8 with ease."""


def ppmd_size(data: bytes, order: int) -> int:
    """Return the size under PPMd variant H with contexts of up to ``order`` bytes."""
    encoder = pyppmd.Ppmd7Encoder(order, PPMD_MEMORY)
    return len(encoder.encode(data)) + len(encoder.flush())


def xz_size(data: bytes) -> int:
    """Return the size under LZMA2 at its strongest, its window as long as the data."""
    window = min(max(len(data), 1 << 16), 1536 << 20)
    options = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": window}
    return len(lzma.compress(data, lzma.FORMAT_RAW, filters=[options]))


def gzip_size(data: bytes) -> int:
    """Return the size under DEFLATE at level 9, whose window is 32 KiB."""
    return len(zlib.compress(data, 9))


def bzip2_size(data: bytes) -> int:
    """Return the size under bzip2, which takes blocks of 900 kB one by one."""
    return len(bz2.compress(data, 9))


COMPRESSORS: dict[str, Compressor] = {"xz": xz_size, "gzip": gzip_size, "bzip2": bzip2_size}
"""The compressors without an order."""


def nats_added(size: Compressor, train: str, held_out: Iterable[str]) -> list[float]:
    """Return what each held-out text costs after the training text.

    Parameters
    ----------
    size : callable
        One of this module's; it is called once for the training text, and once for
        the training text with each held-out text behind it.
    held_out : iterable of str
        None of them empty.

    Returns
    -------
    list of float
        Nats per character.
    """
    before = train.encode("utf-8")
    base = size(before)
    return [
        (size(before + text.encode("utf-8")) - base) * 8 * math.log(2) / len(text)
        for text in held_out
    ]
