"""All m-grams of a text, counted by sorting integers.

What enters is a numbered text; what leaves, level by level, is how often each m-gram
occurs and how many different characters come before it.

No m-gram is ever spelt out. Each has a number, its rank among the sorted pairs
(number of its context, last character), so that level m follows from level m - 1 by
one sort of integers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.integer]
Ints = npt.NDArray[np.int64]

UNSEEN = -1


@dataclass(frozen=True)
class Level:
    """All m-grams of a training text, for one m.

    Attributes
    ----------
    keys : ndarray of shape (grams,), dtype=np.int64
        ``context * vocab_size + character``, ascending; an m-gram's number is its
        position here, and ``context`` is the number of an (m-1)-gram.
    raw : ndarray of shape (grams,), dtype=np.int64
        How often each occurs.
    continuation : ndarray of shape (grams,), dtype=np.int64
        How many different characters (the start of the text is one) come before it.
        Empty at the highest level, where nothing asks for it.
    contexts : int
        How many (m-1)-grams there are.
    """

    keys: Ints
    raw: Ints
    continuation: Ints
    contexts: int


def offsets_in_segments(chars: int, segments: int) -> Ints:
    """Distance of each character from the start of its segment."""
    if segments < 1 or chars % segments:
        raise ValueError(f"{chars} characters do not make {segments} equal segments")
    return np.tile(np.arange(chars // segments, dtype=np.int64), segments)


def _number(keys: Ints, limit: int) -> tuple[Ints, Ints]:
    """Return the distinct keys, ascending, and for each key its place among them.

    The same as ``np.unique(keys, return_inverse=True)``. Where a key (below
    ``limit``) and a position fit one integer together, sorting plain integers is
    several times faster than sorting positions by their key.
    """
    bits = max(len(keys) - 1, 0).bit_length()
    if limit.bit_length() + bits > 63:
        distinct, inverse = np.unique(keys, return_inverse=True)
        return distinct, inverse
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
        The training text.
    segments : int
        The text is this many equally long pieces; no m-gram reaches across a joint.
    """
    offsets = offsets_in_segments(len(ids), segments)
    symbols = np.asarray(ids, dtype=np.int64)
    positions = np.arange(len(symbols))  # where an m-gram ends
    keys, numbers = _number(symbols, vocab_size)
    contexts, place = 1, numbers  # place[i]: number of the m-gram ending at i
    for m in range(1, order + 1):
        level = Level(keys, np.bincount(numbers, minlength=len(keys)), keys[:0], contexts)
        if m == order:
            yield level
            return
        opening = np.unique(place[offsets == m - 1])  # m-grams with the start before them
        positions = positions[offsets[positions] >= m]
        contexts = len(keys)
        longer = place[positions - 1] * vocab_size + symbols[positions]
        keys, numbers = _number(longer, contexts * vocab_size)
        one_of_each = np.empty(len(keys), dtype=np.int64)
        one_of_each[numbers] = positions
        continuation = np.bincount(place[one_of_each], minlength=contexts)
        continuation[opening] += 1
        place = np.full(len(symbols), UNSEEN)
        place[positions] = numbers
        yield Level(level.keys, level.raw, continuation, level.contexts)
