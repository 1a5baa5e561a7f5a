"""The rows of n-grams that a text meets, found without waiting for Numba to load.

See :mod:`charlab.exact.ngrams`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.exact import machine_code
from charlab.exact.shapes import Ids

ORDERS = 3
"""Characters of the longest n-gram."""

NO_ROWS = np.zeros((0, 0, 0), np.int64)
"""Rows of a network without n-grams."""


def keys_of(ngrams: NDArray[Any], vocab_size: int) -> NDArray[np.int64]:
    """Return one number for each n-gram (N, 3), in which bigrams begin with -1."""
    c0, c1, c2 = (ngrams[:, n].astype(np.int64) + 1 for n in range(ORDERS))
    return np.asarray((c0 * (vocab_size + 1) + c1) * (vocab_size + 1) + c2)


class NGrams:
    """The n-grams that have rows.

    Parameters
    ----------
    ngrams : ndarray of shape (N, 3), integer
        Ascending; bigrams begin with -1, so they come first.
    vocab_size : int
    """

    def __init__(self, ngrams: NDArray[Any], vocab_size: int) -> None:
        self.keys, self.vocab_size = keys_of(ngrams, vocab_size), vocab_size

    def rows(self, ids: Ids, before: Ids) -> tuple[Ids, Ids]:
        """Return the rows (3, T, B) that a chunk meets, and the two characters before the next.

        Parameters
        ----------
        ids : ndarray of shape (T, B)
        before : ndarray of shape (B, 2)
            The two characters before the chunk, -1 where there are none.
        """
        ids, after = np.ascontiguousarray(ids, np.int64), np.array(before, np.int64)
        rows = np.empty((ORDERS, *ids.shape), np.int64)
        machine_code.call("ngrams.chunk_rows", self.keys, self.vocab_size, ids, after, rows)
        return rows, after


def no_characters(batch: int) -> NDArray[np.int64]:
    """Return what is before the first character of each stream, (B, 2)."""
    return np.full((batch, ORDERS - 1), -1, np.int64)
