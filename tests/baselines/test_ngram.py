"""Tests that the fast n-gram is a probability and follows Chen and Goodman's formulas."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charlab.baselines import counting
from charlab.baselines.counting import build_levels
from charlab.baselines.ngram import discounts, nats_by_order

START = -9  # precedes the first character, as one more possible neighbor


def skewed_text(chars: int, vocab_size: int, seed: int = 0) -> np.ndarray:
    """Return a text in which some successors are far more likely than others."""
    rng = np.random.default_rng(seed)
    ids = np.zeros(chars, dtype=np.uint8)
    for i in range(1, chars):
        step = min(rng.geometric(0.4), vocab_size - 1)
        ids[i] = (3 * ids[i - 1] + step) % vocab_size
    return ids


class Slow:
    """The formulas of the module docstring with dictionaries, one lookup at a time."""

    def __init__(self, pieces: list[list[int]], vocab_size: int, order: int) -> None:
        """Count every m-gram and the characters that precede it."""
        self.vocab_size, self.order = vocab_size, order
        raw: Counter[tuple[int, ...]] = Counter()
        before: dict[tuple[int, ...], set[int]] = defaultdict(set)
        for piece in pieces:
            for m in range(1, order + 1):
                for i in range(len(piece) - m + 1):
                    gram = tuple(piece[i : i + m])
                    raw[gram] += 1
                    before[gram].add(piece[i - 1] if i else START)
        self.counts: dict[int, dict[tuple[int, ...], int]] = {m: {} for m in range(1, order + 1)}
        for gram, count in raw.items():
            self.counts[len(gram)][gram] = count if len(gram) == order else len(before[gram])
        self.taken = {m: self.discounts(list(c.values())) for m, c in self.counts.items()}

    @staticmethod
    def discounts(counts: list[int]) -> list[float]:
        """Return D(0), D(1), D(2), D(3+), each k / 2 where it cannot be estimated."""
        n = [counts.count(k) for k in range(5)]
        result = [0.0, 0.5, 1.0, 1.5]
        for k in (1, 2, 3):
            if n[1] and n[k]:
                d = k - (k + 1) * n[1] / (n[1] + 2 * n[2]) * n[k + 1] / n[k]
                result[k] = d if 0 < d <= k else result[k]
        return result

    def p(self, w: int, context: tuple[int, ...]) -> float:
        """Return p(w | context); the order is the context's length plus one."""
        m = len(context) + 1
        lower = self.p(w, context[1:]) if context else 1 / self.vocab_size
        row = [self.counts[m].get((*context, v), 0) for v in range(self.vocab_size)]
        if not sum(row):
            return lower
        take = [self.taken[m][min(a, 3)] for a in row]
        return (max(row[w] - take[w], 0) + sum(take) * lower) / sum(row)


def slow_nats(model: Slow, piece: list[int]) -> list[float]:
    """Score one piece; at its start the context is as long as the text so far."""
    return [
        -math.log(model.p(w, tuple(piece[max(i - model.order + 1, 0) : i])))
        for i, w in enumerate(piece)
    ]


def cut(ids: np.ndarray, segments: int) -> list[list[int]]:
    """Return the pieces of a text as lists."""
    return [piece.tolist() for piece in np.split(ids, segments)]


def fast_nats(
    train: np.ndarray, held_out: np.ndarray, order: int, vocab_size: int = 9, segments: int = 1
) -> np.ndarray:
    """Score one text under the n-gram of one order."""
    (nats,) = nats_by_order(train, vocab_size, [order], [held_out], segments)[order]
    return nats


@pytest.mark.parametrize("segments", [1, 4])
@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_agrees_with_the_formulas(order: int, segments: int) -> None:
    """Sorting and dictionaries give the same losses, in one piece or in several."""
    train, held_out = skewed_text(400, 6), skewed_text(120, 6, seed=1)
    slow = Slow(cut(train, segments), 6, order)
    expected = np.concatenate([slow_nats(slow, piece) for piece in cut(held_out, segments)])
    fast = fast_nats(train, held_out, order, vocab_size=6, segments=segments)
    np.testing.assert_allclose(fast, expected, rtol=0, atol=1e-10)


@settings(max_examples=60)
@given(
    train=st.lists(st.integers(0, 3), min_size=1, max_size=40),
    held_out=st.lists(st.integers(0, 3), min_size=1, max_size=20),
    order=st.integers(1, 7),
)
def test_agrees_on_any_text(train: list[int], held_out: list[int], order: int) -> None:
    """The losses agree for short texts, one symbol, and texts with nothing in common."""
    fast = fast_nats(np.array(train), np.array(held_out), order, vocab_size=4)
    expected = slow_nats(Slow([train], 4, order), held_out)
    np.testing.assert_allclose(fast, expected, rtol=0, atol=1e-10)


