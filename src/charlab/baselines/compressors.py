r"""General-purpose compressors as baselines, in nats per character of a held-out text.

Input: a training text and a held-out text. Output: the length that the held-out text adds
to the compressed training text,

    ( |C(training + held out)| - |C(training)| ) 8 ln 2 / characters held out.

Compressors read bytes, so the texts are encoded in UTF-8; the loss is still per character.
It includes overhead that a compressor cannot avoid: whole bytes, tables, block ends. A
compressor keeps learning while it codes the held-out text, as a network does under dynamic
evaluation but not with fixed weights.

PPMd is variant H (Shkarin 2002, PPM: one step to practicality, DCC,
doi 10.1109/DCC.2002.999958), as in 7-Zip.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterable

import pyppmd

from charlab.core.units import LN_2

Compressor = Callable[[bytes], int]
"""Function from bytes to their compressed size in bytes."""

PPMD_MEMORY = 1 << 28
"""Memory of PPMd's model, in bytes. The model restarts when it is full, so the size affects
the result; 256 MiB are ample for a novel of 3 million characters at order 8."""


def ppmd_size(data: bytes, order: int) -> int:
    """Return the size under PPMd variant H with contexts of up to ``order`` bytes."""
    # The last bytes are still in the encoder until it is flushed.
    encoder = pyppmd.Ppmd7Encoder(order, PPMD_MEMORY)
    return len(encoder.encode(data)) + len(encoder.flush())


def xz_size(data: bytes) -> int:
    """Return the size under LZMA2 at its highest setting, with a window over all data."""
    # LZMA2 accepts dictionaries up to 1.5 GiB; the raw format has no container overhead.
    window = min(max(len(data), 1 << 16), 1536 << 20)
    options = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": window}
    return len(lzma.compress(data, lzma.FORMAT_RAW, filters=[options]))


def gzip_size(data: bytes) -> int:
    """Return the size under DEFLATE at level 9, with its window of 32 KiB."""
    return len(zlib.compress(data, 9))


def bzip2_size(data: bytes) -> int:
    """Return the size under bzip2, which compresses blocks of 900 kB separately."""
    return len(bz2.compress(data, 9))


COMPRESSORS: dict[str, Compressor] = {"xz": xz_size, "gzip": gzip_size, "bzip2": bzip2_size}
"""Compressors without an order parameter."""


def nats_added(size: Compressor, train: str, held_out: Iterable[str]) -> list[float]:
    """Return the cost of each held-out text after the training text.

    Parameters
    ----------
    size : callable
        One of this module's compressors. It is called once for the training text, and
        once for the training text followed by each held-out text.
    train : str
        The training text.
    held_out : iterable of str
        Non-empty texts.

    Returns
    -------
    list of float
        Nats per character.
    """
    before = train.encode("utf-8")
    base = size(before)
    # Bytes to nats: 8 bits per byte, ln 2 nats per bit.
    return [
        (size(before + text.encode("utf-8")) - base) * 8 * LN_2 / len(text) for text in held_out
    ]
