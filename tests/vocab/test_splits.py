"""The division of a text into train, val and test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlab.core.errors import CharlabError
from charlab.plan.params import CorpusParams
from charlab.vocab.splits import NAMES, Splits, divide

SHARES = st.sampled_from([0.05, 0.1, 0.15, 0.2, 0.3])


def _interleaved(streams: int, **shares: float) -> CorpusParams:
    return CorpusParams.model_validate({"split": "interleaved", "streams": streams, **shares})


def test_contiguous_by_hand() -> None:
    """1,005 characters give 804 for train, 100 for val and 101 for test: none is lost."""
    splits = divide(1005, CorpusParams())
    assert splits == Splits("contiguous", 1, train=804, val=100, test=101)
    assert [splits.part_bounds(name) for name in NAMES] == [(0, 804), (804, 904), (904, 1005)]
    assert splits.chars == 1005


def test_interleaved_by_hand() -> None:
    """1,059 characters give 10 segments of 105, and nine are left over."""
    splits = divide(1059, _interleaved(10))
    assert splits == Splits("interleaved", 10, train=84, val=10, test=11)
    assert splits.chars == 1050


def test_a_contiguous_split_ignores_streams() -> None:
    """corpus.streams applies to the interleaved split only."""
    assert divide(1000, CorpusParams(streams=7)).segments == 1


def test_no_test_split() -> None:
    """With test: 0, val extends to the end, as in nanoGPT's split of tinyshakespeare."""
    splits = divide(1_115_394, CorpusParams(val=0.1, test=0))
    assert (splits.train, splits.val, splits.test) == (1_003_854, 111_540, 0)


@given(
    chars=st.integers(2_000, 10**9),
    streams=st.integers(1, 20),
    val=SHARES,
    test=SHARES | st.just(0.0),
    interleaved=st.booleans(),
)
def test_splits_do_not_overlap_and_cover_the_text(
    chars: int, streams: int, val: float, test: float, interleaved: bool
) -> None:
    """Each split starts at the end of the previous one; its size is right to two characters."""
    corpus = _interleaved(streams, val=val, test=test)
    if not interleaved:
        corpus = CorpusParams(val=val, test=test)
    splits = divide(chars, corpus)
    each = chars // splits.segments
    bounds = [splits.part_bounds(name) for name in NAMES]
    assert [start for start, _ in bounds] == [0, *(end for _, end in bounds[:-1])]
    assert bounds[-1][1] == each
    assert chars - splits.segments < splits.chars <= chars
    assert abs(splits.val - val * each) <= 2
    assert abs(splits.test - test * each) <= 2


@pytest.mark.parametrize(
    ("chars", "corpus", "words"),
    [
        (
            0,
            CorpusParams(),
            "2 characters of train in each segment, found 0: the text has 0 characters",
        ),
        (10, CorpusParams(), "of val in each segment, found 1: .* larger corpus.val"),
        (
            39,
            CorpusParams(val=0.2, test=0.02),
            "of test in each segment, found 1: .* larger corpus.test",
        ),
        (1000, _interleaved(100), "1000 characters in 100 segments; .* fewer corpus.streams"),
    ],
)
def test_too_short(chars: int, corpus: CorpusParams, words: str) -> None:
    """A split too short for one prediction is rejected, and the message says what would help."""
    with pytest.raises(CharlabError, match=words):
        divide(chars, corpus)
