"""Find the bigrams and trigrams of a training text that get weights of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.exact.settings import longest
from charlab.models.params import ModelParams
from charlab.models.weights import GATES

NGrams = NDArray[np.int32]
"""N-grams of shape (N, 3), ascending; a bigram begins with -1."""

LIMIT = 1 << 24
"""Maximum number of weights that the n-grams of one length get in one table. For a text of
thousands of different characters, it is the most frequent n-grams that have some."""


def frequent_ngrams(ids: NDArray[np.integer[Any]], vocab_size: int, model: ModelParams) -> NGrams:
    """Return the bigrams and trigrams that a network looks up.

    Parameters
    ----------
    ids : ndarray of shape (chars,)
        The training split.
    vocab_size : int
    model : ModelParams
        The longest n-grams are those of ``input`` or ``direct_order``; each occurs at least
        ``input_min_count`` times.
    """
    width = max(GATES[model.cell] * model.hidden, vocab_size)  # weights of a row
    pieces = [np.zeros((0, 3), np.int32)]
    for order in range(2, longest(model) + 1):
        keys, counts = _counted(np.asarray(ids), vocab_size, order)
        keys, counts = (part[counts >= model.input_min_count] for part in (keys, counts))
        # The most frequent, and of equally frequent ones those that come first in order.
        kept = np.sort(np.argsort(-counts, kind="stable")[: max(LIMIT // width, 1)])
        pieces.append(_characters(keys[kept], vocab_size, order))
    return np.concatenate(pieces)


def _counted(
    ids: NDArray[np.integer[Any]], vocab_size: int, order: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the n-grams of a length as numbers in base V, ascending, and their counts."""
    length = max(len(ids) - order + 1, 0)
    keys = np.zeros(length, np.int64)
    for place in range(order):
        keys = keys * vocab_size + ids[place : place + length]
    found, counts = np.unique(keys, return_counts=True)
    return found, counts


def _characters(keys: NDArray[np.int64], vocab_size: int, order: int) -> NGrams:
    """Return the characters of n-grams (N, 3)."""

    def columns() -> Iterator[NDArray[np.int64]]:
        for place in range(2, -1, -1):
            inside = place < order
            yield keys // vocab_size**place % vocab_size if inside else np.full_like(keys, -1)

    return np.stack(list(columns()), axis=1).astype(np.int32)
