r"""Interpolated modified Kneser-Ney n-grams over characters, counted by sorting.

What enters is a numbered training text; what leaves is the loss of other texts in
nats per character. With c the context of m - 1 characters, c' the same without its
first character, and a(cw) the count of the m-gram cw,

    p_m(w | c) = max(a(cw) - D(a(cw)), 0) / sum_v a(cv)
               + gamma(c) p_(m-1)(w | c'),     gamma(c) = sum_v D(a(cv)) / sum_v a(cv),

where D has three values per order (for counts 1, 2, and 3 or more) estimated from the
counts of counts. At the highest order a(.) is the number of occurrences; below it is
the number of different characters seen in front of the m-gram. p_0 is uniform over
the vocabulary. A context that the training text lacks leaves p_(m-1) as it is.

Source: Chen and Goodman (1999), An empirical study of smoothing techniques for
language modeling, Computer Speech and Language 13, 359-394, doi 10.1006/csla.1999.0128.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from charlab.baselines.counting import (
    UNSEEN,
    Ids,
    Ints,
    Level,
    build_levels,
    offsets_in_segments,
)

Floats = npt.NDArray[np.float64]


def discounts(counts: Ints) -> Floats:
    """Estimate the discounts of one order.

    Parameters
    ----------
    counts : ndarray of shape (grams,)
        Positive counts of that order's m-grams.

    Returns
    -------
    ndarray of shape (4,)
        What to take from a count of 0 (nothing), 1, 2, and 3 or more. Where the
        counts of counts give no estimate between 0 and k (few characters, each of
        them frequent), it is k / 2.
    """
    ones, twos, threes, fours = (float(n) for n in np.bincount(counts.clip(0, 5), minlength=6)[1:5])
    result = np.array([0.0, 0.5, 1.0, 1.5])
    if ones == 0:
        return result
    y = ones / (ones + 2 * twos)
    for k, (here, above) in enumerate([(ones, twos), (twos, threes), (threes, fours)], start=1):
        if here > 0 and 0 < (estimate := k - (k + 1) * y * above / here) <= k:
            result[k] = estimate
    return result


def _find(level: Level, contexts: Ints, symbols: Ints, vocab_size: int) -> Ints:
    """Return the numbers of the m-grams (context, symbol), UNSEEN where there is none."""
    if not len(level.keys):
        return np.full(np.broadcast_shapes(contexts.shape, symbols.shape), UNSEEN)
    wanted = contexts * vocab_size + symbols
    found = np.minimum(np.searchsorted(level.keys, wanted), len(level.keys) - 1)
    return np.where((level.keys[found] == wanted) & (contexts != UNSEEN), found, UNSEEN)


def _interpolate(
    level: Level, counts: Ints, contexts: Ints, grams: Ints, lower: Floats, vocab_size: int
) -> Floats:
    """Return p_m from p_(m-1) (``lower``) with the given kind of counts.

    ``contexts`` and ``grams`` are numbers or UNSEEN; shapes broadcast.
    """
    if not len(counts):  # the training text is shorter than m
        return lower
    taken = discounts(counts)[counts.clip(0, 3)]
    owner = level.keys // vocab_size
    total = np.bincount(owner, weights=counts, minlength=level.contexts)
    mass = np.bincount(owner, weights=taken, minlength=level.contexts)
    # A context that only ever ends a text has no successor: it counts as unseen.
    known = (contexts != UNSEEN) & (total[contexts] > 0)
    below = np.where(known, total[contexts], 1.0)
    kept = np.where(known & (grams != UNSEEN), (counts - taken)[grams], 0.0)
    gamma = np.where(known, mass[contexts], 1.0) / below
    return kept / below + gamma * lower


class _Walk:
    """One held-out text on its way up the levels: its contexts, and p_m so far."""

    def __init__(self, ids: Ids, vocab_size: int, segments: int, full: bool = False) -> None:
        self.symbols = np.asarray(ids, dtype=np.int64)
        self.offsets = offsets_in_segments(len(ids), segments)
        self.vocab_size = vocab_size
        self.full = full
        self.contexts = np.zeros(len(ids), dtype=np.int64)
        self.longest = 0
        shape = (len(ids), vocab_size) if full else (len(ids),)
        self.p = np.full(shape, 1.0 / vocab_size)

    def enter(self, level: Level) -> None:
        """Find this text's m-grams in the next level; nothing may be asked before."""
        self.level = level
        self.grams = _find(level, self.contexts, self.symbols, self.vocab_size)

    def probability(self, counts: Ints) -> Floats:
        """Return p_m with these counts, of shape (chars,) or (chars, vocab_size)."""
        contexts, grams = self.contexts, self.grams
        if self.full:
            contexts = contexts[:, None]
            grams = _find(self.level, contexts, np.arange(self.vocab_size), self.vocab_size)
        return _interpolate(self.level, counts, contexts, grams, self.p, self.vocab_size)

    def leave(self) -> None:
        """Keep p_m for the next level, whose contexts are this level's m-grams."""
        self.p = self.probability(self.level.continuation)
        self.longest += 1
        self.contexts = np.full(len(self.symbols), UNSEEN)
        self.contexts[1:] = self.grams[:-1]
        self.contexts[self.offsets < self.longest] = UNSEEN


