r"""Interpolated modified Kneser-Ney n-grams over characters, counted by sorting.

Input: an encoded training text. Output: the loss of other texts in nats per character.
With c the context of m - 1 characters, c' the same without its first character, and a(cw)
the count of the m-gram cw,

    p_m(w | c) = max(a(cw) - D(a(cw)), 0) / sum_v a(cv)
               + gamma(c) p_(m-1)(w | c'),     gamma(c) = sum_v D(a(cv)) / sum_v a(cv),

where D has three values per order (for counts 1, 2, and 3 or more) estimated from the
counts of counts. At the highest order a(.) is the number of occurrences; at lower orders
it is the number of distinct characters that precede the m-gram. p_0 is uniform over the
vocabulary. For a context that is not in the training text, p_m = p_(m-1).

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
from charlab.exact.arrays import log

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
        The discount of a count of 0 (zero), 1, 2, and 3 or more. Where the counts of
        counts give no estimate between 0 and k (a small vocabulary of frequent
        characters), it is k / 2.
    """
    # Number of m-grams that occur once, twice, three and four times.
    ones, twos, threes, fours = (float(n) for n in np.bincount(counts.clip(0, 5), minlength=6)[1:5])
    result = np.array([0.0, 0.5, 1.0, 1.5])
    if ones == 0:
        return result
    y = ones / (ones + 2 * twos)
    # D_k = k - (k + 1) Y n_(k+1) / n_k, equation 26 of the paper.
    for k, (here, above) in enumerate([(ones, twos), (twos, threes), (threes, fours)], start=1):
        if here > 0 and 0 < (estimate := k - (k + 1) * y * above / here) <= k:
            result[k] = estimate
    return result


def _find(level: Level, contexts: Ints, symbols: Ints, vocab_size: int) -> Ints:
    """Return the numbers of the m-grams (context, symbol); UNSEEN for those not in the level."""
    if not len(level.keys):
        return np.full(contexts.shape, UNSEEN)
    # An unseen context (-1) makes the key negative, so that it matches nothing.
    wanted = contexts * vocab_size + symbols
    numbers = np.minimum(np.searchsorted(level.keys, wanted), len(level.keys) - 1)
    return np.where(level.keys[numbers] == wanted, numbers, UNSEEN)


class _Scorer:
    """One held-out text on its way up the levels: its contexts, and p_m so far.

    Parameters
    ----------
    ids : ndarray of shape (chars,)
        The held-out text.
    vocab_size : int
        Upper bound of the ids.
    segments : int
        Number of equally long pieces in the text.
    """

    def __init__(self, ids: Ids, vocab_size: int, segments: int) -> None:
        self._symbols = np.asarray(ids, dtype=np.int64)
        self._offsets = offsets_in_segments(len(ids), segments)
        self._vocab_size = vocab_size
        self._contexts = np.zeros(len(ids), dtype=np.int64)  # level 1 has the empty context
        self._order = 0
        self._p = np.full(len(ids), 1.0 / vocab_size)  # p_0

    def enter(self, level: Level) -> None:
        """Look up this text's m-grams in the next level; call it before the other methods."""
        self._level = level
        self._grams = _find(level, self._contexts, self._symbols, self._vocab_size)

    def probability(self, counts: Ints) -> Floats:
        """Return p_m under the given counts a(.), shape (chars,)."""
        if not len(counts):  # the training text is shorter than m
            return self._p
        discount = discounts(counts)[counts.clip(0, 3)]  # (grams,)
        owner = self._level.keys // self._vocab_size  # each m-gram's context
        total = np.bincount(owner, weights=counts, minlength=self._level.contexts)
        mass = np.bincount(owner, weights=discount, minlength=self._level.contexts)
        # A context that occurs only at the end of a text has no successor: treat it as unseen.
        known = (self._contexts != UNSEEN) & (total[self._contexts] > 0)
        denominator = np.where(known, total[self._contexts], 1.0)
        kept = np.where(known & (self._grams != UNSEEN), (counts - discount)[self._grams], 0.0)
        gamma = np.where(known, mass[self._contexts], 1.0) / denominator
        return np.asarray(kept / denominator + gamma * self._p)

    def leave(self) -> None:
        """Keep p_m for the next level, where this level's m-grams are the contexts."""
        self._p = self.probability(self._level.continuation)
        self._order += 1
        self._contexts = np.full(len(self._symbols), UNSEEN)
        self._contexts[1:] = self._grams[:-1]
        # Near the start of a segment there are too few characters for a full context.
        self._contexts[self._offsets < self._order] = UNSEEN


def nats_by_order(
    train: Ids, vocab_size: int, orders: Iterable[int], held_out: Sequence[Ids], segments: int = 1
) -> dict[int, list[Floats]]:
    """Score texts under each order in one pass, with two levels in memory at a time.

    Parameters
    ----------
    train : ndarray of shape (chars,)
        The training text.
    vocab_size : int
        Upper bound of the ids; each symbol below it has a probability above 0.
    orders : iterable of int
        The n of each model: n - 1 characters of context.
    held_out : sequence of ndarray
        The texts to score; no context spans two of their segments.
    segments : int
        Number of equally long pieces in each of these texts.

    Returns
    -------
    dict
        For each order one array per held-out text: nats for each of its characters.

    Raises
    ------
    ValueError
        If an order is below 1, or a text does not make that many equal segments.
    """
    wanted = set(orders)
    if min(wanted) < 1:
        raise ValueError(f"expected orders of at least 1, found {min(wanted)}")
    scorers = [_Scorer(ids, vocab_size, segments) for ids in held_out]
    result: dict[int, list[Floats]] = {}
    for m, level in enumerate(build_levels(train, vocab_size, max(wanted), segments), start=1):
        for scorer in scorers:
            scorer.enter(level)
        if m in wanted:
            # The highest order uses the occurrences, the levels below it the continuations.
            result[m] = [0.0 - log(scorer.probability(level.raw)) for scorer in scorers]
        if m < max(wanted):
            for scorer in scorers:
                scorer.leave()
    return result
