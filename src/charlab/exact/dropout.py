"""Dropout masks from a counter-based generator of integers.

Philox4x32 with ten rounds (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as
1, 2, 3") turns a counter of four 32-bit words and a key of two into four random words. A mask is a
function of the seed, the number of the update and the place in the network, so nothing but that
number has to be saved to resume a training.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlab.exact.lanes import WIDTH, compiled, inlined, load, store
from charlab.exact.layout import Array

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_SHIFT = np.uint64(32)


@inlined
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return four random words for a counter and a key, all uint32."""
    for _ in range(10):
        p0, p1 = _M0 * np.uint64(c0), _M1 * np.uint64(c2)
        c0, c1, c2, c3 = (
            np.uint32(p1 >> _SHIFT) ^ c1 ^ k0,
            np.uint32(p1),
            np.uint32(p0 >> _SHIFT) ^ c3 ^ k1,
            np.uint32(p0),
        )
        k0, k1 = np.uint32(k0 + _W0), np.uint32(k1 + _W1)
    return c0, c1, c2, c3


@compiled
def fill_mask(out: Array, rate: float, key: Any, update: int, place: int) -> None:
    """Fill a flat array with 0, with probability ``rate``, or 1 / (1 - rate).

    Parameters
    ----------
    out : ndarray of shape (n,)
        n is a multiple of four.
    rate : float
    key : uint64
        The seed.
    update, place : int
        The number of the update, and which of the network's masks this is.
    """
    quarter = len(out) // 4
    limit = np.uint32(min(rate * 4294967296.0, 4294967295.0))
    keep, drop = out.dtype.type(1.0 / (1.0 - rate)), out.dtype.type(0.0)
    k0, k1 = np.uint32(key), np.uint32(np.uint64(key) >> _SHIFT)
    c1, c2 = np.uint32(place), np.uint32(update)
    c3 = np.uint32(np.uint64(update) >> _SHIFT)
    first, second, third, fourth = (
        out[:quarter],
        out[quarter : 2 * quarter],
        out[2 * quarter : 3 * quarter],
        out[3 * quarter :],
    )
    for n in range(quarter):
        a, b, c, d = philox(np.uint32(n), c1, c2, c3, k0, k1)
        first[n] = keep if a >= limit else drop
        second[n] = keep if b >= limit else drop
        third[n] = keep if c >= limit else drop
        fourth[n] = keep if d >= limit else drop


@compiled
def apply_mask(
    values: Array,
    mask: Array,
    units: int,
    steps: int,
    batch: int,
    seq_len: int,
    mask_steps: int,
    out: Array,
) -> None:
    """Write values * mask at steps 1 to T of arrays (blocks, S, B, 16).

    The mask has ``mask_steps`` steps: those of the arrays, or one that serves all.
    """
    size = batch * WIDTH
    for u in range(units):
        for t in range(1, seq_len + 1):
            at = (u * steps + t) * size
            over = (u * mask_steps + (t if mask_steps > 1 else 0)) * size
            for row in range(0, size, WIDTH):
                store(out, at + row, load(values, at + row) * load(mask, over + row))


@compiled
def multiply_flat(values: Array, mask: Array, out: Array) -> None:
    """Write values * mask, for flat arrays of one length."""
    for n in range(len(values)):
        out[n] = values[n] * mask[n]