@settings(max_examples=40)
@given(
    train=st.lists(st.integers(0, 6), min_size=1, max_size=60),
    order=st.integers(1, 9),
    context=st.lists(st.integers(0, 7), max_size=30),
)
def test_probabilities_sum_to_one(train: list[int], order: int, context: list[int]) -> None:
    """After every context, seen or not, the probabilities of the vocabulary sum to 1."""
    continuations = [np.array([*context, symbol]) for symbol in range(8)]
    scores = nats_by_order(np.array(train), 8, [order], continuations)[order]
    p = np.exp([-nats[-1] for nats in scores])
    assert (p > 0).all()
    assert p.sum() == pytest.approx(1, rel=0, abs=1e-12)


def test_one_pass_gives_every_order() -> None:
    """Scoring all orders in one pass equals scoring each order alone."""
    train, texts = skewed_text(3000, 9), [skewed_text(300, 9, seed=s) for s in (3, 4)]
    together = nats_by_order(train, 9, [2, 5, 7], texts, segments=3)
    assert list(together) == [2, 5, 7]
    for order, scores in together.items():
        for text, score in zip(texts, scores, strict=True):
            np.testing.assert_array_equal(score, fast_nats(train, text, order, segments=3))


def test_only_the_last_characters_matter() -> None:
    """After n - 1 equal characters the losses are equal, whatever came before them."""
    train, held_out = skewed_text(2000, 7), skewed_text(300, 7, seed=5)
    other = held_out.copy()
    other[:100] = skewed_text(100, 7, seed=6)
    one, two = (fast_nats(train, text, 4, vocab_size=7) for text in (held_out, other))
    np.testing.assert_array_equal(one[103:], two[103:])
    assert not np.array_equal(one[100:103], two[100:103])


def test_no_mgram_spans_two_segments() -> None:
    """Two segments in either order are the same training text."""
    one, two = skewed_text(200, 5, seed=6), skewed_text(200, 5, seed=7)
    held_out = skewed_text(100, 5, seed=8)
    forward, backward = (
        nats_by_order(np.concatenate(pieces), 5, [4], [held_out], segments=2)[4][0]
        for pieces in ([one, two], [two, one])
    )
    np.testing.assert_allclose(forward, backward, atol=1e-14)


def test_counts_of_a_short_text() -> None:
    """In 'abab', 'ab' occurs twice: after the start and after b."""
    first, second, third = build_levels(np.array([0, 1, 0, 1]), 2, 3)
    assert first.raw.tolist() == [2, 2]
    assert first.continuation.tolist() == [2, 1]
    assert (second.raw.tolist(), second.continuation.tolist()) == ([2, 1], [2, 1])
    assert third.raw.tolist() == [1, 1]


def test_discounts_by_hand() -> None:
    """Counts 1, 1, 1, 1, 2, 2, 3, 4 give Y = 1/2 and the textbook's three values."""
    counts = np.array([1, 1, 1, 1, 2, 2, 3, 4])
    np.testing.assert_allclose(discounts(counts), [0, 0.5, 1.25, 1.0])


@pytest.mark.parametrize("counts", [[5, 6, 7], [2, 2, 3], [1, 3, 3, 3, 4, 4, 4, 4], [1]])
def test_discounts_always_leave_something(counts: list[int]) -> None:
    """Missing or unusual counts of counts never give a discount of 0 or above its count."""
    values = discounts(np.array(counts))
    assert values[0] == 0
    assert all(0 < values[k] <= k for k in (1, 2, 3))


@pytest.mark.parametrize("limit", [50, 2**61])
def test_numbering_with_and_without_packing(limit: int) -> None:
    """Keys too large to be packed with their position get the same numbers."""
    keys = np.random.default_rng(0).integers(0, 50, 200)
    distinct, numbers = counting._number(keys, limit)
    np.testing.assert_array_equal(distinct, np.unique(keys))
    np.testing.assert_array_equal(distinct[numbers], keys)


def test_uneven_segments_are_refused() -> None:
    """Segments must have equal lengths."""
    with pytest.raises(ValueError, match="expected a multiple of 3 characters, found 10"):
        fast_nats(np.zeros(10, dtype=np.uint8), np.zeros(9, dtype=np.uint8), 3, segments=3)


def test_order_zero_is_refused() -> None:
    """An n-gram has at least one character."""
    with pytest.raises(ValueError, match="orders of at least 1, found 0"):
        fast_nats(np.zeros(10, dtype=np.uint8), np.zeros(9, dtype=np.uint8), 0)
