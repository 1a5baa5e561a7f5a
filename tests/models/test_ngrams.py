"""The n-grams that get weights of their own, and the rows that a text looks up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.exact.ngrams import NGrams, no_characters
from charlab.models import ngrams as module
from charlab.models.ngrams import frequent_ngrams
from charlab.models.params import ModelParams

TEXTS = st.lists(st.integers(0, 4), max_size=60)


def counted(ids: list[int], order: int, at_least: int) -> list[tuple[int, ...]]:
    """Return the frequent n-grams of a length, in order."""
    counts = Counter(tuple(ids[n : n + order]) for n in range(len(ids) - order + 1))
    return sorted(ngram for ngram, count in counts.items() if count >= at_least)


@given(ids=TEXTS, at_least=st.integers(1, 4), order=st.integers(1, 3))
def test_frequent_ngrams_are_those_counted(ids: list[int], at_least: int, order: int) -> None:
    """Bigrams first, each length in ascending order."""
    model = ModelParams(hidden=8, direct_order=order, input_min_count=at_least)
    expected = [(-1, *pair) for pair in counted(ids, 2, at_least)] if order > 1 else []
    expected += counted(ids, 3, at_least) if order > 2 else []
    assert frequent_ngrams(np.array(ids, np.uint8), 5, model).tolist() == list(map(list, expected))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more n-grams than there is room for, the most frequent have rows."""
    ids = np.array([0, 1] * 9 + [2, 3] * 5 + [4, 0] * 3)
    model = ModelParams(cell="rnn", hidden=8, input="bigram")
    monkeypatch.setattr(module, "LIMIT", 3 * 8)
    assert frequent_ngrams(ids, 5, model).tolist() == [[-1, 0, 1], [-1, 1, 0], [-1, 2, 3]]


@given(training=TEXTS, ids=TEXTS, cut=st.integers(0, 60))
def test_rows_of_a_text(training: list[int], ids: list[int], cut: int) -> None:
    """Each place has the rows of the n-grams that end there, -1 for rare ones, in any pieces."""
    model = ModelParams(hidden=8, direct_order=3)
    listed = frequent_ngrams(np.array(training, np.int64), 5, model)
    places = {tuple(ngram): 5 + n for n, ngram in enumerate(listed.tolist())}
    expected = []
    for n, one in enumerate(ids):
        pair = places.get((-1, ids[n - 1], one), -1) if n > 0 else -1
        triple = places.get((ids[n - 2], ids[n - 1], one), -1) if n > 1 else -1
        expected.append([one, pair, triple])
    index, rows = NGrams(listed, 5), []
    before: Any = no_characters(1)
    for piece in (ids[:cut], ids[cut:]):
        some, before = index.rows(np.array(piece, np.int64).reshape(-1, 1), before)
        rows += some[:, :, 0].T.tolist()
    assert rows == expected


@pytest.mark.parametrize("keys", [{"input": "bigram"}, {"direct_order": 1}])
def test_the_network_by_hand_has_none(keys: dict[str, Any]) -> None:
    """It is the course's RNN; the message says which backend has them."""
    with pytest.raises(ValueError, match=r"must be (char|0), not (bigram|1); use backend: exact"):
        ModelParams(cell="rnn", backend="numpy", **keys)
