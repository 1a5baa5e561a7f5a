"""Count a small n-gram model for the page: the most frequent n-grams of a training text.

With N(c) the count of a context c and a(cw) that of an n-gram that is kept, else 0,

    p_m(w | c) = max(a(cw) - D, 0) / N(c) + gamma(c) p_(m-1)(w | c'),

where c' is c without its first character and gamma(c) makes the sum 1; p_0 is uniform. This is
interpolated absolute discounting (Ney, Essen and Kneser 1994), in which pruned n-grams count as
unseen. The baselines of the study are larger and better (:mod:`charlab.baselines.ngram`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charlab.core.sums import mean
from charlab.core.units import bits
from charlab.exact.arrays import log

Ints = NDArray[np.int64]

ORDER = 6
"""Characters of the longest n-grams."""

LIMIT = 60_000
"""Maximum number of n-grams that are kept, about four bytes each on the page."""

DISCOUNT = 0.75
"""D, the count that every n-gram that is kept gives to shorter contexts."""


@dataclass(frozen=True)
class Level:
    """The n-grams of one length that are kept.

    Attributes
    ----------
    keys : ndarray of shape (N,)
        The n-grams as numbers in base V, ascending.
    counts : ndarray of shape (N,)
    parents : ndarray of shape (N,)
        Place of the first n - 1 characters in the level below; 0 for single characters.
    """

    keys: Ints
    counts: Ints
    parents: Ints


def count(ids: NDArray[Any], vocab_size: int) -> list[Level]:
    """Return the levels of single characters, bigrams, and so on up to :data:`ORDER`.

    An n-gram is kept if it occurs at least as often as a threshold, the lowest with which all
    of them fit :data:`LIMIT`; single characters always are.
    """
    orders = range(1, ORDER + 1)
    # Keys must fit 63 bits, which matters for thousands of different characters.
    counted = [_counted(ids, vocab_size, m) for m in orders if vocab_size**m < 1 << 62]
    longer = np.concatenate([np.zeros(1, np.int64), *(counts for _, counts in counted[1:])])
    ranked = np.sort(longer)[::-1]
    threshold = max(int(ranked[min(LIMIT, len(ranked) - 1)]) + 1, 2)
    levels: list[Level] = []
    for keys, counts in counted:
        kept = counts >= (threshold if levels else 1)
        keys, counts = keys[kept], counts[kept]
        below = levels[-1].keys if levels else np.zeros(1, np.int64)
        # The first characters of an n-gram occur at least as often, so they are kept, too.
        levels.append(Level(keys, counts, np.searchsorted(below, keys // vocab_size)))
    return levels


def _counted(ids: NDArray[Any], vocab_size: int, order: int) -> tuple[Ints, Ints]:
    """Return the n-grams of a length, ascending, and how often each occurs."""
    keys, counts = np.unique(_keys(ids, vocab_size, order), return_counts=True)
    return keys, counts.astype(np.int64)


def _keys(ids: NDArray[Any], vocab_size: int, order: int) -> Ints:
    """Return the n-gram that begins at each character, shape (chars - order + 1,)."""
    length = max(len(ids) - order + 1, 0)
    keys = np.zeros(length, np.int64)
    for place in range(order):
        keys = keys * vocab_size + ids[place : place + length]
    return keys


def loss(levels: list[Level], ids: NDArray[Any], vocab_size: int) -> float:
    """Return the loss of a text in bits per character, with single characters as the start."""
    p = np.full(len(ids), 1.0 / vocab_size)
    total = float(levels[0].counts.sum())
    context = np.zeros(len(ids), np.int64)  # place of the context in the level below
    for order, level in enumerate(levels, start=1):
        below = levels[order - 2].counts if order > 1 else np.array([total])
        given = np.bincount(level.parents, level.counts - DISCOUNT, len(below))  # (contexts,)
        grams = np.full(len(ids), -1)
        grams[order - 1 :] = _places(level, _keys(ids, vocab_size, order))
        known = context >= 0
        counts = np.where(grams >= 0, level.counts[grams] - DISCOUNT, 0.0)
        of = np.where(known, below[context], 1)
        gamma = np.where(known, 1 - given[context] / of, 1.0)
        p = np.where(known, counts / of, 0.0) + gamma * p
        # The n-gram that ends before a character is its next longer context.
        context = np.concatenate([[-1], grams[:-1]])
    return bits(mean(0.0 - log(p)))


def _places(level: Level, keys: Ints) -> Ints:
    """Return the place of each n-gram in a level, -1 where it is not kept."""
    places = np.minimum(np.searchsorted(level.keys, keys), max(len(level.keys) - 1, 0))
    if not len(level.keys):
        return np.full(len(keys), -1)
    return np.where(level.keys[places] == keys, places, -1)


def packed(levels: list[Level], vocab_size: int) -> str:
    """Return levels as base64 of numbers of seven bits per byte, the lowest first.

    Of each level: the number of n-grams with each parent, then for each its last character and
    its count.
    """
    numbers: list[int] = []
    parents = 1
    for level in levels:
        numbers += np.bincount(level.parents, minlength=parents).tolist()
        pairs = np.stack([level.keys % vocab_size, level.counts], axis=1)
        numbers += pairs.reshape(-1).tolist()
        parents = len(level.keys)
    return base64.b64encode(bytes(_seven_bits(numbers))).decode("ascii")


def _seven_bits(numbers: Iterable[int]) -> Iterable[int]:
    """Yield numbers as bytes with seven bits each; the eighth says that more follow."""
    for number in numbers:
        while number > 127:
            yield number & 127 | 128
            number >>= 7
        yield number