def nats_by_order(
    train: Ids, vocab_size: int, orders: Iterable[int], held_out: Sequence[Ids], segments: int = 1
) -> dict[int, list[Floats]]:
    """Score texts under the n-gram model of each order, in one pass over the levels.

    Only two levels are in memory at a time, so that a high order costs time alone.

    Parameters
    ----------
    train : ndarray of shape (chars,)
        The training text, numbered below ``vocab_size``.
    orders : iterable of int
        The n of each model, at least 1.
    held_out : sequence of ndarray
        The texts to score; context never reaches across a joint of their segments.
    segments : int
        How many equally long pieces every one of these texts is made of.

    Returns
    -------
    dict
        For each order one array per held-out text, nats for each of its characters.
    """
    wanted = set(orders)
    walks = [_Walk(ids, vocab_size, segments) for ids in held_out]
    result: dict[int, list[Floats]] = {}
    for m, level in enumerate(build_levels(train, vocab_size, max(wanted), segments), start=1):
        for walk in walks:
            walk.enter(level)
        if m in wanted:
            result[m] = [-np.log(walk.probability(level.raw)) for walk in walks]
        if m < max(wanted):
            for walk in walks:
                walk.leave()
    return result


class KneserNey:
    """An n-gram model kept in memory, for asking it more than once.

    Parameters
    ----------
    ids : ndarray of shape (chars,)
        The training text.
    vocab_size : int
        Every id is below it; each of its symbols gets a probability above 0.
    order : int
        The n of n-gram: n - 1 characters of context.
    segments : int
        How many equally long pieces the training text is made of.
    """

    def __init__(self, ids: Ids, vocab_size: int, order: int, segments: int = 1) -> None:
        if order < 1:
            raise ValueError(f"the order of an n-gram is at least 1, not {order}")
        self.vocab_size = vocab_size
        self.order = order
        self.levels = list(build_levels(ids, vocab_size, order, segments))

    def nats(self, ids: Ids, context: Ids | None = None, segments: int = 1) -> Floats:
        """Return the loss of each character of a text, given those before it.

        Parameters
        ----------
        ids : ndarray of shape (chars,)
            The text to score.
        context : ndarray, optional
            What comes before its first character; without it nothing does.
        segments : int
            Pieces of ``ids`` that know nothing of each other; 1 if there is a context.

        Returns
        -------
        ndarray of shape (chars,), dtype=np.float64
            Nats per character.
        """
        return -np.log(self._climb(ids, context, segments, full=False))

    def distribution(self, ids: Ids, context: Ids | None = None, segments: int = 1) -> Floats:
        """Return what the model expects at each character of a text.

        Returns
        -------
        ndarray of shape (chars, vocab_size), dtype=np.float64
            Row i is the probability of every symbol at position i; rows sum to 1.
        """
        return self._climb(ids, context, segments, full=True)

    def _climb(self, ids: Ids, context: Ids | None, segments: int, full: bool) -> Floats:
        if context is not None and segments != 1:
            raise ValueError("a context belongs to one segment; give segments=1 with it")
        before = np.asarray([] if context is None else context, dtype=np.int64)
        before = before[max(len(before) - (self.order - 1), 0) :]
        walk = _Walk(np.concatenate([before, ids]), self.vocab_size, segments, full)
        for level in self.levels[:-1]:
            walk.enter(level)
            walk.leave()
        walk.enter(self.levels[-1])
        return walk.probability(self.levels[-1].raw)[len(before) :]
