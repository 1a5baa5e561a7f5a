"""Counts of all m-grams of a text, obtained by sorting integers.

Input: an encoded text. Output, one level (one m) at a time: the number of occurrences of
each m-gram, and the number of distinct characters that precede it.

No m-gram is ever spelled out. Each is identified by its rank among the sorted pairs (number
of its context, last character), so level m follows from level m - 1 by one sort of integers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.integer]
Ints = npt.NDArray[np.int64]

UNSEEN = -1
"""Number of an m-gram that the training text does not contain."""


@dataclass(frozen=True)
class Level:
    """All m-grams of a training text, for one m.

    Attributes
    ----------
    keys : ndarray of shape (grams,), dtype=np.int64
        ``context * vocab_size + character``, ascending; an m-gram's number is its
        position here, and ``context`` is the number of an (m-1)-gram.
    raw : ndarray of shape (grams,), dtype=np.int64
        Number of occurrences of each m-gram.
    continuation : ndarray of shape (grams,), dtype=np.int64
        Number of distinct characters that precede each m-gram, where the start of the
        text counts as one. Empty at the highest level, which does not need it.
    contexts : int
        Number of (m-1)-grams.
    """

    keys: Ints
    raw: Ints
    continuation: Ints
    contexts: int


def offsets_in_segments(chars: int, segments: int) -> Ints:
    """Return the distance of each character from the start of its segment."""
    if segments < 1 or chars % segments:
        raise ValueError(f"expected a multiple of {segments} characters, found {chars}")
    return np.tile(np.arange(chars // segments, dtype=np.int64), segments)


def _number(keys: Ints, limit: int) -> tuple[Ints, Ints]:
    """Return the distinct keys, ascending, and the rank of each key among them.

    Equivalent to ``np.unique(keys, return_inverse=True)``. Where a key (below ``limit``)
    and a position fit into one integer, sorting plain integers is several times faster
    than sorting positions by their key.
    """
    bits = max(len(keys) - 1, 0).bit_length()
    if limit.bit_length() + bits > 63:
        distinct, inverse = np.unique(keys, return_inverse=True)
        return distinct, inverse
    # High bits: the key; low bits: its position, recovered after the sort.
    packed = (keys << bits) | np.arange(len(keys))
    packed.sort()
    positions = packed & ((1 << bits) - 1)
    packed >>= bits
    first = np.ones(len(keys), dtype=bool)
    np.not_equal(packed[1:], packed[:-1], out=first[1:])
    numbers = np.empty(len(keys), dtype=np.int64)
    numbers[positions] = np.cumsum(first) - 1
    return packed[first], numbers


def build_levels(ids: Ids, vocab_size: int, order: int, segments: int = 1) -> Iterator[Level]:
    """Count the m-grams of a text for m = 1, ..., ``order``, one level at a time.

    Parameters
    ----------
    ids : ndarray of shape (chars,)
        The training text, below ``vocab_size``.
    order : int
        The highest m.
    segments : int
        Number of equally long pieces in the text; no m-gram spans two of them.

    Yields
    ------
    Level
        For each m in turn.
    """
    offsets = offsets_in_segments(len(ids), segments)
    symbols = np.asarray(ids, dtype=np.int64)
    positions = np.arange(len(symbols))  # last character of each m-gram
    keys, numbers = _number(symbols, vocab_size)
    contexts, place = 1, numbers  # place[i]: number of the m-gram that ends at i
    for m in range(1, order + 1):
        level = Level(keys, np.bincount(numbers, minlength=len(keys)), keys[:0], contexts)
        if m == order:
            yield level
            return
        opening = np.unique(place[offsets == m - 1])  # m-grams preceded by the start
        positions = positions[offsets[positions] >= m]
        contexts = len(keys)
        # An (m+1)-gram is the m-gram that ends one character earlier, and one more character.
        longer = place[positions - 1] * vocab_size + symbols[positions]
        keys, numbers = _number(longer, contexts * vocab_size)
        # Distinct (m+1)-grams with the same last m characters differ in their first one.
        one_of_each = np.empty(len(keys), dtype=np.int64)
        one_of_each[numbers] = positions
        continuation = np.bincount(place[one_of_each], minlength=contexts)
        continuation[opening] += 1
        place = np.full(len(symbols), UNSEEN)
        place[positions] = numbers
        yield Level(level.keys, level.raw, continuation, level.contexts)
